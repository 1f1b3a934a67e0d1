//! Lists of a merchant's resellers: filtered, searched and sorted where the rows are (PAR-17).

use super::PartnershipView;
use crate::access::MerchantScope;
use crate::ids::{ChannelId, PartnershipId};
use crate::listing::{Page, PageRequest};
use crate::partners::{Status, reseller_store};
use tradepost_store::{Fault, Reader, Sql, Value, params, sql};

/// In what order resellers are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartnershipSort {
    /// The newest first.
    #[default]
    Newest,
    /// By the company's name.
    Company,
}
crate::access::named!(PartnershipSort { Newest = "-created", Company = "company" });

/// Which partnerships a list shows.
#[derive(Clone, Debug, Default)]
pub struct PartnershipFilter {
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those of this channel.
    pub channel: Option<ChannelId>,
    /// Only what a word finds: an e-mail address, a reseller code, the id, else the beginning of the company's name.
    pub search: Option<String>,
    /// In what order.
    pub sort: PartnershipSort,
}

/// `$1` merchant, `$2` rows, `$3` status (empty: any), `$4` channel (empty: any).
macro_rules! list_sql {
    ($by:literal, $order:literal) => {
        select_partnerships!(
            "WHERE p.merchant = $1 AND ($3 = '' OR p.status = $3) AND (p.channel = $4 OR length($4) = 0) ",
            $by,
            " ORDER BY ",
            $order,
            " LIMIT $2"
        )
    };
}

/// A page of all, newest first, before `$5`.
pub const LIST: Sql = list_sql!("AND p.id < $5", "p.id DESC");
/// Those of one status.
pub const LIST_OF_STATUS: Sql = list_sql!("AND p.status = $3 AND p.id < $5", "p.id DESC");
/// Those of one channel.
pub const LIST_OF_CHANNEL: Sql = list_sql!("AND p.channel = $4 AND p.id < $5", "p.id DESC");
/// Those of an address, `$6`.
pub const LIST_OF_EMAIL: Sql = list_sql!("AND p.id < $5 AND p.email_key = $6", "p.id DESC");
/// The one with a code, `$6`.
pub const LIST_OF_CODE: Sql = list_sql!("AND p.id < $5 AND p.code = $6", "p.id DESC");
/// The one with an id, `$6`.
pub const LIST_OF_ID: Sql = list_sql!("AND p.id < $5 AND p.id = $6", "p.id DESC");
/// Those whose company begins so: from `$6` to before `$7`.
pub const LIST_OF_COMPANY: Sql =
    list_sql!("AND p.id IN (SELECT y.id FROM partnership y WHERE y.merchant = $1 AND y.company_key >= $6 AND y.company_key < $7 AND y.id < $5)", "p.id DESC");
/// By the company's name: behind `$5` and `$6`, to before `$7`.
pub const LIST_BY_COMPANY: Sql = list_sql!("AND (p.company_key, p.id) > ($5, $6) AND p.company_key < $7", "p.company_key, p.id");

/// A page of a merchant's partnerships.
///
/// # Errors
/// The store's.
pub async fn search(reader: &mut Reader<'_>, scope: MerchantScope, filter: &PartnershipFilter, page: PageRequest) -> Result<Page<PartnershipView>, Fault> {
    let channel = filter.channel.map_or_else(Vec::new, |channel| channel.bytes().to_vec());
    let mut values = params![scope.merchant, page.fetch(), filter.status.map_or("", Status::name), channel].to_vec();
    let words = filter.search.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let text = match words {
        Some(words) if words.contains('@') => with(&mut values, LIST_OF_EMAIL, [page.bound().into(), words.to_ascii_lowercase().into()]),
        Some(words) if is_code(&mut *reader, scope, words).await? => with(&mut values, LIST_OF_CODE, [page.bound().into(), words.to_uppercase().into()]),
        Some(words) if words.parse::<PartnershipId>().is_ok() => {
            let id = words.parse::<PartnershipId>().map_or(Value::Null, Value::from);
            with(&mut values, LIST_OF_ID, [page.bound().into(), id])
        }
        _ if filter.sort == PartnershipSort::Company => {
            let (from, to) = begins(words.unwrap_or(""));
            let (company, id) = behind(&mut *reader, scope, page, from).await?;
            with(&mut values, LIST_BY_COMPANY, [company.into(), id.into(), to.into()])
        }
        Some(words) => {
            let (from, to) = begins(words);
            with(&mut values, LIST_OF_COMPANY, [page.bound().into(), from.into(), to.into()])
        }
        None => {
            let text = match (filter.channel, filter.status) {
                (Some(_), _) => LIST_OF_CHANNEL,
                (None, Some(_)) => LIST_OF_STATUS,
                (None, None) => LIST,
            };
            with(&mut values, text, [page.bound().into()])
        }
    };
    let rows = reader.query(text, &values).await?;
    Ok(page.page(rows, |row: &PartnershipView| row.id))
}

fn with<const N: usize>(values: &mut Vec<Value>, text: Sql, further: [Value; N]) -> Sql {
    values.extend(further);
    text
}

/// The bounds of every name that begins so: no text has the byte 255.
fn begins(words: &str) -> (Vec<u8>, Vec<u8>) {
    let from = reseller_store::company_key(words);
    let mut to = from.clone();
    to.push(0xff);
    (from, to)
}

/// Where a page by name begins: behind the row of the cursor, or before everything that begins so.
async fn behind(reader: &mut Reader<'_>, scope: MerchantScope, page: PageRequest, from: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let Some(cursor) = page.before else { return Ok((from, Vec::new())) };
    let of_cursor = sql!("SELECT company_key FROM partnership WHERE merchant = $1 AND id = $2");
    let company: Option<Vec<u8>> = reader.query_opt(of_cursor, params![scope.merchant, cursor]).await?;
    Ok((company.unwrap_or(from), cursor.to_vec()))
}

/// Whether a word is the code of one of the merchant's resellers.
async fn is_code(reader: &mut Reader<'_>, scope: MerchantScope, words: &str) -> Result<bool, Fault> {
    if words.len() != 8 || !words.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(false);
    }
    let found: Option<PartnershipId> =
        reader.query_opt(sql!("SELECT id FROM partnership WHERE merchant = $1 AND code = $2"), params![scope.merchant, words.to_uppercase()]).await?;
    Ok(found.is_some())
}
