//! Lists of orders: filtered and searched where the rows are, newest first (ORD-10).
//!
//! A word that somebody types is looked up as what it looks like, by an index: nothing is searched by walking through all
//! orders. Each statement has one index that it goes by; what narrows it further is asked of the rows that this one brings.

use super::OrderRow;
use crate::access::MerchantScope;
use crate::catalog;
use crate::ids::PartnershipId;
use crate::listing::{Page, PageRequest};
use crate::orders::State;
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Sql, Value, params, sql};

/// Which orders a list shows.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only what a word finds: see [`Term`].
    pub search: Option<String>,
    /// Only with an item of this product: its id or SKU.
    pub product: Option<String>,
    /// Only those that are held as a whole, for credit or payment.
    pub held: bool,
    /// Begun at or after.
    pub created_from: Option<Timestamp>,
    /// Begun before.
    pub created_to: Option<Timestamp>,
}

/// What a word that is searched for means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The number of an order: `2026-000123`.
    Number(String),
    /// The number of an invoice that an order is on.
    Invoice(String),
    /// The address, in small letters, of a customer who owns a license of it.
    Customer(String),
    /// The number of a product, by its SKU.
    Product(i64),
    /// The beginning of the reseller's own reference, in small letters.
    Reference(String),
}

/// Orders with one beginning of a reference up to which they are fetched by it; where there are more, the newest are soon found by a walk.
const FEW: i64 = 2_000;

/// The columns of a list's statement, what it goes by, what narrows it, and its order. Where SQLite would begin at the wrong end of a join, CROSS JOIN
/// keeps the order. `$1` merchant, `$2` before, `$3` rows, `$4` state, `$5` from, `$6` to, `$7` product (0: any), `$8` partnership (empty: any), `$9` and `$10` beginning of the reference and its length (0: any), `$11`
/// whether only held ones.
macro_rules! list_sql {
    ($from:literal, $by:literal) => {
        sql!(concat!(
            order_columns!(),
            "FROM ",
            $from,
            " WHERE o.merchant = $1 AND o.id < $2 ",
            $by,
            " AND ($4 = '' OR o.state = $4) AND o.created_ms >= $5 AND o.created_ms < $6
             AND (CAST($7 AS bigint) = 0 OR EXISTS (SELECT 1 FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id AND i.product = $7))
             AND (o.partnership = $8 OR length($8) = 0) AND ($10 = 0 OR $9 = substr(o.reference_key, 1, $10))
             AND ($11 = 0 OR (o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL)) ORDER BY o.id DESC LIMIT $3"
        ))
    };
}

/// A page of one partnership's orders.
pub const LIST_OF_PARTNERSHIP: Sql = list_sql!("orders o", "AND o.partnership = $8");
/// A page of a merchant's orders.
pub const LIST_OF_MERCHANT: Sql = list_sql!("orders o", "");
/// A page of a merchant's orders in one state.
pub const LIST_OF_STATE: Sql = list_sql!("orders o", "AND o.state = $4");
/// A page of a merchant's held orders: few among many.
pub const LIST_OF_HELD: Sql = list_sql!("orders o", "AND o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL");
/// The order that has a number, `$12`.
pub const LIST_OF_NUMBER: Sql = list_sql!("orders o", "AND o.number = $12");
/// Orders on the invoice with a number, `$12`.
pub const LIST_OF_INVOICE: Sql = list_sql!(
    "orders o",
    "AND o.id IN (SELECT x.orders FROM invoice v CROSS JOIN invoice_order x WHERE v.merchant = $1 AND v.number = $12 AND x.merchant = v.merchant AND x.invoice = v.id)"
);
/// Orders with a license of the customer with an address, `$12`.
pub const LIST_OF_CUSTOMER: Sql = list_sql!(
    "orders o",
    "AND o.id IN (SELECT l.orders FROM customer c CROSS JOIN license l
       WHERE c.merchant = $1 AND c.email_key = $12 AND l.merchant = c.merchant AND l.customer = c.id AND l.orders IS NOT NULL)"
);
/// Orders whose reference begins in a way that few have: from `$12` to before `$13`.
pub const LIST_OF_REFERENCE: Sql =
    list_sql!("orders o", "AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key >= $12 AND y.reference_key < $13)");
/// A page of a merchant's orders with a product, `$12`, each once. Counted, not asked for by NOT EXISTS: PostgreSQL would join and sort.
pub const LIST_OF_PRODUCT: Sql = sql!(concat!(
    order_columns!(),
    "FROM order_item d CROSS JOIN orders o WHERE d.merchant = $1 AND d.product = $12 AND d.orders < $2 AND o.merchant = d.merchant AND o.id = d.orders
     AND (SELECT COUNT(*) FROM order_item e WHERE e.merchant = d.merchant AND e.orders = d.orders AND e.product = d.product AND e.place < d.place) < 1
     AND ($4 = '' OR o.state = $4) AND o.created_ms >= $5 AND o.created_ms < $6
     AND (CAST($7 AS bigint) = 0 OR EXISTS (SELECT 1 FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id AND i.product = $7))
     AND (o.partnership = $8 OR length($8) = 0) AND ($10 = 0 OR $9 = substr(o.reference_key, 1, $10))
             AND ($11 = 0 OR (o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL)) ORDER BY d.orders DESC LIMIT $3"
));

/// Whether many references begin so.
const COUNT_REFERENCES: Sql =
    sql!("SELECT COUNT(*) FROM (SELECT 1 FROM orders y WHERE y.merchant = $1 AND y.reference_key >= $2 AND y.reference_key < $3 LIMIT $4) x");

/// What a list is asked for, before it is known what it goes by.
struct Asked {
    merchant: i64,
    page: PageRequest,
    partnership: Option<PartnershipId>,
    /// 0: any.
    product: i64,
    /// Empty: any.
    reference: Vec<u8>,
}

impl Asked {
    /// The first eleven parameters, and those behind them.
    fn values(self, filter: &OrderFilter, further: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let length = i64::try_from(self.reference.len()).unwrap_or(i64::MAX);
        let partnership = self.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
        let (from, to) = (filter.created_from.map_or(i64::MIN, Timestamp::ms), filter.created_to.map_or(i64::MAX, Timestamp::ms));
        let state = filter.state.map_or("", State::name);
        let mut values =
            params![self.merchant, self.page.bound(), self.page.fetch(), state, from, to, self.product, partnership, self.reference, length, filter.held]
                .to_vec();
        values.extend(further);
        values
    }
}

/// A page of orders, newest first; of one partnership only, where given.
///
/// # Errors
/// The store's.
pub async fn list(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    partnership: Option<PartnershipId>,
    filter: &OrderFilter,
    page: PageRequest,
) -> Result<Page<OrderRow>, Fault> {
    let product = match &filter.product {
        None => 0,
        Some(text) => match catalog::queries::find_product(&mut *reader, scope, text).await? {
            Some(product) => product.number,
            None => return Ok(Page { rows: Vec::new(), next: None }),
        },
    };
    let term = match filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(meant(&mut *reader, scope, text).await?),
        None => None,
    };
    let asked = Asked { merchant: scope.merchant, page, partnership, product, reference: Vec::new() };
    let (text, values) = statement(&mut *reader, filter, term, asked).await?;
    let rows = reader.query(text, &values).await?;
    Ok(page.page(rows, |row: &OrderRow| row.id))
}

/// Which statement brings the page, so that each goes by its own index.
async fn statement(reader: &mut Reader<'_>, filter: &OrderFilter, term: Option<Term>, mut asked: Asked) -> Result<(Sql, Vec<Value>), Fault> {
    let (text, further) = match term {
        Some(Term::Number(number)) => (LIST_OF_NUMBER, vec![number.into()]),
        Some(Term::Invoice(number)) => (LIST_OF_INVOICE, vec![number.into()]),
        Some(Term::Customer(address)) => (LIST_OF_CUSTOMER, vec![address.into()]),
        Some(Term::Reference(beginning)) => {
            let (from, to) = within(&beginning);
            let known: i64 = reader.query_one(COUNT_REFERENCES, params![asked.merchant, from.clone(), to.clone(), FEW + 1]).await?;
            if known <= FEW {
                (LIST_OF_REFERENCE, vec![from.into(), to.into()])
            } else {
                asked.reference = from;
                (walk(filter, &asked), Vec::new())
            }
        }
        // The orders of a partnership are fewer than those of a product.
        Some(Term::Product(number)) if asked.product == 0 && asked.partnership.is_some() => {
            asked.product = number;
            (LIST_OF_PARTNERSHIP, Vec::new())
        }
        Some(Term::Product(number)) => (LIST_OF_PRODUCT, vec![number.into()]),
        None if asked.product != 0 && asked.partnership.is_none() => {
            let number = std::mem::take(&mut asked.product);
            (LIST_OF_PRODUCT, vec![number.into()])
        }
        None => (walk(filter, &asked), Vec::new()),
    };
    Ok((text, asked.values(filter, further)))
}

/// Without a word that is looked up.
fn walk(filter: &OrderFilter, asked: &Asked) -> Sql {
    match (asked.partnership, filter.state) {
        (Some(_), _) => LIST_OF_PARTNERSHIP,
        (None, _) if filter.held => LIST_OF_HELD,
        (None, Some(_)) => LIST_OF_STATE,
        (None, None) => LIST_OF_MERCHANT,
    }
}

/// The bounds of everything that begins so: no text has the byte 255.
fn within(beginning: &str) -> (Vec<u8>, Vec<u8>) {
    let from = beginning.as_bytes().to_vec();
    let mut to = from.clone();
    to.push(0xff);
    (from, to)
}

/// What a word means at a merchant: the first of number, address, invoice and SKU that it is, else a beginning of references.
///
/// # Errors
/// The store's.
async fn meant(reader: &mut Reader<'_>, scope: MerchantScope, text: &str) -> Result<Term, Fault> {
    if text.contains('@') {
        return Ok(Term::Customer(text.to_lowercase()));
    }
    let numbered = sql!("SELECT number FROM orders WHERE merchant = $1 AND number = $2");
    if is_number(text) && reader.query_opt::<Option<String>>(numbered, params![scope.merchant, text]).await?.is_some() {
        return Ok(Term::Number(text.to_owned()));
    }
    let invoiced = sql!("SELECT number FROM invoice WHERE merchant = $1 AND number = $2 LIMIT 1");
    if reader.query_opt::<String>(invoiced, params![scope.merchant, text]).await?.is_some() {
        return Ok(Term::Invoice(text.to_owned()));
    }
    if let Some(product) = catalog::queries::sku_owner(&mut *reader, scope.merchant, text).await? {
        return Ok(Term::Product(product));
    }
    Ok(Term::Reference(text.to_lowercase()))
}

/// `2026-000123`.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, rest)| year.len() == 4 && digits(year) && rest.len() >= 6 && digits(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ORD-7, ORD-10.
    #[test]
    fn a_number_is_told_from_a_reference() {
        assert!(["2026-000123", "2026-1000000"].into_iter().all(is_number));
        assert!(["2026-123", "PO-000123", "2026000123", "20-000123", "2026-00012x", ""].into_iter().all(|text| !is_number(text)));
    }

    #[test]
    fn what_begins_so_lies_between_its_bounds() {
        let (from, to) = within("po-ü");
        let among = |text: &str| text.as_bytes() >= &from[..] && text.as_bytes() < &to[..];
        assert!(among("po-ü") && among("po-ü9") && among("po-ü\u{10ffff}"));
        assert!(!among("po-") && !among("po-v") && !among("po-ý"));
    }
}
