//! A CSV file of products with list prices (CAT-9): read whole, refused whole, applied line by line through the same
//! commands as the API. A product that is known by its SKU is changed, another is made.

use crate::operate::{Listener, Progress};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use tradepost_domain::catalog::queries::{self, ProductView};
use tradepost_domain::catalog::{ChangeProduct, CreateProduct, EndUserInformation, Kind, Method, ProductPatch, SetPrices, Shelf, Tier};
use tradepost_domain::{Engine, MerchantScope, No, Origin, ProductId};
use tradepost_kernel::{Currency, Money, Refusal, text};

/// One line, read.
struct Line {
    number: u64,
    sku: String,
    patch: ProductPatch,
    price: Option<Money>,
}

/// Columns that may stand in the first line; `sku` and `name` must.
const COLUMNS: &[&str] =
    &["sku", "name", "product_version", "short_description", "group", "kind", "method", "end_user_information", "enabled", "currency", "list_price"];
/// Wrong lines that are named.
const NAMED: usize = 20;

/// Imports a file, or says what would happen.
pub(crate) async fn import(engine: &Engine, scope: MerchantScope, content: &[u8], dry_run: bool, listener: Listener<'_>) -> Result<Json, No> {
    let lines = read(content).map_err(|wrong| Refusal::invalid("invalid_file", wrong))?;
    let skus: Vec<String> = lines.iter().map(|line| line.sku.clone()).collect();
    let known = engine.store.read(move |reader| Box::pin(async move { queries::products_by_sku(reader, scope, &skus).await })).await?;
    let total = lines.len() as u64;
    let (mut created, mut changed) = (0, 0);
    let mut shown = Vec::with_capacity(lines.len());
    for (done, line) in lines.into_iter().enumerate() {
        let was = known.get(&line.sku);
        *(if was.is_some() { &mut changed } else { &mut created }) += 1;
        shown.push(json!({"line": line.number, "sku": line.sku, "action": if was.is_some() { "change" } else { "create" }}));
        if !dry_run {
            apply(engine, scope, was, line).await?;
        }
        listener(Progress { done: done as u64 + 1, total });
    }
    Ok(json!({"dry_run": dry_run, "created": created, "changed": changed, "lines": shown}))
}

async fn apply(engine: &Engine, scope: MerchantScope, was: Option<&ProductView>, line: Line) -> Result<(), No> {
    let product: ProductId = match was {
        Some(was) => {
            let command = ChangeProduct { scope, product: was.id, expected_version: None, patch: line.patch };
            engine.execute(Origin::operator(), command).await?;
            was.id
        }
        None => engine.execute(Origin::operator(), CreateProduct { scope, parent: None, patch: line.patch }).await?.outcome,
    };
    if let Some(price) = line.price {
        let tiers = vec![Tier { from_quantity: 1, unit_minor: price.minor }];
        engine.execute(Origin::operator(), SetPrices { scope, product, shelf: Shelf::List, currency: price.currency, tiers }).await?;
    }
    Ok(())
}

/// Every line, or every mistake (the first twenty of them).
fn read(content: &[u8]) -> Result<Vec<Line>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let head: Vec<String> =
        reader.headers().map_err(|error| format!("line 1: {error}"))?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    if let Some(unknown) = head.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        return Err(format!("line 1: {unknown} is no column; known are {}", COLUMNS.join(", ")));
    }
    for needed in ["sku", "name"] {
        if !head.iter().any(|name| name == needed) {
            return Err(format!("line 1: the column {needed} is missing"));
        }
    }
    let (mut lines, mut wrong, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let number = record.position().map_or(0, csv::Position::line);
        let cells: HashMap<&str, &str> = head.iter().map(String::as_str).zip(record.iter()).filter(|(_, cell)| !cell.is_empty()).collect();
        match line(number, &cells) {
            Ok(line) => match seen.insert(line.sku.clone(), number) {
                Some(first) => wrong.push(format!("line {number}: {} stands in line {first} already", line.sku)),
                None => lines.push(line),
            },
            Err(error) => wrong.push(format!("line {number}: {error}")),
        }
    }
    if wrong.is_empty() { Ok(lines) } else { Err(wrong.into_iter().take(NAMED).collect::<Vec<_>>().join("; ")) }
}

fn line(number: u64, cells: &HashMap<&str, &str>) -> Result<Line, String> {
    let cell = |name: &str| cells.get(name).copied();
    let one_of = |name: &'static str| move || format!("{name} is unknown");
    let sku = text::sku(cell("sku").unwrap_or("")).map_err(|error| format!("sku {}", error.detail()))?;
    let name = text::line(cell("name").unwrap_or(""), 200).map_err(|error| format!("name {}", error.detail()))?;
    let price = match (cell("currency"), cell("list_price")) {
        (Some(currency), Some(price)) => {
            let currency: Currency = currency.parse().map_err(|_| "currency is unknown".to_owned())?;
            let price = currency.parse(price).ok().filter(|price| price.minor >= 0);
            Some(price.ok_or_else(|| format!("list_price is no amount in {currency}"))?)
        }
        (_, None) => None,
        (None, Some(_)) => return Err("list_price needs a currency".into()),
    };
    let enabled = match cell("enabled") {
        None => None,
        Some("1" | "true" | "yes") => Some(true),
        Some("0" | "false" | "no") => Some(false),
        Some(_) => return Err("enabled must be true or false".into()),
    };
    let text_cell = |name: &str| cell(name).map(|text| Some(text.to_owned()));
    let patch = ProductPatch {
        sku: Some(sku.clone()),
        name: Some(name),
        product_version: text_cell("product_version"),
        short_description: text_cell("short_description"),
        group: text_cell("group"),
        kind: cell("kind").map(|name| Kind::from_name(name).ok_or_else(one_of("kind"))).transpose()?,
        method: cell("method").map(|name| Method::from_name(name).ok_or_else(one_of("method"))).transpose()?,
        end_user_information: cell("end_user_information")
            .map(|name| EndUserInformation::from_name(name).ok_or_else(one_of("end_user_information")))
            .transpose()?,
        enabled,
        ..ProductPatch::default()
    };
    Ok(Line { number, sku, patch, price })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CAT-9: the file that ships as an example reads without a mistake.
    #[test]
    fn the_example_catalog_is_read_whole() {
        let lines = read(include_bytes!("../../../examples/products.csv")).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(lines.len() >= 10 && lines.iter().all(|line| line.price.is_some()));
    }

    /// CAT-9: what is wrong is said line by line, and nothing is applied.
    #[test]
    fn every_wrong_line_is_named() {
        let file = "sku,name,kind,currency,list_price\nA,One,key,USD,1.00\nA,Twice,key,USD,1.00\nB C,Two,key,,\nD,,key,,\nE,Five,spaceship,,\nF,Six,key,USD,1.234\nG,Seven,key,,5\n";
        let wrong = read(file.as_bytes()).err().expect("wrong");
        for needed in ["line 3: A stands in line 2", "line 4: sku", "line 5: name", "line 6: kind", "line 7: list_price", "line 8: list_price needs"] {
            assert!(wrong.contains(needed), "{needed}: {wrong}");
        }
        assert!(read(b"sku,nmae\n").err().is_some_and(|wrong| wrong.contains("nmae is no column")));
        assert!(read(b"sku\n").err().is_some_and(|wrong| wrong.contains("name is missing")));
    }
}
