//! What an import found, line by line. Holds no code.

use crate::ids::{KeyImportId, ProductId};
use std::collections::BTreeMap;

/// Lines that are listed by number; the rest is counted.
const MOST_LISTED: usize = 100;

/// What an import or its dry run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The import; `None` for a dry run.
    pub import: Option<KeyImportId>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether the keys are in stock now.
    pub taken_in: bool,
    /// Lines read, without the header.
    pub lines: i64,
    /// New keys by SKU.
    pub products: BTreeMap<String, ProductCount>,
    /// Codes that stand in the file before.
    pub duplicates_in_file: Listed,
    /// Codes that the product has already, whatever became of them.
    pub duplicates_in_stock: Listed,
    /// Blank lines.
    pub blank: Listed,
    /// Lines that cannot be read as a code of a product.
    pub malformed: Listed,
}

/// New keys of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductCount {
    /// Which product.
    pub product: ProductId,
    /// How many.
    pub new: i64,
}

/// A count, and the first of the lines that it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// How many.
    pub count: i64,
    /// The first hundred.
    pub first: Vec<ListedLine>,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedLine {
    /// Counted from 1, the header included.
    pub line: i64,
    /// What is wrong, where the kind does not say it.
    pub detail: String,
}

impl Listed {
    pub(super) fn add(&mut self, line: i64, detail: &str) {
        self.count += 1;
        if self.first.len() < MOST_LISTED {
            self.first.push(ListedLine { line, detail: detail.to_owned() });
        }
    }
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            import: None,
            dry_run,
            taken_in: false,
            lines: 0,
            products: BTreeMap::new(),
            duplicates_in_file: Listed::default(),
            duplicates_in_stock: Listed::default(),
            blank: Listed::default(),
            malformed: Listed::default(),
        }
    }

    pub(super) fn count(&mut self, sku: &str, product: ProductId, new: i64) {
        match self.products.get_mut(sku) {
            Some(count) => count.new += new,
            None => {
                self.products.insert(sku.to_owned(), ProductCount { product, new });
            }
        }
    }

    /// New keys of all products.
    #[must_use]
    pub fn new_keys(&self) -> i64 {
        self.products.values().map(|count| count.new).sum()
    }

    /// Whether something is wrong that makes an all-or-nothing import take in nothing. Blank lines are not.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.duplicates_in_file.count + self.duplicates_in_stock.count + self.malformed.count > 0
    }
}
