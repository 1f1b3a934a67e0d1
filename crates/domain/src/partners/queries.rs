//! What is shown of partnerships and resellers.

use super::Status;
use super::channels::ChannelView;
use crate::access::{MerchantScope, PartnershipScope, ResellerRole};
use crate::ids::{ChannelId, MerchantId, PartnershipId, PersonId, PriceListId, ResellerId};
use crate::listing::{Page, PageRequest, containing};
use tradepost_kernel::Timestamp;
use tradepost_store::{Column, Columns, Fault, FromRow, Reader, Row, params, sql};

/// A reseller company, as it keeps itself (PAR-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResellerView {
    /// Which one.
    pub id: ResellerId,
    /// The company's name.
    pub company: String,
    /// Where mail about orders goes.
    pub email: String,
    /// Phone number as typed.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// ISO 3166 code, two letters.
    pub country: String,
    /// VAT id.
    pub vat_id: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// Counts changes.
    pub version: i64,
}

fn reseller_of(columns: &mut Columns) -> Result<ResellerView, Fault> {
    Ok(ResellerView {
        id: columns.next()?,
        company: columns.next()?,
        email: columns.next()?,
        phone: columns.next()?,
        street: columns.next()?,
        city: columns.next()?,
        postal_code: columns.next()?,
        region: columns.next()?,
        country: columns.next()?,
        vat_id: columns.next()?,
        created: columns.next()?,
        version: columns.next()?,
    })
}

impl FromRow for ResellerView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        reseller_of(&mut row.take())
    }
}

/// One partnership with its reseller's profile (PAR-17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnershipView {
    /// The merchant's number.
    pub merchant: i64,
    /// The merchant's public id.
    pub merchant_id: MerchantId,
    /// The merchant's name.
    pub merchant_name: String,
    /// Whether it is in the sandbox.
    pub test: bool,
    /// Which one.
    pub id: PartnershipId,
    /// The reseller's code at this merchant.
    pub code: String,
    /// Where it stands.
    pub status: Status,
    /// What it may do (PAR-9).
    pub mode: String,
    /// Where it buys.
    pub channel: Option<ChannelId>,
    /// The channel's name.
    pub channel_name: Option<String>,
    /// Whether orders are answered by mail in its channel.
    pub order_email: bool,
    /// Whether the balance is due now (CRD-6).
    pub balance_due: bool,
    /// Orders placed so far.
    pub orders_placed: i64,
    /// First approval.
    pub approved: Option<Timestamp>,
    /// First order.
    pub activated: Option<Timestamp>,
    /// Sign-up or creation.
    pub created: Timestamp,
    /// Counts changes.
    pub version: i64,
    /// The company.
    pub reseller: ResellerView,
}

impl PartnershipView {
    /// Its scope.
    #[must_use]
    pub const fn scope(&self) -> PartnershipScope {
        PartnershipScope { merchant: self.merchant, partnership: self.id }
    }
}

impl FromRow for PartnershipView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            merchant: columns.next()?,
            merchant_id: columns.next()?,
            merchant_name: columns.next()?,
            test: columns.next::<String>()? == "test",
            id: columns.next()?,
            code: columns.next()?,
            status: Status::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a partnership status"))?,
            mode: columns.next()?,
            channel: columns.next()?,
            channel_name: columns.next()?,
            order_email: columns.next::<Option<i64>>()?.unwrap_or(1) == 1,
            balance_due: columns.next()?,
            orders_placed: columns.next()?,
            approved: columns.next()?,
            activated: columns.next()?,
            created: columns.next()?,
            version: columns.next()?,
            reseller: reseller_of(&mut columns)?,
        })
    }
}

/// The columns of a [`PartnershipView`], then what the macro's argument appends.
macro_rules! select_partnerships {
    ($($rest:literal),+) => {
        sql!(concat!(
            "SELECT p.merchant, m.id, m.name, m.environment, p.id, p.code, p.status, p.mode, p.channel, c.name, c.order_email, p.balance_due, p.orders_placed, ",
            "p.approved_ms, p.activated_ms, p.created_ms, p.version, ",
            "r.id, r.company, r.email, r.phone, r.street, r.city, r.postal_code, r.region, r.country, r.vat_id, r.created_ms, r.version ",
            "FROM partnership p JOIN reseller r ON r.id = p.reseller JOIN merchant m ON m.number = p.merchant ",
            "LEFT JOIN channel c ON c.merchant = p.merchant AND c.id = p.channel ",
            $($rest),+
        ))
    };
}

mod search;

pub use search::{
    LIST, LIST_BY_COMPANY, LIST_OF_CHANNEL, LIST_OF_CODE, LIST_OF_COMPANY, LIST_OF_EMAIL, LIST_OF_ID, LIST_OF_STATUS, PartnershipFilter, PartnershipSort,
    search,
};

/// One partnership of a merchant.
///
/// # Errors
/// The store's.
pub async fn partnership(reader: &mut Reader<'_>, scope: MerchantScope, id: PartnershipId) -> Result<Option<PartnershipView>, Fault> {
    reader.query_opt(select_partnerships!("WHERE p.merchant = $1 AND p.id = $2"), params![scope.merchant, id]).await
}

/// Every program that a person's companies are in, whatever the status (PAR-12); at most 200.
///
/// # Errors
/// The store's.
pub async fn programs(reader: &mut Reader<'_>, person: PersonId) -> Result<Vec<PartnershipView>, Fault> {
    let list = select_partnerships!("JOIN reseller_member b ON b.reseller = p.reseller WHERE b.person = $1 ORDER BY p.merchant, p.id LIMIT 200");
    reader.query(list, params![person]).await
}

/// Several partnerships of a merchant, in no order.
///
/// # Errors
/// The store's.
pub async fn partnerships_by_id(reader: &mut Reader<'_>, scope: MerchantScope, ids: &[PartnershipId]) -> Result<Vec<PartnershipView>, Fault> {
    let list = select_partnerships!("WHERE p.merchant = $1 AND p.id = ANY($2)");
    reader.query_each(list, params![scope.merchant], &Column::ids(ids.iter().copied())).await
}

/// A reseller's own profile.
///
/// # Errors
/// The store's.
pub async fn reseller(reader: &mut Reader<'_>, id: ResellerId) -> Result<Option<ResellerView>, Fault> {
    reader
        .query_opt(
            sql!("SELECT id, company, email, phone, street, city, postal_code, region, country, vat_id, created_ms, version FROM reseller WHERE id = $1"),
            params![id],
        )
        .await
}

impl ResellerView {
    /// For the audit trail.
    pub(crate) fn audit_json(&self) -> serde_json::Value {
        serde_json::json!({
            "company": self.company, "email": self.email, "phone": self.phone, "street": self.street, "city": self.city,
            "postal_code": self.postal_code, "region": self.region, "country": self.country, "vat_id": self.vat_id,
        })
    }
}

/// A user of a reseller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    /// Who.
    pub person: PersonId,
    /// As it was typed.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they may do.
    pub role: ResellerRole,
    /// Since when.
    pub since: Timestamp,
}

impl FromRow for UserView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            person: columns.next()?,
            email: columns.next()?,
            first_name: columns.next()?,
            last_name: columns.next()?,
            role: ResellerRole::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a reseller role"))?,
            since: columns.next()?,
        })
    }
}

/// A reseller's users, at most 1,000, by person id.
///
/// # Errors
/// The store's.
pub async fn users(reader: &mut Reader<'_>, reseller: ResellerId) -> Result<Vec<UserView>, Fault> {
    reader
        .query(
            sql!("SELECT b.person, p.email, p.first_name, p.last_name, b.role, b.created_ms FROM reseller_member b JOIN person p ON p.id = b.person WHERE b.reseller = $1 ORDER BY b.person LIMIT 1000"),
            params![reseller],
        )
        .await
}

/// The companies that a person owns, oldest first; at most 100.
///
/// # Errors
/// The store's.
pub async fn owned_companies(reader: &mut Reader<'_>, person: PersonId) -> Result<Vec<ResellerId>, Fault> {
    let select = sql!("SELECT reseller FROM reseller_member WHERE person = $1 AND role = 'owner' ORDER BY reseller LIMIT 100");
    let rows: Vec<(ResellerId,)> = reader.query(select, params![person]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The status of the partnership that a person's own company has with a merchant, if any.
///
/// # Errors
/// The store's.
pub async fn enrolled_status(reader: &mut Reader<'_>, scope: MerchantScope, person: PersonId) -> Result<Option<Status>, Fault> {
    let row: Option<(String,)> = reader
        .query_opt(
            sql!("SELECT p.status FROM reseller_member b JOIN partnership p ON p.reseller = b.reseller WHERE b.person = $1 AND b.role = 'owner' AND p.merchant = $2 LIMIT 1"),
            params![person, scope.merchant],
        )
        .await?;
    row.map(|(name,)| Status::from_name(&name).ok_or(Fault::Column("a partnership status"))).transpose()
}

/// Whether a company is in another program than this one.
///
/// # Errors
/// The store's.
pub(crate) async fn is_elsewhere(reader: &mut Reader<'_>, reseller: ResellerId, but: PartnershipScope) -> Result<bool, Fault> {
    let row: Option<(PartnershipId,)> = reader
        .query_opt(
            sql!("SELECT id FROM partnership WHERE reseller = $1 AND NOT (merchant = $2 AND id = $3) LIMIT 1"),
            params![reseller, but.merchant, but.partnership],
        )
        .await?;
    Ok(row.is_some())
}

/// A merchant's channels, newest first; with `search` only those with it in their name, whatever its case.
///
/// # Errors
/// The store's.
pub async fn channels(reader: &mut Reader<'_>, scope: MerchantScope, search: Option<&str>, page: PageRequest) -> Result<Page<ChannelView>, Fault> {
    let list = sql!(
        "SELECT id, name, price_list, order_email, created_ms, version FROM channel
         WHERE merchant = $1 AND id < $2 AND (LOWER(name) LIKE $4 ESCAPE '!' OR $4 IS NULL) ORDER BY id DESC LIMIT $3"
    );
    let rows = reader.query(list, params![scope.merchant, page.bound(), page.fetch(), search.map(containing)]).await?;
    Ok(page.page(rows, |row: &ChannelView| row.id))
}

/// One channel of a merchant.
///
/// # Errors
/// The store's.
pub async fn channel(reader: &mut Reader<'_>, scope: MerchantScope, id: ChannelId) -> Result<Option<ChannelView>, Fault> {
    let select = sql!("SELECT id, name, price_list, order_email, created_ms, version FROM channel WHERE merchant = $1 AND id = $2");
    reader.query_opt(select, params![scope.merchant, id]).await
}

/// The channel of a name.
///
/// # Errors
/// The store's.
pub(crate) async fn channel_named(reader: &mut Reader<'_>, scope: MerchantScope, name: &str) -> Result<Option<ChannelId>, Fault> {
    let row: Option<(ChannelId,)> = reader.query_opt(sql!("SELECT id FROM channel WHERE merchant = $1 AND name = $2"), params![scope.merchant, name]).await?;
    Ok(row.map(|(id,)| id))
}

/// Whether a price list is the merchant's.
///
/// # Errors
/// The store's.
pub(crate) async fn price_list_exists(reader: &mut Reader<'_>, scope: MerchantScope, id: PriceListId) -> Result<bool, Fault> {
    let row: Option<(PriceListId,)> = reader.query_opt(sql!("SELECT id FROM price_list WHERE merchant = $1 AND id = $2"), params![scope.merchant, id]).await?;
    Ok(row.is_some())
}

/// Where a partnership stands, and whose it is: for letting its key in.
///
/// # Errors
/// The store's.
pub async fn standing(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Option<(ResellerId, Status)>, Fault> {
    let select = sql!("SELECT reseller, status FROM partnership WHERE merchant = $1 AND id = $2");
    let row: Option<(ResellerId, String)> = reader.query_opt(select, params![scope.merchant, scope.partnership]).await?;
    row.map(|(reseller, name)| Ok((reseller, Status::from_name(&name).ok_or(Fault::Column("a partnership status"))?))).transpose()
}

/// One of the partnerships that a person may act in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Inside which partnership.
    pub scope: PartnershipScope,
    /// For which company.
    pub reseller: ResellerId,
    /// As what.
    pub role: ResellerRole,
    /// Where the partnership stands.
    pub status: Status,
}

impl FromRow for Seat {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            scope: PartnershipScope { merchant: columns.next()?, partnership: columns.next()? },
            reseller: columns.next()?,
            role: ResellerRole::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a reseller role"))?,
            status: Status::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a partnership status"))?,
        })
    }
}

/// The partnerships that a person may act in: all (at most 200), or the one that is named.
///
/// # Errors
/// The store's.
pub async fn seats(reader: &mut Reader<'_>, person: PersonId, named: Option<PartnershipId>) -> Result<Vec<Seat>, Fault> {
    match named {
        None => {
            let select = sql!(
                "SELECT p.merchant, p.id, p.reseller, b.role, p.status FROM reseller_member b JOIN partnership p ON p.reseller = b.reseller WHERE b.person = $1 ORDER BY p.merchant, p.id LIMIT 200"
            );
            reader.query(select, params![person]).await
        }
        Some(id) => {
            let select = sql!(
                "SELECT p.merchant, p.id, p.reseller, b.role, p.status FROM reseller_member b JOIN partnership p ON p.reseller = b.reseller WHERE b.person = $1 AND p.id = $2"
            );
            reader.query(select, params![person, id]).await
        }
    }
}
