//! Licenses that a merchant or a reseller looks for: by the order that they came with, by who owns them, by what they are of (PAR-17).
//!
//! A word is looked up as what it looks like, as for lists of orders; what was found so is narrowed where the rows are.

use super::search::{Term, meant};
use crate::access::MerchantScope;
use crate::catalog;
use crate::ids::{LicenseId, OrderId, PartnershipId, ProductId};
use crate::licenses::queries::{self, LicenseFilter, LicenseRow, list_sql, narrowing};
use crate::listing::{Page, PageRequest, Turned};
use tradepost_kernel::text::folded;
use tradepost_store::{Fault, Reader, Value, sql};

/// Which licenses are looked for.
#[derive(Clone, Debug, Default)]
pub struct LicenseSearch {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only of this product: its id or SKU.
    pub product: Option<String>,
    /// Only what a word finds: the id of a license, an order or a product, the number of an order or of its invoice, the whole of an order's reference, the
    /// e-mail address of a customer, or a SKU.
    pub search: Option<String>,
    /// What narrows them otherwise.
    pub filter: LicenseFilter,
}

/// The license with an id, `$9`. In this and the following `$8` is the order (empty: any).
pub const LICENSE_OF_ID: Turned = list_sql!("AND (l.orders = $8 OR length($8) = 0) AND l.id = $9");
/// Licenses of the customers with an address, `$9`.
pub const LICENSES_OF_CUSTOMER: Turned = list_sql!(
    "AND (l.orders = $8 OR length($8) = 0)
     AND l.id IN (SELECT x.id FROM customer c CROSS JOIN license x WHERE c.merchant = $1 AND c.email_key = $9 AND x.merchant = c.merchant AND x.customer = c.id)"
);
/// Licenses of orders that have a number, are on the invoice with that number, `$9`, or have exactly that reference, `$10`.
pub const LICENSES_OF_NAME: Turned = list_sql!(
    "AND (l.orders = $8 OR length($8) = 0)
     AND l.id IN (SELECT x.id FROM (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.number = $9
       UNION SELECT z.orders FROM invoice v CROSS JOIN invoice_order z WHERE v.merchant = $1 AND v.number = $9 AND z.merchant = v.merchant AND z.invoice = v.id
       UNION SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key = $10) n
       CROSS JOIN license x WHERE x.merchant = $1 AND x.orders = n.id)"
);

/// What leads to the licenses that a word finds, and its further parameters. `None`: the word is a product, which narrows as a filter does.
async fn found_by(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    wanted: &LicenseSearch,
    filter: &mut LicenseFilter,
    word: &str,
) -> Result<Option<(Turned, Vec<Value>)>, Fault> {
    if let Ok(id) = word.parse::<LicenseId>() {
        return Ok(Some((LICENSE_OF_ID, vec![id.into()])));
    }
    if let Ok(id) = word.parse::<OrderId>() {
        let other = filter.order.is_some_and(|order| order != id);
        filter.order = Some(id);
        return Ok(other.then(|| (LICENSE_OF_ID, vec![Vec::<u8>::new().into()])));
    }
    let product = if word.parse::<ProductId>().is_ok() { catalog::queries::find_product(&mut *reader, scope, word).await? } else { None };
    let term = match product {
        Some(product) => Term::Product(product.number),
        None => meant(reader, scope, wanted.partnership, word).await?,
    };
    Ok(match term {
        Term::Customer(address) => Some((LICENSES_OF_CUSTOMER, vec![address.into()])),
        Term::Name(_) | Term::Reference(_) => Some((LICENSES_OF_NAME, vec![word.to_ascii_uppercase().into(), folded(word).into_bytes().into()])),
        Term::Product(number) if filter.product.is_none_or(|other| other == number) => {
            filter.product = Some(number);
            None
        }
        Term::Product(_) => Some((LICENSE_OF_ID, vec![Vec::<u8>::new().into()])),
    })
}

/// A page of the licenses that are looked for.
///
/// # Errors
/// The store's.
pub async fn licenses(reader: &mut Reader<'_>, scope: MerchantScope, wanted: &LicenseSearch, page: PageRequest) -> Result<Page<LicenseRow>, Fault> {
    let mut filter = wanted.filter;
    if let Some(text) = &wanted.product {
        match catalog::queries::find_product(&mut *reader, scope, text).await? {
            Some(product) => filter.product = Some(product.number),
            None => return Ok(Page { rows: Vec::new(), next: None }),
        }
    }
    let word = wanted.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let led = match word {
        Some(word) => found_by(&mut *reader, scope, wanted, &mut filter, word).await?,
        None => None,
    };
    let Some((text, further)) = led else {
        return queries::list(reader, scope.merchant, wanted.partnership, filter, page).await;
    };
    let mut values = narrowing(scope.merchant, wanted.partnership, filter, page);
    values.push(filter.order.map_or_else(Vec::new, |order| order.bytes().to_vec()).into());
    values.extend(further);
    let rows = reader.query(text.by(filter.sort), &values).await?;
    Ok(page.page(rows, |row: &LicenseRow| row.id))
}
