//! Writing the catalog as the file that imports back unchanged (CAT-9).

use super::cells::{COLUMNS, price_cell};
use crate::access::MerchantScope;
use crate::catalog::pricing::Book;
use crate::catalog::queries::{self, ProductFilter, ProductView};
use crate::csv::write_record;
use crate::listing::PageRequest;
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::Currency;
use tradepost_store::{Fault, Reader};

/// Products of one page.
const PAGE: i64 = 1_000;

/// The whole catalog with its list prices. What others refer to stands first: products, their variants, bundles.
///
/// # Errors
/// The store's.
pub async fn export(reader: &mut Reader<'_>, scope: MerchantScope) -> Result<String, Fault> {
    let mut products: Vec<ProductView> = Vec::new();
    let mut page = PageRequest { limit: PAGE, before: None };
    loop {
        let read = queries::products(reader, scope, &ProductFilter::default(), page).await?;
        products.extend(read.rows);
        match read.next {
            Some(next) => page.before = Some(next),
            None => break,
        }
    }
    products.sort_by_key(|product| (product.fields.bundle, product.parent.is_some(), product.number));
    let numbers: Vec<i64> = products.iter().map(|product| product.number).collect();
    let mut cells: HashMap<(i64, Currency), String> = HashMap::new();
    let mut currencies = BTreeSet::new();
    for book in queries::prices(reader, scope, &numbers).await? {
        if book.book == Book::List {
            currencies.insert(book.currency);
            cells.insert((book.product, book.currency), price_cell(book.currency, &book.tiers));
        }
    }
    let skus: HashMap<i64, &str> = products.iter().map(|product| (product.number, product.fields.sku.as_str())).collect();
    let mut out = String::new();
    let priced: Vec<String> = currencies.iter().map(|currency| format!("price_{currency}")).collect();
    write_record(&mut out, COLUMNS.iter().map(|(_, name)| *name).chain(priced.iter().map(String::as_str)));
    for product in &products {
        let parent = product.parent.and_then(|(number, _)| skus.get(&number).copied());
        let mut record: Vec<String> = COLUMNS.iter().map(|(column, _)| column.cell(product, parent)).collect();
        record.extend(currencies.iter().map(|currency| cells.get(&(product.number, *currency)).cloned().unwrap_or_default()));
        write_record(&mut out, record.iter().map(String::as_str));
    }
    Ok(out)
}
