//! What users of a reseller may still order this month, as pages show it (PAR-14).

use super::queries::{self, Spender};
use crate::access::PartnershipScope;
use crate::ids::PersonId;
use crate::partners::spending::{Spending, of_users};
use crate::{merchants, partners};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Timestamp};
use tradepost_store::{Fault, Reader};

/// What binds users in one program, and what they buy in.
#[derive(Clone, Debug, Default)]
pub struct Spendings {
    /// What the partnership buys in; `None` until that is set.
    pub currency: Option<Currency>,
    /// Who is bound by nothing is missing. Owners are bound by nothing, whatever stands here.
    pub users: HashMap<PersonId, Spending>,
}

/// What binds these users in a program, with what they ordered this calendar month of the merchant's time zone.
///
/// # Errors
/// The store's.
pub async fn of(reader: &mut Reader<'_>, scope: PartnershipScope, people: &[PersonId], now: Timestamp) -> Result<Spendings, Fault> {
    let Some(partnership) = partners::queries::partnership(&mut *reader, scope.of_merchant(), scope.partnership).await? else {
        return Ok(Spendings::default());
    };
    let currency = partners::terms::effective(&mut *reader, scope.merchant, scope.partnership, partnership.channel).await?.currency;
    let users: Vec<_> = people.iter().map(|person| (scope, *person)).collect();
    let mut found = of_users(&mut *reader, &users).await?;
    if let (Some(currency), Some(house)) = (currency, merchants::queries::merchant(&mut *reader, scope.merchant).await?) {
        let day = now.date_in(&house.time_zone);
        let limited = found.iter().filter(|(_, spending)| spending.limit.is_some());
        let spenders: Vec<Spender> = limited.map(|((scope, person), _)| Spender { scope: *scope, person: *person, day, currency }).collect();
        for (user, minor) in queries::spent(reader, &spenders).await? {
            found.entry(user).or_default().spent_minor = minor;
        }
    }
    Ok(Spendings { currency, users: found.into_iter().map(|((_, person), spending)| (person, spending)).collect() })
}
