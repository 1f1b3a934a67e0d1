//! What a unit costs a partnership, and why (CAT-5). Pure, but for [`books`], which loads what it needs.
//!
//! The first price that applies: the partnership's override → the price of its channel's list → the list price
//! less the wholesale discount. From it the margins, added and taken once; then the item discount; a forced
//! total replaces the line. Rounded half away from zero after the wholesale discount, after the margins, and
//! the line after its discount.

use crate::access::{PartnershipScope, named};
use crate::ids::ChannelId;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Percent, Refusal};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, params, sql};

/// Where a price stands; the first in this order that has one applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// The partnership's own price.
    Partnership,
    /// The price in the channel's price list.
    PriceList,
    /// The product's list price.
    List,
}
named!(Book { Partnership = "partnership", PriceList = "price_list", List = "list" });

/// A unit price from a quantity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Where it stands.
    pub book: Book,
    /// The quantity of a line from which it holds.
    pub from_quantity: i64,
    /// In minor units of the currency asked for.
    pub unit_minor: i64,
}

/// The prices of one product in one currency, only of the books that apply to the partnership.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceBooks {
    /// In no order.
    pub rows: Vec<PriceRow>,
}

impl PriceBooks {
    /// The row that holds for a line of `quantity`: of the first book that has one, its highest tier within.
    #[must_use]
    pub fn applying(&self, quantity: i64) -> Option<PriceRow> {
        let within = self.rows.iter().filter(|row| row.from_quantity <= quantity);
        within.min_by_key(|row| (row.book, std::cmp::Reverse(row.from_quantity))).copied()
    }
}

/// The discount of one line, taken after the margins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemDiscount {
    /// None.
    #[default]
    None,
    /// A percentage of the line.
    Percent(Percent),
    /// Minor units off the line, at most the line.
    Amount(i64),
}

/// What a line costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Unit price after the margins, minor units.
    pub unit_minor: i64,
    /// The whole line after its discount, or the forced total; minor units.
    pub line_minor: i64,
    /// How it came about; kept with the item.
    pub explanation: Explanation,
}

/// Every step from the first price to the line. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// What amounts are in.
    pub currency: Currency,
    /// Units on the line.
    pub quantity: i64,
    /// In the order in which they were taken.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was done.
    pub step: StepKind,
    /// Where it came from.
    pub source: Source,
    /// By how many percent.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "percent_text")]
    pub percent: Option<Percent>,
    /// The tier of the price, for the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_quantity: Option<i64>,
    /// What the step gave (price, quantity, total) or took (discounts, margins).
    pub amount: i64,
    /// What stands after it: the unit price up to the margins, the line from `quantity` on.
    pub unit: i64,
}

/// The kinds of steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The price that applies.
    Price,
    /// Less the wholesale discount (only from the list price).
    WholesaleDiscount,
    /// Less the margins; the percentage is their sum.
    Margin,
    /// Times the quantity: from here on the line.
    Quantity,
    /// Less the item's own discount.
    ItemDiscount,
    /// Replaced by a forced total.
    ForcedTotal,
}

named!(StepKind {
    Price = "price",
    WholesaleDiscount = "wholesale_discount",
    Margin = "margin",
    Quantity = "quantity",
    ItemDiscount = "item_discount",
    ForcedTotal = "forced_total",
});

/// Where a step's number came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The partnership's own price.
    Partnership,
    /// The channel's price list.
    PriceList,
    /// The product's list price.
    List,
    /// The partnership's effective terms.
    Terms,
    /// Terms plus the extra margin of this item.
    TermsAndItem,
    /// This item.
    Item,
}

named!(Source {
    Partnership = "partnership",
    PriceList = "price_list",
    List = "list",
    Terms = "terms",
    TermsAndItem = "terms_and_item",
    Item = "item",
});

impl From<Book> for Source {
    fn from(book: Book) -> Self {
        match book {
            Book::Partnership => Self::Partnership,
            Book::PriceList => Self::PriceList,
            Book::List => Self::List,
        }
    }
}

/// What a line of `quantity` costs. `margin` and `extra_margin` are added and taken once.
///
/// # Errors
/// `price_missing`: no book has a price in this currency; `invalid_amount`: a discount beyond the line, a
/// negative amount, or a line that does not fit 64 bits; `invalid_quantity`: below one.
#[allow(clippy::too_many_arguments, reason = "each is a number of its own in the spec's order")]
pub fn quote(
    currency: Currency,
    books: &PriceBooks,
    quantity: i64,
    wholesale: Percent,
    margin: Percent,
    extra_margin: Percent,
    discount: ItemDiscount,
    forced_total: Option<i64>,
) -> Result<Quote, Refusal> {
    if quantity < 1 {
        return Err(Refusal::invalid("invalid_quantity", "The quantity must be at least 1.").at("/quantity"));
    }
    let missing = || Refusal::invalid("price_missing", format!("The product has no price in {currency}."));
    let price = books.applying(quantity).ok_or_else(missing)?;
    let mut steps = vec![step(StepKind::Price, price.book.into(), None, price.unit_minor, price.unit_minor)];
    steps[0].from_quantity = Some(price.from_quantity);

    let mut unit = price.unit_minor;
    if price.book == Book::List && wholesale != Percent::ZERO {
        let after = wholesale.taken_from(unit);
        steps.push(step(StepKind::WholesaleDiscount, Source::Terms, Some(wholesale), unit - after, after));
        unit = after;
    }
    let margins = margin.plus(extra_margin);
    if margins != Percent::ZERO {
        let source = if extra_margin == Percent::ZERO { Source::Terms } else { Source::TermsAndItem };
        let after = margins.taken_from(unit);
        steps.push(step(StepKind::Margin, source, Some(margins), unit - after, after));
        unit = after;
    }
    let too_large = || Refusal::invalid("invalid_amount", "The line is larger than any amount that can be kept.");
    let mut line = unit.checked_mul(quantity).ok_or_else(too_large)?;
    steps.push(step(StepKind::Quantity, Source::Item, None, quantity, line));
    if let Some(taken) = discounted(line, discount)? {
        line = taken.unit;
        steps.push(taken);
    }
    if let Some(total) = forced_total {
        if total < 0 {
            return Err(Refusal::invalid("invalid_amount", "A forced total must not be negative.").at("/forced_total"));
        }
        line = total;
        steps.push(step(StepKind::ForcedTotal, Source::Item, None, total, total));
    }
    Ok(Quote { unit_minor: unit, line_minor: line, explanation: Explanation { currency, quantity, steps } })
}

const fn step(step: StepKind, source: Source, percent: Option<Percent>, amount: i64, unit: i64) -> Step {
    Step { step, source, percent, from_quantity: None, amount, unit }
}

fn discounted(line: i64, discount: ItemDiscount) -> Result<Option<Step>, Refusal> {
    match discount {
        ItemDiscount::None => Ok(None),
        ItemDiscount::Percent(percent) => {
            let after = percent.taken_from(line);
            Ok(Some(step(StepKind::ItemDiscount, Source::Item, Some(percent), line - after, after)))
        }
        ItemDiscount::Amount(amount) if (0..=line).contains(&amount) => Ok(Some(step(StepKind::ItemDiscount, Source::Item, None, amount, line - amount))),
        ItemDiscount::Amount(_) => Err(Refusal::invalid("invalid_amount", "A discount must not be negative or larger than its line.").at("/discount")),
    }
}

impl Explanation {
    /// Unit price and line, computed anew from the steps' own numbers; `None` where they contradict each other.
    /// What is kept with an item is proven by this.
    #[must_use]
    pub fn recompute(&self) -> Option<(i64, i64)> {
        let (mut unit, mut line) = (None, None);
        for step in &self.steps {
            let after = match (step.step, step.percent) {
                (StepKind::Price, _) => step.amount,
                (StepKind::WholesaleDiscount | StepKind::Margin, Some(percent)) => percent.taken_from(unit?),
                (StepKind::Quantity, _) => unit?.checked_mul(self.quantity)?,
                (StepKind::ItemDiscount, Some(percent)) => percent.taken_from(line?),
                (StepKind::ItemDiscount, None) => line? - step.amount,
                (StepKind::ForcedTotal, _) => step.amount,
                (StepKind::WholesaleDiscount | StepKind::Margin, None) => return None,
            };
            if after != step.unit {
                return None;
            }
            match step.step {
                StepKind::Price | StepKind::WholesaleDiscount | StepKind::Margin => unit = Some(after),
                StepKind::Quantity | StepKind::ItemDiscount | StepKind::ForcedTotal => line = Some(after),
            }
        }
        Some((unit?, line?))
    }
}

/// The prices of `products` (by number) in `currency`, of the books that apply to the partnership. A product
/// without any is missing from the map.
///
/// # Errors
/// The store's.
pub async fn books(
    reader: &mut Reader<'_>,
    scope: PartnershipScope,
    channel: Option<ChannelId>,
    currency: Currency,
    products: &[i64],
) -> Result<HashMap<i64, PriceBooks>, Fault> {
    let sql = sql!(
        "SELECT r.product, r.book, r.from_quantity, r.unit_minor FROM price r \
         LEFT JOIN channel c ON c.merchant = r.merchant AND c.id = $3 \
         WHERE r.merchant = $1 AND r.currency = $4 AND (r.book = 'list' OR (r.book = 'price_list' AND r.owner = c.price_list) \
         OR (r.book = 'partnership' AND r.owner = $2)) AND r.product = ANY($5)"
    );
    let keys = Column::ints(products.iter().copied());
    let rows: Vec<(i64, String, i64, i64)> = reader.query_each(sql, params![scope.merchant, scope.partnership, channel, currency], &keys).await?;
    let mut books: HashMap<i64, PriceBooks> = HashMap::new();
    for (product, book, from_quantity, unit_minor) in rows {
        let book = Book::from_name(&book).ok_or(Fault::Column("a price book"))?;
        books.entry(product).or_default().rows.push(PriceRow { book, from_quantity, unit_minor });
    }
    Ok(books)
}

/// One product priced for one partnership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Priced {
    /// For whom.
    pub scope: PartnershipScope,
    /// Where it buys.
    pub channel: ChannelId,
    /// In what.
    pub currency: Currency,
    /// The product's number.
    pub product: i64,
}

static BOOKS: SetSql = SetSql::select(
    "SELECT r.n, b.book, b.from_quantity, b.unit_minor FROM rows r JOIN price b ON b.merchant = r.merchant AND b.product = r.product \
     LEFT JOIN channel c ON c.merchant = r.merchant AND c.id = r.channel \
     WHERE b.currency = r.currency AND (b.book = 'list' OR (b.book = 'price_list' AND b.owner = c.price_list) \
     OR (b.book = 'partnership' AND b.owner = r.partnership))",
    &[("n", Int), ("merchant", Int), ("partnership", Bytes), ("channel", Bytes), ("currency", Text), ("product", Int)],
);

/// [`books`] for several partnerships at once.
///
/// # Errors
/// The store's.
pub async fn books_all<'a>(reader: &mut Reader<'_>, asked: &'a [Priced]) -> Result<HashMap<&'a Priced, PriceBooks>, Fault> {
    let columns = [
        Column::ints(0..i64::try_from(asked.len()).unwrap_or(i64::MAX)),
        Column::ints(asked.iter().map(|asked| asked.scope.merchant)),
        Column::ids(asked.iter().map(|asked| asked.scope.partnership)),
        Column::ids(asked.iter().map(|asked| asked.channel)),
        Column::texts(asked.iter().map(|asked| asked.currency.code().to_owned())),
        Column::ints(asked.iter().map(|asked| asked.product)),
    ];
    let rows: Vec<(i64, String, i64, i64)> = reader.query_set(&BOOKS, &columns).await?;
    let mut books: HashMap<&Priced, PriceBooks> = HashMap::with_capacity(asked.len());
    for (at, book, from_quantity, unit_minor) in rows {
        let asked = usize::try_from(at).ok().and_then(|at| asked.get(at)).ok_or(Fault::Column("the number of a row"))?;
        let book = Book::from_name(&book).ok_or(Fault::Column("a price book"))?;
        books.entry(asked).or_default().rows.push(PriceRow { book, from_quantity, unit_minor });
    }
    Ok(books)
}

mod percent_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use tradepost_kernel::Percent;

    pub fn serialize<S: Serializer>(percent: &Option<Percent>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_some(&percent.map(|percent| percent.to_string()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Percent>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_| serde::de::Error::custom("not a percentage"))).transpose()
    }
}

#[cfg(test)]
mod tests;
