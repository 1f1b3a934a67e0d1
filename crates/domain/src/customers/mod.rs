//! End users: who owns a license in the end (FUL-3).
//!
//! Always true here: a customer belongs to one partnership; the same person bought through two is two rows.

use crate::access::PartnershipScope;
use crate::command::Ctx;
use crate::ids::{Customer, CustomerId, ResellerInformation, ResellerInformationId};
use std::collections::HashMap;
use tradepost_kernel::text::Email;
use tradepost_store::{Column, Fault, FromRow, Reader, Row, Tx, params, sql};

/// Who a license is for. Parsed at the edge; only the first three are always needed (FUL-6).
#[derive(Clone, Debug)]
pub struct EndUser {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Where the license is sent.
    pub email: Email,
    /// Company.
    pub company: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// ISO 639-1 language.
    pub language: Option<String>,
}

/// The company that sells on to the customer (CAT-3): no account, no rights.
#[derive(Clone, Debug)]
pub struct SellingCompany {
    /// Its name.
    pub company: String,
    /// A person there.
    pub contact: Option<String>,
    /// Its address for mail.
    pub email: Option<Email>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// VAT id.
    pub vat_id: Option<String>,
}

/// A customer as shown.
#[derive(Clone, Debug)]
pub struct CustomerView {
    /// Its id.
    pub id: CustomerId,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Company.
    pub company: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Language.
    pub language: Option<String>,
}

impl FromRow for CustomerView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            first_name: c.next()?,
            last_name: c.next()?,
            email: c.next()?,
            company: c.next()?,
            phone: c.next()?,
            street: c.next()?,
            city: c.next()?,
            postal_code: c.next()?,
            region: c.next()?,
            country: c.next()?,
            language: c.next()?,
        })
    }
}

/// A company that sells on, as shown.
#[derive(Clone, Debug)]
pub struct SellingCompanyView {
    /// Its id.
    pub id: ResellerInformationId,
    /// Its name.
    pub company: String,
    /// A person there.
    pub contact: Option<String>,
    /// Its address for mail.
    pub email: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// VAT id.
    pub vat_id: Option<String>,
}

impl FromRow for SellingCompanyView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            company: c.next()?,
            contact: c.next()?,
            email: c.next()?,
            street: c.next()?,
            city: c.next()?,
            postal_code: c.next()?,
            region: c.next()?,
            country: c.next()?,
            vat_id: c.next()?,
        })
    }
}

/// Writes a customer down and says its id.
///
/// # Errors
/// The store's.
pub async fn record(ctx: &Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, who: &EndUser) -> Result<CustomerId, Fault> {
    let id: CustomerId = ctx.id::<Customer>();
    let columns = params![
        scope.merchant,
        id,
        scope.partnership,
        who.email.as_str(),
        who.email.key(),
        &who.first_name,
        &who.last_name,
        who.company.clone(),
        who.phone.clone(),
        who.street.clone(),
        who.city.clone(),
        who.postal_code.clone(),
        who.region.clone(),
        who.country.clone(),
        who.language.clone(),
        ctx.now
    ];
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO customer (merchant, id, partnership, email, email_key, first_name, last_name, company, phone, street, city,
               postal_code, region, country, language, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        ),
        columns,
    )
    .await?;
    Ok(id)
}

/// Writes reseller information down and says its id.
///
/// # Errors
/// The store's.
pub async fn record_selling_company(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, who: &SellingCompany) -> Result<ResellerInformationId, Fault> {
    let id: ResellerInformationId = ctx.id::<ResellerInformation>();
    tx.execute_exactly(
        1,
        sql!(
            "INSERT INTO reseller_information (merchant, id, company, contact, email, street, city, postal_code, region, country, vat_id, created_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        ),
        params![
            merchant,
            id,
            &who.company,
            who.contact.clone(),
            who.email.as_ref().map(Email::as_str),
            who.street.clone(),
            who.city.clone(),
            who.postal_code.clone(),
            who.region.clone(),
            who.country.clone(),
            who.vat_id.clone(),
            ctx.now
        ],
    )
    .await?;
    Ok(id)
}

/// Customers by id: everything that was said of them (FUL-3).
///
/// # Errors
/// The store's.
pub async fn by_ids(reader: &mut Reader<'_>, merchant: i64, ids: Vec<CustomerId>) -> Result<HashMap<CustomerId, CustomerView>, Fault> {
    let rows: Vec<CustomerView> = reader
        .query_each(
            sql!(
                "SELECT id, first_name, last_name, email, company, phone, street, city, postal_code, region, country, language FROM customer
                 WHERE merchant = $1 AND id = ANY($2)"
            ),
            params![merchant],
            &Column::ids(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|customer| (customer.id, customer)).collect())
}

/// Companies that sell on, by id (CAT-3). Most licenses have none: nothing is asked then.
///
/// # Errors
/// The store's.
pub async fn selling_companies(
    reader: &mut Reader<'_>,
    merchant: i64,
    ids: Vec<ResellerInformationId>,
) -> Result<HashMap<ResellerInformationId, SellingCompanyView>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<SellingCompanyView> = reader
        .query_each(
            sql!(
                "SELECT id, company, contact, email, street, city, postal_code, region, country, vat_id FROM reseller_information
                 WHERE merchant = $1 AND id = ANY($2)"
            ),
            params![merchant],
            &Column::ids(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|company| (company.id, company)).collect())
}
