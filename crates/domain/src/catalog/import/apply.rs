//! Applying a product file: all of it or nothing (CAT-9).

use super::plan::Known;
use super::{Change, LinePlan, ProductFile};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::catalog::pricing::Book;
use crate::catalog::{ProductFields, Tier, queries, store};
use crate::command::{Command, Ctx, No};
use crate::ids::ProductId;
use crate::merchants;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use tradepost_kernel::{Currency, Refusal};
use tradepost_store::{Fault, Reader, Tx};

/// What each line would do: the dry run.
///
/// # Errors
/// The store's.
pub async fn preview(reader: &mut Reader<'_>, scope: MerchantScope, file: &ProductFile) -> Result<Vec<LinePlan>, Fault> {
    Ok(file.plan(&known(reader, scope, file).await?))
}

async fn known(reader: &mut Reader<'_>, scope: MerchantScope, file: &ProductFile) -> Result<Known, Fault> {
    let products = queries::products_by_sku(reader, scope, &file.skus()).await?;
    let numbers: Vec<i64> = products.values().map(|product| product.number).collect();
    let mut prices: HashMap<i64, HashMap<_, _>> = HashMap::new();
    for book in queries::prices(reader, scope, &numbers).await? {
        if book.book == Book::List {
            prices.entry(book.product).or_default().insert(book.currency, book.tiers);
        }
    }
    Ok(products
        .into_iter()
        .map(|(sku, product)| {
            let prices = prices.remove(&product.number).unwrap_or_default();
            (sku, (product, prices))
        })
        .collect())
}

/// Applies a file: all of it, or nothing where a line is wrong.
#[derive(Clone, Debug)]
pub struct ImportProducts {
    /// Whose.
    pub scope: MerchantScope,
    /// What it says.
    pub file: ProductFile,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// New products.
    pub created: i64,
    /// Changed products.
    pub updated: i64,
    /// Lines that changed nothing.
    pub unchanged: i64,
}

#[async_trait::async_trait]
impl Command for ImportProducts {
    const NAME: &'static str = "catalog.import_products";
    const REFUSALS: &'static [&'static str] = &["import_refused"];
    type Outcome = ImportCounts;

    fn need(&self) -> Need {
        Need::Right(Right::CatalogManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ImportCounts, No> {
        queries::lock_skus(tx, self.scope, &self.file.skus()).await?;
        let known = known(tx, self.scope, &self.file).await?;
        let plans = self.file.plan(&known);
        if let Some(plan) = plans.iter().find(|plan| plan.change == Change::Error) {
            let why = plan.notes.first().map_or_else(String::new, |note| format!("{} {}", note.column, note.detail));
            return Err(Refusal::invalid("import_refused", format!("Line {}: {why}", plan.line)).into());
        }

        // From here it must succeed.
        let numbers = self.write_products(ctx, tx, &known, &plans).await?;
        let mut prices: Vec<(i64, Currency, &[Tier])> = Vec::new();
        for plan in &plans {
            let number = number_of(&numbers, &plan.sku)?;
            prices.extend(plan.prices.iter().map(|(currency, tiers)| (number, *currency, tiers.as_slice())));
            if let Some(parts) = &plan.parts {
                let parts: Result<Vec<(i64, i64)>, Fault> = parts.iter().map(|(sku, quantity)| Ok((number_of(&numbers, sku)?, *quantity))).collect();
                store::replace_parts(tx, self.scope.merchant, number, &parts?).await?;
            }
        }
        store::replace_list_prices(tx, self.scope.merchant, &prices).await?;
        let count = |change: Change| i64::try_from(plans.iter().filter(|plan| plan.change == change).count()).unwrap_or(i64::MAX);
        Ok(ImportCounts { created: count(Change::Created), updated: count(Change::Updated), unchanged: count(Change::Unchanged) })
    }
}

fn number_of(numbers: &HashMap<&str, i64>, sku: &str) -> Result<i64, Fault> {
    numbers.get(sku).copied().ok_or_else(|| Fault::invariant(format!("{sku} was planned and is not there")))
}

impl ImportProducts {
    /// Writes the rows of products, with audit and events, and says the number of every SKU.
    async fn write_products<'a>(&self, ctx: &mut Ctx, tx: &mut Tx<'_>, known: &'a Known, plans: &'a [LinePlan]) -> Result<HashMap<&'a str, i64>, No> {
        let merchant = self.scope.merchant;
        let mut numbers: HashMap<&str, i64> = known.iter().map(|(sku, (product, _))| (sku.as_str(), product.number)).collect();
        let created: Vec<&LinePlan> = plans.iter().filter(|plan| plan.change == Change::Created).collect();
        let count = i64::try_from(created.len()).unwrap_or(i64::MAX);
        let first = if count > 0 { merchants::next_numbers(tx, merchant, "product", count).await? } else { 0 };
        for (number, plan) in (first..).zip(&created) {
            numbers.insert(&plan.sku, number);
        }
        let mut rows = Vec::with_capacity(created.len());
        for plan in &created {
            let Some(fields) = &plan.fields else { return Err(Fault::invariant("a planned product without fields").into()) };
            let parent = plan.parent.as_ref().map(|sku| number_of(&numbers, sku)).transpose()?;
            let id: ProductId = ctx.id();
            rows.push(store::NewProduct { number: number_of(&numbers, &plan.sku)?, id, parent, fields });
            ctx.audit(AuditEntry::new(merchant, "product.created", id).after(facts(fields, plan)));
            ctx.announce(Event::new(merchant, "product.created", id, json!({ "product": id, "sku": fields.sku })));
        }
        store::insert_products(tx, merchant, &rows, ctx.now).await?;

        let mut changed = Vec::new();
        for plan in plans.iter().filter(|plan| plan.change == Change::Updated) {
            let (Some(fields), Some((was, _))) = (&plan.fields, known.get(&plan.sku)) else { continue };
            changed.push((was.number, fields));
            ctx.audit(AuditEntry::new(merchant, "product.changed", was.id).before(was.fields.facts()).after(facts(fields, plan)));
            ctx.announce(Event::new(merchant, "product.changed", was.id, json!({ "product": was.id, "sku": fields.sku })));
        }
        store::update_products(tx, merchant, &changed, ctx.now).await?;
        Ok(numbers)
    }
}

/// What the audit trail says of a line: the fields, and the list prices that the line set.
fn facts(fields: &ProductFields, plan: &LinePlan) -> serde_json::Value {
    let mut facts = fields.facts();
    for (currency, tiers) in &plan.prices {
        facts[format!("price_{currency}")] = json!(tiers);
    }
    facts
}
