//! Purchase limits (PRG-9): units per day and month in the merchant's time zone, counted once, all routes together.

use super::terms::EffectiveTerms;
use crate::access::PartnershipScope;
use crate::ids::PartnershipId;
use std::collections::{BTreeMap, HashMap};
use tradepost_kernel::{Date, Refusal};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, Reader, SetSql, Tx};

/// What a partnership bought so far, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purchased {
    /// Today.
    pub day: i64,
    /// This calendar month, today included.
    pub month: i64,
}

impl Purchased {
    /// Whether `units` more are within the limits.
    ///
    /// # Errors
    /// `purchase_limit_exceeded`, naming what is left.
    pub fn allows(self, terms: &EffectiveTerms, units: i64) -> Result<(), Refusal> {
        for (limit, bought, per) in [(terms.purchase_limit_day, self.day, "day"), (terms.purchase_limit_month, self.month, "month")] {
            let Some(limit) = limit else { continue };
            if bought.checked_add(units).is_none_or(|after| after > limit) {
                let left = (limit - bought).max(0);
                let detail = format!("The purchase limit is {limit} units per {per}; {left} are left.");
                return Err(Refusal::invalid("purchase_limit_exceeded", detail));
            }
        }
        Ok(())
    }
}

static SINCE: SetSql = SetSql::select(
    "SELECT d.merchant, d.partnership, d.day, d.units FROM rows r JOIN purchase_day d \
     ON d.merchant = r.merchant AND d.partnership = r.partnership AND d.day >= r.since AND d.day <= r.today",
    &[("merchant", Int), ("partnership", Bytes), ("since", Text), ("today", Text)],
);

/// What partnerships bought in the month of the day given with each.
///
/// # Errors
/// The store's.
pub async fn purchased(reader: &mut Reader<'_>, partnerships: &[(PartnershipScope, Date)]) -> Result<HashMap<PartnershipScope, Purchased>, Fault> {
    let columns = [
        Column::ints(partnerships.iter().map(|(scope, _)| scope.merchant)),
        Column::ids(partnerships.iter().map(|(scope, _)| scope.partnership)),
        Column::texts(partnerships.iter().map(|(_, day)| first_of_month(*day))),
        Column::texts(partnerships.iter().map(|(_, day)| day.to_string())),
    ];
    let today: HashMap<PartnershipScope, String> = partnerships.iter().map(|(scope, day)| (*scope, day.to_string())).collect();
    let rows: Vec<(i64, PartnershipId, String, i64)> = reader.query_set(&SINCE, &columns).await?;
    let mut found: HashMap<PartnershipScope, Purchased> = HashMap::new();
    for (merchant, partnership, day, units) in rows {
        let scope = PartnershipScope { merchant, partnership };
        let purchased = found.entry(scope).or_default();
        purchased.month += units;
        if today.get(&scope) == Some(&day) {
            purchased.day += units;
        }
    }
    Ok(found)
}

/// The first day of the calendar month, as text.
pub(crate) fn first_of_month(day: Date) -> String {
    let mut text = day.to_string();
    text.replace_range(8.., "01");
    text
}

static COUNT: SetSql = SetSql::insert(
    "purchase_day",
    &[("merchant", Int), ("partnership", Bytes), ("day", Text), ("units", Int)],
    "ON CONFLICT (merchant, partnership, day) DO UPDATE SET units = purchase_day.units + excluded.units",
);

/// Counts units bought on a day. The partnerships are locked.
///
/// # Errors
/// The store's.
pub async fn count(tx: &mut Tx<'_>, bought: &BTreeMap<(i64, PartnershipId, String), i64>) -> Result<(), Fault> {
    let columns = vec![
        Column::ints(bought.keys().map(|key| key.0)),
        Column::ids(bought.keys().map(|key| key.1)),
        Column::texts(bought.keys().map(|key| key.2.clone())),
        Column::ints(bought.values().copied()),
    ];
    tx.write_whole_set(&COUNT, columns).await
}

static GIVE_BACK: SetSql = SetSql::update(
    "UPDATE purchase_day SET units = purchase_day.units - r.fewer FROM rows r \
     WHERE purchase_day.merchant = r.merchant AND purchase_day.partnership = r.partnership AND purchase_day.day = r.on_day",
    &[("merchant", Int), ("partnership", Bytes), ("on_day", Text), ("fewer", Int)],
);

/// Gives units back to the day on which they were counted: canceled, rejected, refunded ones (PRG-9).
///
/// # Errors
/// The store's; the check of the schema where more would be given back than was counted.
pub async fn give_back(tx: &mut Tx<'_>, scope: PartnershipScope, day: Date, units: i64) -> Result<(), Fault> {
    let columns = vec![Column::same(scope.merchant, 1), Column::ids([scope.partnership]), Column::texts([day.to_string()]), Column::ints([units])];
    tx.write_whole_set(&GIVE_BACK, columns).await
}
