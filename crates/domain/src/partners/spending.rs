//! What a reseller's own users may order (PAR-14): each at most so much in a calendar month, and above an amount only what
//! an owner approves. Owners are bound by neither, and keys neither: an owner made them, and they act for the company.

use super::spending_store as store;
use crate::access::{Caller, Need, PartnershipScope, ResellerRole, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{PartnershipId, PersonId};
use crate::outbox::Event;
use crate::partners::{self, queries, terms};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use tradepost_kernel::{Currency, Money, Refusal};
use tradepost_store::ColumnType::{Bytes, Int};
use tradepost_store::{Column, Fault, Reader, SetSql, Tx};

/// What binds one user in one program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// The most that they may order in a calendar month.
    pub limit: Option<Money>,
    /// An order above this needs an owner.
    pub approval_over: Option<Money>,
    /// What they ordered this month and was not canceled; minor units.
    pub spent_minor: i64,
}

impl Spending {
    /// What they may still order this month, minor units in the currency that they buy in. An amount of a currency that the partnership has left
    /// allows nothing: nobody said how much it is.
    #[must_use]
    pub fn left_minor(&self, currency: Currency) -> Option<i64> {
        self.limit.map(|limit| (in_currency(limit, currency) - self.spent_minor).max(0))
    }

    /// Whether an owner has to approve an order over this much.
    #[must_use]
    pub fn needs_approval(&self, total: Money) -> bool {
        self.approval_over.is_some_and(|over| total.minor > in_currency(over, total.currency))
    }

    /// Whether they may place an order over this much by themselves.
    ///
    /// # Errors
    /// `spending_limit_exceeded`, naming what is left; `approval_required`, naming the amount.
    pub fn allows(&self, total: Money) -> Result<(), Refusal> {
        let left = self.left_minor(total.currency);
        if let (Some(limit), Some(left)) = (self.limit, left.filter(|left| total.minor > *left)) {
            let left = total.currency.minor(left);
            let detail = format!("Your spending limit is {limit} per calendar month; {left} are left. An owner can approve the order.");
            return Err(Refusal::invalid("spending_limit_exceeded", detail));
        }
        if let Some(over) = self.approval_over.filter(|_| self.needs_approval(total)) {
            let detail = format!("Orders over {over} need the approval of an owner. Ask for it.");
            return Err(Refusal::conflict("approval_required", detail));
        }
        Ok(())
    }
}

fn in_currency(amount: Money, currency: Currency) -> i64 {
    if amount.currency == currency { amount.minor } else { 0 }
}

/// Whether the caller owns the reseller's account, as one of its people.
#[must_use]
pub const fn is_owner(caller: &Caller) -> bool {
    matches!(caller, Caller::ResellerPerson { role: ResellerRole::Owner, .. })
}

/// Whom the rules bind: a user who is no owner.
#[must_use]
pub fn bound(caller: &Caller) -> Option<PersonId> {
    caller.person().filter(|_| matches!(caller, Caller::ResellerPerson { .. }) && !is_owner(caller))
}

static LIMITS: SetSql = SetSql::select(
    "SELECT l.merchant, l.partnership, l.person, l.currency, l.month_minor FROM rows r JOIN spending_limit l \
     ON l.merchant = r.merchant AND l.partnership = r.partnership AND l.person = r.person",
    &[("merchant", Int), ("partnership", Bytes), ("person", Bytes)],
);

static APPROVALS: SetSql = SetSql::select(
    "SELECT a.merchant, a.partnership, a.currency, a.over_minor FROM rows r JOIN order_approval a ON a.merchant = r.merchant AND a.partnership = r.partnership",
    &[("merchant", Int), ("partnership", Bytes)],
);

/// What binds these users, each in one program; what they spent is 0 here. Who is bound by nothing is missing.
///
/// # Errors
/// The store's.
pub async fn of_users(reader: &mut Reader<'_>, users: &[(PartnershipScope, PersonId)]) -> Result<HashMap<(PartnershipScope, PersonId), Spending>, Fault> {
    let mut found: HashMap<(PartnershipScope, PersonId), Spending> = HashMap::new();
    if users.is_empty() {
        return Ok(found);
    }
    let columns = [
        Column::ints(users.iter().map(|(scope, _)| scope.merchant)),
        Column::ids(users.iter().map(|(scope, _)| scope.partnership)),
        Column::ids(users.iter().map(|(_, person)| *person)),
    ];
    let limits: Vec<(i64, PartnershipId, PersonId, Currency, i64)> = reader.query_set(&LIMITS, &columns).await?;
    for (merchant, partnership, person, currency, minor) in limits {
        let scope = PartnershipScope { merchant, partnership };
        found.entry((scope, person)).or_default().limit = Some(currency.minor(minor));
    }
    let [merchants, partnerships, _] = columns;
    let over: Vec<(i64, PartnershipId, Currency, i64)> = reader.query_set(&APPROVALS, &[merchants, partnerships]).await?;
    for (merchant, partnership, currency, minor) in over {
        let of = PartnershipScope { merchant, partnership };
        for (scope, person) in users.iter().filter(|(scope, _)| *scope == of) {
            found.entry((*scope, *person)).or_default().approval_over = Some(currency.minor(minor));
        }
    }
    Ok(found)
}

/// Above which amount an owner approves orders in a program.
///
/// # Errors
/// The store's.
pub async fn approval_over(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Option<Money>, Fault> {
    let columns = [Column::ints([scope.merchant]), Column::ids([scope.partnership])];
    let found: Vec<(i64, PartnershipId, Currency, i64)> = reader.query_set(&APPROVALS, &columns).await?;
    Ok(found.first().map(|(_, _, currency, minor)| currency.minor(*minor)))
}

/// An owner sets or clears what a user may order in a calendar month, in the program that they act in.
#[derive(Clone, Copy, Debug)]
pub struct SetSpendingLimit {
    /// Whose.
    pub person: PersonId,
    /// How much, in the partnership's currency; `None`: no limit of their own.
    pub limit: Option<Money>,
}

/// An owner sets or clears the amount above which orders of other users need an owner's approval.
#[derive(Clone, Copy, Debug)]
pub struct SetOrderApproval {
    /// Above which total, in the partnership's currency; `None`: none is asked for.
    pub over: Option<Money>,
}

/// The program in which it is set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SpendingChanged {
    /// Its partnership.
    pub partnership: PartnershipId,
}

#[async_trait::async_trait]
impl Command for SetSpendingLimit {
    const NAME: &'static str = "resellers.set_spending_limit";
    const REFUSALS: &'static [&'static str] =
        &["forbidden", "not_found", "partnership_not_active", "owner_not_limited", "setup_incomplete", "currency_mismatch", "invalid_amount"];
    type Outcome = SpendingChanged;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersApprove)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SpendingChanged, No> {
        let reseller = ctx.caller().reseller()?;
        let scope = ctx.caller().partnership()?;
        let locked = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let users = queries::users(tx, reseller).await?;
        let user = users.iter().find(|user| user.person == self.person).ok_or_else(Refusal::not_found)?;
        locked.may_trade()?;
        if self.limit.is_some() && user.role == ResellerRole::Owner {
            return Err(Refusal::conflict("owner_not_limited", "An owner has no spending limit: owners set them.").into());
        }
        in_program(tx, &locked, self.limit, "/limit").await?;
        let before = of_users(tx, &[(scope, self.person)]).await?.get(&(scope, self.person)).and_then(|spending| spending.limit);
        // From here it must succeed.
        store::write_limit(tx, scope, self.person, self.limit, ctx.now).await?;
        let entry = AuditEntry::new(scope.merchant, "spending_limit.changed", scope.partnership).of(scope.partnership);
        let told = |limit: Option<Money>| json!({"person": self.person, "limit": limit});
        ctx.audit(entry.before(told(before)).after(told(self.limit)));
        ctx.announce(Event::new(scope.merchant, "spending_limit.changed", scope.partnership, told(self.limit)).of(scope.partnership));
        Ok(SpendingChanged { partnership: scope.partnership })
    }
}

#[async_trait::async_trait]
impl Command for SetOrderApproval {
    const NAME: &'static str = "resellers.set_order_approval";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "setup_incomplete", "currency_mismatch", "invalid_amount"];
    type Outcome = SpendingChanged;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersApprove)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<SpendingChanged, No> {
        let scope = ctx.caller().partnership()?;
        let locked = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        locked.may_trade()?;
        in_program(tx, &locked, self.over, "/order_approval_over").await?;
        let before = approval_over(tx, scope).await?;
        // From here it must succeed.
        store::write_approval(tx, scope, self.over, ctx.now).await?;
        let entry = AuditEntry::new(scope.merchant, "order_approval.changed", scope.partnership).of(scope.partnership);
        let told = |over: Option<Money>| json!({"order_approval_over": over});
        ctx.audit(entry.before(told(before)).after(told(self.over)));
        ctx.announce(Event::new(scope.merchant, "order_approval.changed", scope.partnership, told(self.over)).of(scope.partnership));
        Ok(SpendingChanged { partnership: scope.partnership })
    }
}

/// Whether an amount is one of the program's currency, and not negative.
async fn in_program(tx: &mut Tx<'_>, locked: &partners::LockedPartnership, amount: Option<Money>, pointer: &str) -> Result<(), No> {
    let Some(amount) = amount else { return Ok(()) };
    let terms = terms::effective(tx, locked.scope.merchant, locked.scope.partnership, locked.channel).await?;
    let currency = terms.currency.ok_or_else(|| Refusal::conflict("setup_incomplete", "The merchant has not set the currency of this partnership yet."))?;
    if amount.currency != currency {
        return Err(Refusal::invalid("currency_mismatch", format!("The partnership buys in {currency}.")).at(format!("{pointer}/currency")).into());
    }
    if amount.minor < 0 {
        return Err(Refusal::invalid("invalid_amount", "An amount must not be negative.").at(format!("{pointer}/amount")).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(code: &str, minor: i64) -> Money {
        code.parse::<Currency>().expect("a currency").minor(minor)
    }

    fn usd(minor: i64) -> Money {
        money("USD", minor)
    }

    /// PAR-14
    #[test]
    fn an_order_fits_up_to_the_last_cent() {
        let spending = Spending { limit: Some(usd(10_000)), approval_over: None, spent_minor: 6_000 };
        assert_eq!(spending.allows(usd(40_00)), Ok(()));
        let no = spending.allows(usd(40_01)).map_err(|no| (no.code, no.detail));
        let detail = "Your spending limit is 100.00 USD per calendar month; 40.00 USD are left. An owner can approve the order.";
        assert_eq!(no, Err(("spending_limit_exceeded", detail.into())));
    }

    /// PAR-14
    #[test]
    fn only_what_is_above_the_amount_needs_an_owner() {
        let spending = Spending { limit: None, approval_over: Some(usd(50_00)), spent_minor: 0 };
        assert_eq!(spending.allows(usd(50_00)), Ok(()));
        assert_eq!(spending.allows(usd(50_01)).map_err(|no| no.code), Err("approval_required"));
    }

    /// PAR-14: an amount of a currency that the partnership has left lets nothing through.
    #[test]
    fn an_amount_of_another_currency_allows_nothing() {
        let euros = money("EUR", 10_000);
        let limited = Spending { limit: Some(euros), ..Spending::default() };
        assert_eq!((limited.allows(usd(1)).map_err(|no| no.code), limited.allows(usd(0))), (Err("spending_limit_exceeded"), Ok(())));
        let asked = Spending { approval_over: Some(euros), ..Spending::default() };
        assert_eq!(asked.allows(usd(1)).map_err(|no| no.code), Err("approval_required"));
    }
}
