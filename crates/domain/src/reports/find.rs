//! What some words find, whatever it is: orders, invoices, resellers, products and licenses, a few of each (ORD-10, PAR-17). It is asked
//! while somebody types.
//!
//! Always true here: each look-up goes by an index and looks at so many rows and no more, whatever was typed; what others have neither hides
//! what is one's own nor shows that it is there.

use crate::access::MerchantScope;
use crate::billing::queries::{self as billing, InvoiceFilter, InvoiceRow};
use crate::catalog::queries::{self as catalog, ProductView};
use crate::ids::{InvoiceId, LicenseId, OrderId, PartnershipId, ProductId};
use crate::licenses::queries as licenses;
use crate::listing::PageRequest;
use crate::partners::queries::{self as partners, PartnershipFilter, PartnershipSort};
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::text::folded;
use tradepost_store::{Fault, Reader, Sql, params, sql};

/// How many of each kind are found.
pub const MOST: i64 = 5;
/// References with one beginning, and a reseller's newest orders, that are looked at.
const ORDERS: i64 = 500;
/// A merchant's newest products, whose names are looked at: no index knows what a name has in its middle.
const PRODUCTS: i64 = 2_000;

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An order.
    Order,
    /// An invoice.
    Invoice,
    /// A partnership with its reseller.
    Reseller,
    /// A product.
    Product,
    /// A license.
    License,
}
crate::access::named!(Kind { Order = "order", Invoice = "invoice", Reseller = "reseller", Product = "product", License = "license" });

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// What it is called: a number, a name; an order without a number and a license by its id.
    pub name: String,
    /// What tells it from others: the reseller and its reference, the SKU.
    pub detail: Option<String>,
}

/// What is looked for: what the one who asks may see.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    /// Orders and licenses.
    pub orders: bool,
    /// Invoices.
    pub invoices: bool,
    /// Resellers.
    pub resellers: bool,
    /// Products.
    pub products: bool,
}

/// Orders with a number, `$3`, or references that begin so: from `$4` to before `$5`, the first `$7` of them.
pub const ORDERS_OF_ALL: Sql = sql!(
    "SELECT o.id, o.partnership, o.number, o.reference FROM orders o WHERE o.merchant = $1 AND (o.partnership = $2 OR length($2) = 0)
       AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.number = $3
         UNION SELECT z.id FROM (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key >= $4 AND y.reference_key < $5
           ORDER BY y.reference_key, y.id LIMIT $7) z)
     ORDER BY o.id DESC LIMIT $6"
);

/// The same of one partnership, `$2`: any with the whole of a reference, and of its newest `$7` those that begin so.
pub const ORDERS_OF_ONE: Sql = sql!(
    "SELECT o.id, o.partnership, o.number, o.reference FROM orders o WHERE o.merchant = $1 AND o.partnership = $2
       AND o.id IN (SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.number = $3
         UNION SELECT y.id FROM orders y WHERE y.merchant = $1 AND y.reference_key = $4 AND (y.partnership = $2 OR length($2) = 0)
         UNION SELECT z.id FROM (SELECT y.id, y.reference_key FROM orders y WHERE y.merchant = $1 AND y.partnership = $2 ORDER BY y.id DESC LIMIT $7) z
           WHERE z.reference_key >= $4 AND z.reference_key < $5)
     ORDER BY o.id DESC LIMIT $6"
);

/// Licenses of the customer with an address, `$2`, whoever sold them (`$3` empty) or of one partnership.
pub const LICENSES_OF_CUSTOMER: Sql = sql!(
    "SELECT l.id FROM customer c CROSS JOIN license l WHERE c.merchant = $1 AND c.email_key = $2 AND (c.partnership = $3 OR length($3) = 0)
       AND l.merchant = c.merchant AND l.customer = c.id LIMIT $4"
);

/// Among the newest `$4` products those whose SKU or name has some words.
pub const PRODUCTS_NAMED: Sql = sql!(
    "SELECT p.id, p.number FROM (SELECT id, number, sku, name FROM product WHERE merchant = $1 ORDER BY id DESC LIMIT $4) p
     WHERE LOWER(p.sku) LIKE $2 ESCAPE '!' OR LOWER(p.name) LIKE $2 ESCAPE '!' ORDER BY p.id DESC LIMIT $3"
);

/// The first page of a few.
const FEW: PageRequest = PageRequest { limit: MOST, before: None };

/// What some words find of a merchant's, or of one partnership's where that is given: the numbers, references, names, SKUs, ids and addresses of
/// customers that they may be. Empty words find nothing.
///
/// # Errors
/// The store's.
pub async fn find(reader: &mut Reader<'_>, scope: MerchantScope, of: Option<PartnershipId>, words: &str, areas: Areas) -> Result<Vec<Hit>, Fault> {
    let words = words.trim();
    let mut hits = Vec::new();
    if words.is_empty() {
        return Ok(hits);
    }
    if areas.orders {
        orders(&mut *reader, scope, of, words, &mut hits).await?;
    }
    if areas.invoices {
        invoices(&mut *reader, scope, of, words, &mut hits).await?;
    }
    if areas.resellers {
        let filter = PartnershipFilter { search: Some(words.to_owned()), sort: PartnershipSort::Company, ..PartnershipFilter::default() };
        let found = partners::search(&mut *reader, scope, &filter, FEW).await?;
        hits.extend(found.rows.into_iter().map(|row| Hit { kind: Kind::Reseller, id: row.id.to_string(), name: row.reseller.company, detail: Some(row.code) }));
    }
    if areas.products {
        products(&mut *reader, scope, of, words, &mut hits).await?;
    }
    if areas.orders {
        licenses_found(&mut *reader, scope, of, words, &mut hits).await?;
    }
    Ok(hits)
}

type OrderLine = (OrderId, PartnershipId, Option<String>, Option<String>);

async fn orders(reader: &mut Reader<'_>, scope: MerchantScope, of: Option<PartnershipId>, words: &str, hits: &mut Vec<Hit>) -> Result<(), Fault> {
    let rows: Vec<OrderLine> = if let Ok(id) = words.parse::<OrderId>() {
        let found = crate::orders::queries::order(&mut *reader, scope, of, id).await?;
        found.into_iter().map(|order| (order.id, order.partnership, order.number, order.reference)).collect()
    } else {
        let from = folded(words).into_bytes();
        // No text has the byte 255.
        let mut to = from.clone();
        to.push(0xff);
        let text = if of.is_some() { ORDERS_OF_ONE } else { ORDERS_OF_ALL };
        let values = params![scope.merchant, bytes(of), words.to_ascii_uppercase(), from, to, MOST, ORDERS];
        reader.query(text, values).await?
    };
    let companies = companies(&mut *reader, scope, of, rows.iter().map(|row| row.1).collect()).await?;
    hits.extend(rows.into_iter().map(|(id, partnership, number, reference)| {
        let detail: Vec<String> = companies.get(&partnership).cloned().into_iter().chain(reference).collect();
        Hit { kind: Kind::Order, id: id.to_string(), name: number.unwrap_or_else(|| id.to_string()), detail: joined(&detail) }
    }));
    Ok(())
}

async fn invoices(reader: &mut Reader<'_>, scope: MerchantScope, of: Option<PartnershipId>, words: &str, hits: &mut Vec<Hit>) -> Result<(), Fault> {
    let rows: Vec<InvoiceRow> = if let Ok(id) = words.parse::<InvoiceId>() {
        billing::invoice(&mut *reader, scope, of, id).await?.into_iter().collect()
    } else {
        let filter = InvoiceFilter { partnership: of, number: Some(words.to_ascii_uppercase()), ..InvoiceFilter::default() };
        billing::search(&mut *reader, scope, &filter, FEW).await?.rows
    };
    let companies = companies(&mut *reader, scope, of, rows.iter().map(|row| row.partnership).collect()).await?;
    hits.extend(rows.into_iter().map(|row| {
        let detail = companies.get(&row.partnership).cloned();
        Hit { kind: Kind::Invoice, id: row.id.to_string(), name: row.number, detail }
    }));
    Ok(())
}

/// What the products are called whose id, SKU or name it is; a partnership finds those that it may order.
async fn products(reader: &mut Reader<'_>, scope: MerchantScope, of: Option<PartnershipId>, words: &str, hits: &mut Vec<Hit>) -> Result<(), Fault> {
    let mut found: Vec<(ProductId, i64)> = Vec::new();
    for sku in [words.to_owned(), words.to_ascii_uppercase()] {
        found.extend(catalog::find_product(&mut *reader, scope, &sku).await?.map(|product: ProductView| (product.id, product.number)));
    }
    let escaped = words.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    // Of what a partnership may not order some are left out below.
    let most = if of.is_some() { MOST * 10 } else { MOST };
    let named: Vec<(ProductId, i64)> = reader.query(PRODUCTS_NAMED, params![scope.merchant, format!("%{escaped}%"), most, PRODUCTS]).await?;
    found.extend(named);
    let mut seen = BTreeSet::new();
    found.retain(|(_, number)| seen.insert(*number));
    let numbers: Vec<i64> = found.iter().map(|(_, number)| *number).collect();
    let known = match of {
        None => catalog::products_by_number(&mut *reader, scope.merchant, &numbers).await?,
        Some(id) => match partners::partnership(&mut *reader, scope, id).await? {
            Some(partnership) => catalog::available(&mut *reader, partnership.scope(), partnership.channel, &numbers).await?,
            None => HashMap::new(),
        },
    };
    let rows = found.into_iter().filter_map(|(_, number)| known.get(&number)).take(usize::try_from(MOST).unwrap_or(0));
    hits.extend(rows.map(|product| Hit { kind: Kind::Product, id: product.id.to_string(), name: product.name.clone(), detail: Some(product.sku.clone()) }));
    Ok(())
}

async fn licenses_found(reader: &mut Reader<'_>, scope: MerchantScope, of: Option<PartnershipId>, words: &str, hits: &mut Vec<Hit>) -> Result<(), Fault> {
    let ids: Vec<LicenseId> = if let Ok(id) = words.parse::<LicenseId>() {
        vec![id]
    } else if words.contains('@') {
        let rows: Vec<(LicenseId,)> = reader.query(LICENSES_OF_CUSTOMER, params![scope.merchant, words.to_lowercase(), bytes(of), MOST]).await?;
        rows.into_iter().map(|row| row.0).collect()
    } else {
        return Ok(());
    };
    let mut rows = licenses::by_ids(&mut *reader, scope.merchant, &ids).await?;
    rows.retain(|row| of.is_none_or(|of| of == row.partnership));
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    let numbers: Vec<i64> = rows.iter().map(|row| row.product).collect();
    let products = catalog::products_by_number(&mut *reader, scope.merchant, &numbers).await?;
    hits.extend(rows.into_iter().map(|row| {
        let detail = products.get(&row.product).map(|product| product.name.clone());
        Hit { kind: Kind::License, id: row.id.to_string(), name: row.id.to_string(), detail }
    }));
    Ok(())
}

/// What the resellers are called; a partnership knows its own name.
async fn companies(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    of: Option<PartnershipId>,
    ids: BTreeSet<PartnershipId>,
) -> Result<HashMap<PartnershipId, String>, Fault> {
    if of.is_some() || ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<PartnershipId> = ids.into_iter().collect();
    let rows = partners::partnerships_by_id(reader, scope, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.reseller.company)).collect())
}

fn bytes(of: Option<PartnershipId>) -> Vec<u8> {
    of.map_or_else(Vec::new, |id| id.bytes().to_vec())
}

fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(" · "))
}
