//! What a product file would change, line by line.

use super::{ProductFile, ProductLine};
use crate::catalog::queries::ProductView;
use crate::catalog::{ProductFields, Tier};
use std::collections::{HashMap, HashSet};
use tradepost_kernel::Currency;

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new product.
    Created,
    /// A product is changed; the notes name the columns.
    Updated,
    /// Nothing.
    Unchanged,
    /// Nothing of the file is applied; the notes say why.
    Error,
}
crate::access::named!(Change { Created = "created", Updated = "updated", Unchanged = "unchanged", Error = "error" });

/// A column that is changed or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The column; empty for the line as a whole.
    pub column: String,
    /// What is wrong; empty for a change.
    pub detail: String,
}

impl Note {
    pub(super) fn new(column: &str, detail: &str) -> Self {
        Self { column: column.to_owned(), detail: detail.to_owned() }
    }
}

/// What one line does, and what is needed to do it.
#[derive(Clone, Debug)]
pub struct LinePlan {
    /// Counted from 1, the header included.
    pub line: i64,
    /// Its SKU.
    pub sku: String,
    /// What it does.
    pub change: Change,
    /// Columns that are changed, or what is wrong.
    pub notes: Vec<Note>,
    pub(super) fields: Option<ProductFields>,
    pub(super) parent: Option<String>,
    /// Parts by SKU, where they change.
    pub(super) parts: Option<Vec<(String, i64)>>,
    /// List prices that change.
    pub(super) prices: Vec<(Currency, Vec<Tier>)>,
}

/// What is in the catalog of all that the file names: products by SKU, with their list prices.
pub(super) type Known = HashMap<String, (ProductView, HashMap<Currency, Vec<Tier>>)>;

impl ProductFile {
    /// Every SKU that the file names: its products, their parents and parts.
    pub(super) fn skus(&self) -> Vec<String> {
        let mut skus = HashSet::new();
        for line in &self.lines {
            skus.insert(line.sku.clone());
            skus.extend(line.parent.clone().flatten());
            skus.extend(line.patch.parts.iter().flatten().map(|part| part.product.clone()));
        }
        skus.into_iter().collect()
    }

    /// What each line would do.
    pub(super) fn plan(&self, known: &Known) -> Vec<LinePlan> {
        let mut planned: HashMap<String, (ProductFields, bool)> = HashMap::new();
        let mut plans = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let plan = line.plan(known, &planned);
            if let Some(fields) = &plan.fields {
                planned.insert(line.sku.clone(), (fields.clone(), plan.parent.is_some()));
            }
            plans.push(plan);
        }
        plans
    }
}

impl ProductLine {
    /// `planned`: fields of earlier lines, and whether each is a variant.
    fn plan(&self, known: &Known, planned: &HashMap<String, (ProductFields, bool)>) -> LinePlan {
        let mut wrong = self.wrong.clone();
        if planned.contains_key(&self.sku) {
            wrong.push(Note::new("sku", "stands on an earlier line"));
        }
        let lookup = |sku: &String| -> Option<(ProductFields, bool)> {
            let in_catalog = || known.get(sku).map(|(product, _)| (product.fields.clone(), product.parent.is_some()));
            planned.get(sku).cloned().or_else(in_catalog)
        };
        let was = known.get(&self.sku);
        let parent = self.parent.clone().flatten();
        let fields = match was {
            Some((product, _)) => {
                self.check_fixed(product, known, &mut wrong);
                product.fields.with(&self.patch)
            }
            None => match parent.as_ref().map(|sku| (sku, lookup(sku))) {
                None => ProductFields::new(&self.patch),
                Some((_, Some((fields, false)))) if !fields.bundle => ProductFields { name: String::new(), ..fields }.with(&self.patch),
                Some(_) => {
                    wrong.push(Note::new("parent", "names no product that can have variants, in the catalog or on an earlier line"));
                    ProductFields::new(&self.patch)
                }
            },
        };
        let fields = fields.checked().map_err(|refusals| {
            wrong.extend(refusals.into_iter().map(|no| Note::new(no.pointer.trim_start_matches('/'), &no.detail)));
        });
        let parts = self.plan_parts(fields.as_ref().ok(), was.is_some(), lookup, &mut wrong);
        let Ok(fields) = fields else { return self.failed(wrong) };
        if !wrong.is_empty() {
            return self.failed(wrong);
        }
        self.changes(was, fields, parent, parts)
    }

    fn failed(&self, notes: Vec<Note>) -> LinePlan {
        LinePlan { line: self.line, sku: self.sku.clone(), change: Change::Error, notes, fields: None, parent: None, parts: None, prices: Vec::new() }
    }

    /// Parent and type of a product never change.
    fn check_fixed(&self, product: &ProductView, known: &Known, wrong: &mut Vec<Note>) {
        if self.patch.bundle.is_some_and(|bundle| bundle != product.fields.bundle) {
            wrong.push(Note::new("type", "never changes"));
        }
        let Some(asked) = &self.parent else { return };
        let same = match (asked, product.parent) {
            (None, None) => true,
            (Some(sku), Some((number, _))) => known.get(sku).is_some_and(|(parent, _)| parent.number == number),
            _ => false,
        };
        if !same {
            wrong.push(Note::new("parent", "never changes"));
        }
    }

    fn plan_parts(
        &self,
        fields: Option<&ProductFields>,
        exists: bool,
        lookup: impl Fn(&String) -> Option<(ProductFields, bool)>,
        wrong: &mut Vec<Note>,
    ) -> Option<Vec<(String, i64)>> {
        let bundle = fields.is_some_and(|fields| fields.bundle);
        let parts = self.patch.parts.as_deref();
        if bundle && !exists && parts.is_none() {
            wrong.push(Note::new("parts", "A bundle has at least one part."));
        }
        if let Some(no) = crate::catalog::fields::parts_error(bundle, parts) {
            wrong.push(Note::new("parts", &no.detail));
        }
        let mut planned: Vec<(String, i64)> = Vec::new();
        for part in parts? {
            match lookup(&part.product) {
                Some((fields, _)) if !fields.bundle && part.product != self.sku => match planned.iter_mut().find(|(sku, _)| *sku == part.product) {
                    Some((_, quantity)) => *quantity += part.quantity,
                    None => planned.push((part.product.clone(), part.quantity)),
                },
                _ => wrong.push(Note::new("parts", &format!("{} names no product that can be a part, in the catalog or on an earlier line", part.product))),
            }
        }
        Some(planned)
    }

    /// What differs from what is there.
    fn changes(
        &self,
        was: Option<&(ProductView, HashMap<Currency, Vec<Tier>>)>,
        fields: ProductFields,
        parent: Option<String>,
        parts: Option<Vec<(String, i64)>>,
    ) -> LinePlan {
        let none = HashMap::new();
        let had = was.map_or(&none, |(_, prices)| prices);
        let differs = |(currency, tiers): &&(Currency, Vec<Tier>)| had.get(currency).map_or(&[][..], Vec::as_slice) != tiers.as_slice();
        let prices: Vec<(Currency, Vec<Tier>)> = self.prices.iter().filter(differs).cloned().collect();
        let same_parts = |parts: &Vec<(String, i64)>| {
            let mut had: Vec<(String, i64)> = was.iter().flat_map(|(product, _)| product.parts.iter().map(|part| (part.sku.clone(), part.quantity))).collect();
            let mut wanted = parts.clone();
            had.sort();
            wanted.sort();
            had == wanted
        };
        let parts = parts.filter(|parts| !same_parts(parts));
        let mut notes = Vec::new();
        let change = match was {
            None => Change::Created,
            Some((product, _)) => {
                let (before, after) = (product.fields.facts(), fields.facts());
                let changed = after.as_object().into_iter().flatten().filter(|(name, value)| before.get(name.as_str()) != Some(*value));
                notes.extend(changed.map(|(name, _)| Note::new(if name == "weight_grams" { "weight_kg" } else { name }, "")));
                notes.extend(parts.iter().map(|_| Note::new("parts", "")));
                notes.extend(prices.iter().map(|(currency, _)| Note::new(&format!("price_{currency}"), "")));
                if notes.is_empty() { Change::Unchanged } else { Change::Updated }
            }
        };
        LinePlan { line: self.line, sku: self.sku.clone(), change, notes, fields: Some(fields), parent, parts, prices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(text: &str) -> Vec<(i64, &'static str, Vec<String>)> {
        let file = ProductFile::read(text.as_bytes()).expect("a file");
        let plans = file.plan(&Known::new());
        plans.into_iter().map(|plan| (plan.line, plan.change.name(), plan.notes.into_iter().map(|note| note.column).collect())).collect()
    }

    /// CAT-9: parents and parts may stand on earlier lines.
    #[test]
    fn a_catalog_is_created_from_an_empty_one() {
        let text = "sku,name,type,parent,parts,price_USD\nA,Atlas,,,,40.00|10:36.00\nA-5,Atlas 5,,A,,180\nB,Suite,bundle,,A:1|A-5:2,200\n";
        assert_eq!(planned(text), [(2, "created", vec![]), (3, "created", vec![]), (4, "created", vec![])]);
    }

    #[test]
    fn every_line_says_what_is_wrong_and_where() {
        let text = "sku,name,kind,parent,parts,min_quantity,price_USD\nA,Atlas,key,,,1,1\nA,Again,,,,,\nC,,physical,NOPE,,x,1.234\nD,Dee,,,A:1,,\nE,E\n";
        let columns = |columns: &[&str]| columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            planned(text),
            [
                (2, "created", vec![]),
                (3, "error", columns(&["sku"])),
                (4, "error", columns(&["kind", "min_quantity", "price_USD", "parent", "name"])),
                (5, "error", columns(&["parts"])),
                (6, "error", columns(&["", "sku", "name"])),
            ]
        );
    }

    #[test]
    fn an_unknown_column_is_refused_before_any_line() {
        for (text, code) in [("sku,color\n", "invalid_header"), ("name\n", "invalid_header"), ("sku,sku\n", "invalid_header"), ("", "invalid_header")] {
            assert_eq!(ProductFile::read(text.as_bytes()).map_err(|no| no.code).err(), Some(code), "{text}");
        }
    }

    /// The example file imports into an empty catalog without an error.
    #[test]
    fn the_example_catalog_is_right() {
        let text = include_str!("../../../../../examples/products.csv");
        let wrong: Vec<_> = planned(text).into_iter().filter(|(_, change, _)| *change != "created").collect();
        assert_eq!(wrong, []);
    }
}
