//! What is read of people, sessions and keys: to let somebody in, and to show them.

use super::api_keys::{ApiKeyRow, KeyOwner, kind_name};
use super::key_store;
use super::links::Purpose;
use super::{PersonView, SessionView, SignInWay};
use crate::ids::{ApiKeyId, PersonId, ProductId, SingleUseLinkId};
use crate::listing::{Page, PageRequest, containing};
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::api_key::KeyKind;
use tradepost_kernel::{Language, Timestamp};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql, params, sql};

/// What a password is compared with.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Who.
    pub person: PersonId,
    /// `None`: never set.
    pub password_hash: Option<String>,
}

/// The password hash of an address, where it is known.
///
/// # Errors
/// The store's.
pub async fn credential(reader: &mut Reader<'_>, email_key: &str) -> Result<Option<Credential>, Fault> {
    let row: Option<(PersonId, Option<String>)> =
        reader.query_opt(sql!("SELECT id, password_hash FROM person WHERE email_key = $1"), params![email_key]).await?;
    Ok(row.map(|(person, password_hash)| Credential { person, password_hash }))
}

/// One person.
///
/// # Errors
/// The store's.
pub async fn person(reader: &mut Reader<'_>, id: PersonId) -> Result<Option<PersonView>, Fault> {
    reader
        .query_opt(sql!("SELECT id, email, first_name, last_name, email_confirmed_ms, created_ms, language, time_zone FROM person WHERE id = $1"), params![id])
        .await
}

/// The language that a person reads mail in: the one that they chose, else the one that their browser showed (PLT-12).
///
/// # Errors
/// The store's.
pub async fn language(reader: &mut Reader<'_>, person: PersonId) -> Result<Option<Language>, Fault> {
    let select = sql!("SELECT COALESCE(language, browser_language) FROM person WHERE id = $1");
    let row: Option<(Option<String>,)> = reader.query_opt(select, params![person]).await?;
    Ok(row.and_then(|(code,)| Language::for_speaker(code.as_deref())))
}

/// The password hash of a person, where they have one.
///
/// # Errors
/// The store's.
pub async fn password_of(reader: &mut Reader<'_>, person: PersonId) -> Result<Option<String>, Fault> {
    let row: Option<(Option<String>,)> = reader.query_opt(sql!("SELECT password_hash FROM person WHERE id = $1"), params![person]).await?;
    Ok(row.and_then(|(hash,)| hash))
}

/// One person by their address.
///
/// # Errors
/// The store's.
pub async fn person_by_email(reader: &mut Reader<'_>, email_key: &str) -> Result<Option<PersonView>, Fault> {
    let select = sql!("SELECT id, email, first_name, last_name, email_confirmed_ms, created_ms, language, time_zone FROM person WHERE email_key = $1");
    reader.query_opt(select, params![email_key]).await
}

/// What a single-use link is for, and for whom.
#[derive(Clone, Debug)]
pub struct LinkView {
    /// What for.
    pub purpose: Purpose,
    /// The address of the person.
    pub email: String,
    /// Until when it works.
    pub expires: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
}

/// One single-use link, for the page that it leads to.
///
/// # Errors
/// The store's.
pub async fn link(reader: &mut Reader<'_>, link: SingleUseLinkId) -> Result<Option<LinkView>, Fault> {
    let select = sql!("SELECT l.purpose, p.email, l.expires_ms, l.used_ms FROM single_use_link l JOIN person p ON p.id = l.person WHERE l.id = $1");
    let row: Option<(String, String, Timestamp, Option<Timestamp>)> = reader.query_opt(select, params![link]).await?;
    row.map(|(purpose, email, expires, used)| {
        let purpose = Purpose::from_name(&purpose).ok_or(Fault::Column("a link's purpose"))?;
        Ok(LinkView { purpose, email, expires, used })
    })
    .transpose()
}

impl FromRow for SessionView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            person: columns.next()?,
            created: columns.next()?,
            last_seen: columns.next()?,
            expires: columns.next()?,
            revoked: columns.next()?,
            address: columns.next()?,
            agent: columns.next()?,
            way: SignInWay::from_name(&columns.next::<String>()?).ok_or(Fault::Column("how somebody signed in"))?,
            proved: columns.next()?,
        })
    }
}

/// The session of a token, by its hash, valid or not.
///
/// # Errors
/// The store's.
pub async fn session(reader: &mut Reader<'_>, token_hash: [u8; 32]) -> Result<Option<SessionView>, Fault> {
    let select = sql!("SELECT id, person, created_ms, last_seen_ms, expires_ms, revoked_ms, address, agent, way, proved_ms FROM session WHERE token_hash = $1");
    reader.query_opt(select, params![token_hash]).await
}

/// A person's sessions, newest first.
///
/// # Errors
/// The store's.
pub async fn sessions(reader: &mut Reader<'_>, person: PersonId, page: PageRequest) -> Result<Page<SessionView>, Fault> {
    let select = sql!(
        "SELECT id, person, created_ms, last_seen_ms, expires_ms, revoked_ms, address, agent, way, proved_ms FROM session WHERE person = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let rows = reader.query(select, params![person, page.bound(), page.fetch()]).await?;
    Ok(page.page(rows, |row: &SessionView| row.id))
}

/// The columns of an [`ApiKeyRow`], then what the macro's argument appends.
macro_rules! select_keys {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT merchant, partnership, id, name, masked, rights, addresses, created_ms, expires_ms, last_used_ms, disabled_by_merchant_ms, ",
            "disabled_by_reseller_ms, replaced_by, kind, products FROM api_key ",
            $rest
        ))
    };
}

/// The key of a hash, valid or not.
///
/// # Errors
/// The store's.
pub async fn key_by_hash(reader: &mut Reader<'_>, hash: [u8; 32]) -> Result<Option<ApiKeyRow>, Fault> {
    reader.query_opt(select_keys!("WHERE hash = $1"), params![hash]).await
}

static VALID: SetSql = SetSql::select(
    "SELECT k.merchant, k.id, k.kind, k.products FROM rows r JOIN api_key k ON k.merchant = r.merchant AND k.id = r.id \
     WHERE k.disabled_by_merchant_ms IS NULL AND k.disabled_by_reseller_ms IS NULL AND (k.expires_ms IS NULL OR k.expires_ms > r.now_ms)",
    &[("merchant", Int), ("id", Bytes), ("now_ms", Int)],
);

/// What a key that lets in opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidKey {
    /// Whether it is a dynamic URL's.
    pub dynamic_url: bool,
    /// What a dynamic URL sells; empty: everything of the partnership.
    pub products: Vec<ProductId>,
}

/// Which of these keys let in at this moment: neither disabled nor expired nor gone.
///
/// # Errors
/// The store's.
pub async fn valid_among(reader: &mut Reader<'_>, keys: &BTreeSet<(i64, ApiKeyId)>, now: Timestamp) -> Result<HashMap<(i64, ApiKeyId), ValidKey>, Fault> {
    let columns = [Column::ints(keys.iter().map(|key| key.0)), Column::ids(keys.iter().map(|key| key.1)), Column::same(now.ms(), keys.len())];
    let rows: Vec<(i64, ApiKeyId, String, Option<String>)> = reader.query_set(&VALID, &columns).await?;
    let valid = rows.into_iter().map(|(merchant, key, kind, products)| {
        let dynamic_url = kind == kind_name(KeyKind::DynamicUrl);
        Ok(((merchant, key), ValidKey { dynamic_url, products: key_store::products_of(products)? }))
    });
    valid.collect()
}

/// One key of an owner and of this kind.
///
/// # Errors
/// The store's.
pub async fn key(reader: &mut Reader<'_>, owner: KeyOwner, kind: KeyKind, id: ApiKeyId) -> Result<Option<ApiKeyRow>, Fault> {
    let row: Option<ApiKeyRow> = reader.query_opt(select_keys!("WHERE merchant = $1 AND id = $2"), params![owner.merchant, id]).await?;
    Ok(row.filter(|key| key.owner == owner && key.kind == kind))
}

/// An owner's keys of this kind, newest first; with `search` only those with it in their name, whatever its case.
///
/// # Errors
/// The store's.
pub async fn keys(reader: &mut Reader<'_>, owner: KeyOwner, kind: KeyKind, search: Option<&str>, page: PageRequest) -> Result<Page<ApiKeyRow>, Fault> {
    let pattern = search.map(containing);
    let rows: Vec<ApiKeyRow> = match owner.partnership {
        None => {
            let list = select_keys!(
                "WHERE merchant = $1 AND partnership IS NULL AND id < $2 AND (LOWER(name) LIKE $4 ESCAPE '!' OR $4 IS NULL) ORDER BY id DESC LIMIT $3"
            );
            reader.query(list, params![owner.merchant, page.bound(), page.fetch(), pattern]).await?
        }
        Some(partnership) => {
            let list = select_keys!(
                "WHERE merchant = $1 AND id < $2 AND partnership = $4 AND kind = $5 AND (LOWER(name) LIKE $6 ESCAPE '!' OR $6 IS NULL)
                 ORDER BY id DESC LIMIT $3"
            );
            reader.query(list, params![owner.merchant, page.bound(), page.fetch(), partnership, kind_name(kind), pattern]).await?
        }
    };
    Ok(page.page(rows, |row| row.id))
}
