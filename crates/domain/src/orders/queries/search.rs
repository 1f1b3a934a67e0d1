//! Lists of orders: filtered, searched and sorted where the rows are (ORD-10).
//!
//! A word that somebody types is looked up as what it looks like, by an index: nothing is searched by walking through all
//! orders. Each statement has one index that it goes by; what narrows it further is asked of the rows that this one brings.

use super::OrderRow;
use crate::access::{MerchantScope, PartnershipScope};
use crate::ids::PartnershipId;
use crate::listing::{ByAge, Page, PageRequest, Turned};
use crate::orders::State;
use crate::{catalog, licenses, partners};
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::folded;
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
    /// In what order.
    pub sort: ByAge,
}

/// What a word that is searched for means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// The number of an order or of an invoice that one is on, and the whole of a reference: a word can be all of these at once.
    Name(String),
    /// The address, in small letters, of a customer who owns a license of it.
    Customer(String),
    /// The number of a product, by its SKU.
    Product(i64),
    /// The beginning of the reseller's own reference, in small letters.
    Reference(String),
}

/// Orders with one beginning of a reference up to which they are fetched by it; where there are more, the newest are soon found by a walk.
const FEW: i64 = 50_000;

/// What narrows every list. `$1` merchant, `$2` before, `$3` rows, `$4` state, `$5` from, `$6` to, `$7` product (0: any), `$8` partnership (empty: any), `$9` and `$10` beginning of the reference and its length (0: any), `$11`
/// whether only held ones, `$12` the smallest id that is wanted.
macro_rules! narrowed {
    () => {
        " AND ($4 = '' OR o.state = $4) AND o.created_ms >= $5 AND o.created_ms < $6
         AND (CAST($7 AS bigint) = 0 OR EXISTS (SELECT 1 FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id AND i.product = $7))
         AND (o.partnership = $8 OR length($8) = 0) AND ($10 = 0 OR $9 = substr(o.reference_key, 1, $10))
         AND ($11 = 0 OR (o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL))"
    };
}

/// Orders that something leads to. Where a word does, the span is asked as an OR: as a bound it would have SQLite walk through the key of the table instead.
macro_rules! list_sql {
    ($by:literal, $turn:literal) => {
        sql!(concat!(order_columns!(), "FROM orders o WHERE o.merchant = $1 AND o.id < $2 ", $by, narrowed!(), " ORDER BY o.id", $turn, " LIMIT $3"))
    };
}

/// Orders that an index of `y` holds, walked through from `$2` down to `$12`: nothing outside of the span is. Of itself SQLite takes any index
/// that bounds ids at both ends for as good as another, and the smallest; one that holds all that is asked of `y` is better to it. CROSS JOIN keeps the order.
macro_rules! walk_sql {
    ($by:literal, $turn:literal) => {
        sql!(concat!(
            order_columns!(),
            "FROM orders y CROSS JOIN orders o WHERE y.merchant = $1 AND y.id < $2 AND y.id >= $12 ",
            $by,
            " AND o.merchant = y.merchant AND o.id = y.id",
            narrowed!(),
            " ORDER BY y.id",
            $turn,
            " LIMIT $3"
        ))
    };
}

/// A page of a merchant's orders with a product, `$13`, each once. Counted, not asked for by NOT EXISTS: PostgreSQL would join and sort.
macro_rules! product_sql {
    ($by:literal, $turn:literal) => {
        sql!(concat!(
            order_columns!(),
            "FROM order_item d CROSS JOIN orders o WHERE d.merchant = $1 AND d.product = $13 AND d.orders < $2 AND d.orders >= $12 ",
            $by,
            " AND o.merchant = d.merchant AND o.id = d.orders
         AND (SELECT COUNT(*) FROM order_item e WHERE e.merchant = d.merchant AND e.orders = d.orders AND e.product = d.product AND e.place < d.place) < 1",
            narrowed!(),
            " ORDER BY d.orders",
            $turn,
            " LIMIT $3"
        ))
    };
}

/// One of these in both orders.
macro_rules! turned {
    ($sql:ident, $by:literal) => {
        Turned { newest: $sql!($by, " DESC"), oldest: $sql!($by, "") }
    };
}

/// A page of one partnership's orders.
pub const LIST_OF_PARTNERSHIP: Turned = turned!(walk_sql, "AND y.partnership = $8");
/// A page of one partnership's orders in one state.
pub const LIST_OF_PARTNERSHIP_STATE: Turned = turned!(walk_sql, "AND y.partnership = $8 AND y.state = $4");
/// A page of one partnership's held orders.
pub const LIST_OF_PARTNERSHIP_HELD: Turned =
    turned!(walk_sql, "AND y.partnership = $8 AND y.placed_ms IS NOT NULL AND y.released_ms IS NULL AND y.canceled_ms IS NULL");
/// A page of a merchant's orders.
pub const LIST_OF_MERCHANT: Turned = turned!(list_sql, "AND o.id >= $12");
/// A page of a merchant's orders in one state.
pub const LIST_OF_STATE: Turned = turned!(walk_sql, "AND y.state = $4");
/// A page of a merchant's held orders: few among many.
pub const LIST_OF_HELD: Turned = turned!(list_sql, "AND o.id >= $12 AND o.placed_ms IS NOT NULL AND o.released_ms IS NULL AND o.canceled_ms IS NULL");
/// Orders that have a number, are on the invoice with that number, `$13`, or have exactly that reference, `$14`.
pub const LIST_OF_NAME: Turned = turned!(
    list_sql,
    "AND (o.id >= $12 OR length($12) = 0) AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.number = $13
       UNION SELECT x.orders FROM invoice v CROSS JOIN invoice_order x WHERE v.merchant = $1 AND v.number = $13 AND x.merchant = v.merchant AND x.invoice = v.id
       UNION SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key = $14)"
);
/// Orders with a license of the customer with an address, `$13`.
pub const LIST_OF_CUSTOMER: Turned = turned!(
    list_sql,
    "AND (o.id >= $12 OR length($12) = 0) AND o.id IN (SELECT l.orders FROM customer c CROSS JOIN license l
       WHERE c.merchant = $1 AND c.email_key = $13 AND l.merchant = c.merchant AND l.customer = c.id AND l.orders IS NOT NULL)"
);
/// Orders whose reference begins in a way that few have: from `$13` to before `$14`. Those outside of the span are left out by the index alone.
pub const LIST_OF_REFERENCE: Turned = turned!(
    list_sql,
    "AND (o.id >= $12 OR length($12) = 0) AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key >= $13 AND y.reference_key < $14
       AND (y.id >= $12 OR length($12) = 0) AND (y.id < $2 OR length($2) = 0))"
);
/// Those with a product, `$13`, each once.
pub const LIST_OF_PRODUCT: Turned = turned!(product_sql, "");

/// Whether many references begin so.
const COUNT_REFERENCES: Sql =
    sql!("SELECT COUNT(*) FROM (SELECT 1 FROM orders y WHERE y.merchant = $1 AND y.reference_key >= $2 AND y.reference_key < $3 LIMIT $4) x");

/// Orders of a product or in a state up to which they are all looked at, whatever else is asked for: where there are more, what is asked for is soon found.
const RARE: i64 = 10_000;

/// How many items of a product there are in a span, as far as it matters.
pub const COUNT_OF_PRODUCT: Sql =
    sql!("SELECT COUNT(*) FROM (SELECT 1 FROM order_item d WHERE d.merchant = $1 AND d.product = $2 AND d.orders >= $3 AND d.orders < $4 LIMIT $5) x");

/// How many orders are in a state in a span, as far as it matters.
pub const COUNT_OF_STATE: Sql =
    sql!("SELECT COUNT(*) FROM (SELECT 1 FROM orders o WHERE o.merchant = $1 AND o.state = $2 AND o.id >= $3 AND o.id < $4 LIMIT $5) x");

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
    /// The first twelve parameters, and those behind them.
    fn values(self, filter: &OrderFilter, further: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let length = i64::try_from(self.reference.len()).unwrap_or(i64::MAX);
        let partnership = self.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
        let (from, to) = (filter.created_from.map_or(i64::MIN, Timestamp::ms), filter.created_to.map_or(i64::MAX, Timestamp::ms));
        let state = filter.state.map_or("", State::name);
        let (first, before) = self.page.span_by(filter.sort, filter.created_from, filter.created_to);
        let mut values =
            params![self.merchant, before, self.page.fetch(), state, from, to, self.product, partnership, self.reference, length, filter.held, first].to_vec();
        values.extend(further);
        values
    }
}

/// A page of orders; of one partnership only, where given.
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
        Some(text) => Some(meant(&mut *reader, scope, partnership, text).await?),
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
        Some(Term::Name(word)) => {
            let reference = folded(&word).into_bytes();
            (LIST_OF_NAME, vec![word.into(), reference.into()])
        }
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
        Some(Term::Product(number)) if asked.product == 0 || asked.product == number => {
            asked.product = number;
            of_product(&mut *reader, filter, &mut asked).await?
        }
        Some(Term::Product(number)) => (LIST_OF_PRODUCT, vec![number.into()]),
        None if asked.product != 0 => of_product(&mut *reader, filter, &mut asked).await?,
        None => (walk(filter, &asked), Vec::new()),
    };
    Ok((text.by(filter.sort), asked.values(filter, further)))
}

/// By what is rarest of a product's orders and those that are asked for otherwise. Where both are many, but few are both, all of one are walked through.
async fn of_product(reader: &mut Reader<'_>, filter: &OrderFilter, asked: &mut Asked) -> Result<(Turned, Vec<Value>), Fault> {
    let (first, before) = asked.page.span_by(filter.sort, filter.created_from, filter.created_to);
    if filter.held {
        return Ok((walk(filter, asked), Vec::new()));
    }
    let rare = if asked.partnership.is_some() {
        let values = params![asked.merchant, asked.product, first, before, RARE + 1];
        reader.query_one::<i64>(COUNT_OF_PRODUCT, values).await? > RARE
    } else if let Some(state) = filter.state {
        let values = params![asked.merchant, state.name(), first, before, RARE + 1];
        reader.query_one::<i64>(COUNT_OF_STATE, values).await? <= RARE
    } else {
        false
    };
    if rare {
        return Ok((walk(filter, asked), Vec::new()));
    }
    let number = std::mem::take(&mut asked.product);
    Ok((LIST_OF_PRODUCT, vec![number.into()]))
}

/// Without a word that is looked up.
fn walk(filter: &OrderFilter, asked: &Asked) -> Turned {
    match (asked.partnership, filter.state) {
        (Some(_), _) if filter.held => LIST_OF_PARTNERSHIP_HELD,
        (Some(_), Some(_)) => LIST_OF_PARTNERSHIP_STATE,
        (Some(_), None) => LIST_OF_PARTNERSHIP,
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

/// Whether a number is that of an order, or of an invoice with one, among those that are asked for (`$3` empty: all).
const NAMED: Sql = sql!(
    "SELECT CAST(1 AS bigint) FROM orders o WHERE o.merchant = $1 AND (o.partnership = $3 OR length($3) = 0)
       AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.number = $2
         UNION SELECT x.orders FROM invoice v CROSS JOIN invoice_order x WHERE v.merchant = $1 AND v.number = $2 AND x.merchant = v.merchant AND x.invoice = v.id)
     LIMIT 1"
);

/// Whether there is a customer with an address.
const ADDRESSED: Sql = sql!("SELECT CAST(1 AS bigint) FROM customer WHERE merchant = $1 AND email_key = $2 AND (partnership = $3 OR length($3) = 0) LIMIT 1");

/// What a word means: an address of a customer, a number, a SKU, else a beginning of references. Only what the one who asks may
/// see decides: what others have neither hides an own order nor shows by its absence that it exists.
///
/// # Errors
/// The store's.
pub(super) async fn meant(reader: &mut Reader<'_>, scope: MerchantScope, partnership: Option<PartnershipId>, text: &str) -> Result<Term, Fault> {
    let of = partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
    let reference = || Term::Reference(folded(text));
    if text.contains('@') {
        let address = text.to_lowercase();
        let known: Option<i64> = reader.query_opt(ADDRESSED, params![scope.merchant, address.clone(), of]).await?;
        return Ok(if known.is_some() { Term::Customer(address) } else { reference() });
    }
    let number = text.to_ascii_uppercase();
    let known: Option<i64> = reader.query_opt(NAMED, params![scope.merchant, number.clone(), of]).await?;
    if known.is_some() {
        return Ok(Term::Name(number));
    }
    for sku in [text, number.as_str()] {
        if let Some(product) = catalog::queries::sku_owner(&mut *reader, scope.merchant, sku).await?
            && knows(&mut *reader, scope, partnership, sku).await?
        {
            return Ok(Term::Product(product));
        }
    }
    Ok(reference())
}

/// Whether a product is one that a partnership may order or has licenses of; the merchant knows all of them.
async fn knows(reader: &mut Reader<'_>, scope: MerchantScope, partnership: Option<PartnershipId>, sku: &str) -> Result<bool, Fault> {
    let Some(partnership) = partnership else { return Ok(true) };
    let of = PartnershipScope { merchant: scope.merchant, partnership };
    let Some(found) = partners::queries::partnership(&mut *reader, scope, partnership).await? else { return Ok(false) };
    let offered = catalog::queries::find_available(&mut *reader, of, found.channel, sku).await?;
    Ok(offered.is_some() || licenses::queries::product_of(reader, of, sku).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_so_lies_between_its_bounds() {
        let (from, to) = within("po-ü");
        let among = |text: &str| text.as_bytes() >= &from[..] && text.as_bytes() < &to[..];
        assert!(among("po-ü") && among("po-ü9") && among("po-ü\u{10ffff}"));
        assert!(!among("po-") && !among("po-v") && !among("po-ý"));
    }
}
