//! Handing single licenses to customers: activate the next one, send it, send it again (FUL-6, FUL-9).

use super::settle::note_sent;
use super::standing::Standing;
use super::{OrderRow, queries};
use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::catalog;
use crate::command::{Command, Ctx, No};
use crate::customers::{self, EndUser};
use crate::ids::{LicenseId, PartnershipId};
use crate::licenses::queries::LicenseRow;
use crate::licenses::store::Move;
use crate::licenses::{self, Stage, Status};
use crate::outbox::Event;
use crate::stock::{self, KeyState};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Binds the oldest license of a product that may be distributed now to its owner (Activate Next License).
#[derive(Clone, Debug)]
pub struct ActivateNextLicense {
    /// The product's id or SKU.
    pub product: String,
    /// Who it is for.
    pub owner: EndUser,
}

/// The license that was acted on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LicenseOutcome {
    /// Its id.
    pub license: LicenseId,
}

#[async_trait::async_trait]
impl Command for ActivateNextLicense {
    const NAME: &'static str = "licenses.activate_next";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "partnership_not_active", "product_not_available", "not_enough_credit", "credit_limit_reached", "no_license_available"];
    type Outcome = LicenseOutcome;

    fn need(&self) -> Need {
        Need::Right(Right::LicensesDistribute)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LicenseOutcome, No> {
        let scope = ctx.caller().partnership()?;
        let standing = Standing::load(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        standing.partnership.may_trade()?;
        let product = product_number(tx, &standing, &self.product).await?;
        let license = next_license(tx, &standing, product).await?;
        // From here it must succeed.
        let customer = customers::record(ctx, tx, scope, &self.owner).await?;
        licenses::store::attach_customer(tx, scope.merchant, &[license.id], customer).await?;
        distribute(ctx, tx, scope, &license).await?;
        let body = json!({"customer": customer, "order": license.order()});
        ctx.audit(AuditEntry::new(scope.merchant, "license.activated", license.id).of(scope.partnership).after(body.clone()));
        ctx.announce(Event::new(scope.merchant, "license.activated", license.id, body).of(scope.partnership));
        Ok(LicenseOutcome { license: license.id })
    }
}

/// A product that the partnership holds licenses of or may order: also one that was withdrawn since.
pub(super) async fn product_number(tx: &mut Tx<'_>, standing: &Standing, text: &str) -> Result<i64, No> {
    let scope = standing.scope();
    let held = licenses::queries::product_of(tx, scope, text).await?;
    if let Some(number) = held {
        return Ok(number);
    }
    let found = catalog::queries::find_available(tx, scope, standing.partnership.channel, text).await?;
    Ok(found.ok_or_else(catalog::product_not_available)?.number)
}

/// The oldest license of a product that may be distributed now.
async fn next_license(tx: &mut Tx<'_>, standing: &Standing, product: i64) -> Result<LicenseRow, No> {
    let scope = standing.scope();
    let only_paid = standing.stops_at_limit();
    if let Some(license) = queries::next_to_distribute(tx, scope, product, only_paid).await? {
        return Ok(license);
    }
    let waiting = queries::undistributed(tx, scope, product).await?;
    if waiting.held > 0 && standing.exposure.limit.is_some() && waiting.available == 0 {
        let detail = format!("{} licenses of this product lie in orders beyond the credit limit.", waiting.held);
        return Err(Refusal::conflict("not_enough_credit", detail).into());
    }
    if waiting.ownerless > 0 {
        return Err(limit_reached().into());
    }
    let unpaid = if waiting.held > 0 { format!(" {} wait for payment.", waiting.held) } else { String::new() };
    let owned = if waiting.available > 0 { format!(" {} have their owner already: send them.", waiting.available) } else { String::new() };
    Err(Refusal::conflict("no_license_available", format!("No license of this product is left.{owned}{unpaid}")).into())
}

pub(super) fn limit_reached() -> Refusal {
    let detail = "The credit limit is reached: licenses of unpaid orders can be distributed again once the balance is paid.";
    Refusal::conflict("credit_limit_reached", detail)
}

/// Whether goods of an order may leave right now.
///
/// # Errors
/// `not_enough_credit` (held, or unpaid without a limit), `credit_limit_reached`.
pub(super) fn may_leave(standing: &Standing, order: &OrderRow) -> Result<(), Refusal> {
    let facts = standing.facts(order);
    if !facts.released {
        return Err(Refusal::conflict("not_enough_credit", "The order is held: its goods wait until credit or payment is there.").in_state(order.state.name()));
    }
    if facts.may_distribute() { Ok(()) } else { Err(limit_reached()) }
}

/// An available license leaves the inventory: its key is delivered and shown.
pub(super) async fn distribute(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, license: &LicenseRow) -> Result<(), Fault> {
    let moved = Move { id: license.id, from: Stage::Available, stage: Stage::Distributed, status: Status::Fulfilled };
    licenses::store::move_all(ctx, tx, scope.merchant, &[moved]).await?;
    let key = license.key.ok_or_else(|| Fault::invariant("an available license without a key"))?;
    stock::move_keys(ctx, tx, scope.merchant, &[(key, license.product)], KeyState::Allocated, KeyState::Delivered).await?;
    stock::mark_shown(ctx, tx, scope.merchant, &[key]).await
}

/// Mails a license to its owner, from the merchant (Send License); again, where it was sent before.
#[derive(Clone, Copy, Debug)]
pub struct SendLicense {
    /// Which.
    pub license: LicenseId,
}

#[async_trait::async_trait]
impl Command for SendLicense {
    const NAME: &'static str = "licenses.send";
    const REFUSALS: &'static [&'static str] =
        &["not_found", "partnership_not_active", "not_enough_credit", "credit_limit_reached", "end_user_required", "nothing_to_send", "license_of_fulfillment"];
    type Outcome = LicenseOutcome;

    fn need(&self) -> Need {
        Need::Either(Right::LicensesDistribute, Right::LicensesSend)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LicenseOutcome, No> {
        let (standing, license, order) = find(ctx, tx, self.license).await?;
        let scope = standing.scope();
        if license.stage == Stage::Canceled || license.key.is_none() {
            return Err(Refusal::conflict("nothing_to_send", "This license carries no code.").in_state(license.stage.name()).into());
        }
        if license.stage != Stage::Distributed {
            may_leave(&standing, &order)?;
        }
        let Some(customer) = license.customer else {
            return Err(Refusal::conflict("end_user_required", "Say who the license is for first.").into());
        };
        if license.stage == Stage::Waiting {
            return Err(Refusal::conflict("nothing_to_send", "The license waits; see its lock reasons.").in_state(license.stage.name()).into());
        }
        // From here it must succeed.
        if license.stage == Stage::Available {
            distribute(ctx, tx, scope, &license).await?;
        }
        licenses::store::note_sent(ctx, tx, scope.merchant, &[license.id]).await?;
        note_sent(ctx, &standing, license.id, Some(customer.text()));
        Ok(LicenseOutcome { license: license.id })
    }
}

/// The merchant, and the one partnership that a reseller's caller may see.
pub(super) fn side(ctx: &Ctx) -> Result<(i64, Option<PartnershipId>), Refusal> {
    match ctx.caller() {
        Caller::ResellerPerson { scope, .. } | Caller::PartnershipKey { scope, .. } => Ok((scope.merchant, Some(scope.partnership))),
        caller => Ok((caller.merchant()?.merchant, None)),
    }
}

/// A license with its order, under its partnership's lock; what is not the caller's is not found.
pub(super) async fn find(ctx: &Ctx, tx: &mut Tx<'_>, id: LicenseId) -> Result<(Standing, LicenseRow, OrderRow), No> {
    let (merchant, of) = side(ctx)?;
    let license = |rows: Vec<LicenseRow>| rows.into_iter().next().filter(|row| of.is_none_or(|of| of == row.partnership)).ok_or_else(Refusal::not_found);
    let found = license(licenses::queries::by_ids(tx, merchant, &[id]).await?)?;
    let standing = Standing::of(tx, PartnershipScope { merchant, partnership: found.partnership }).await?;
    if of.is_some() {
        standing.partnership.may_trade()?;
    }
    // Read again: the lock may have been waited for.
    let license = license(licenses::queries::by_ids(tx, merchant, &[id]).await?)?;
    let Some(order) = license.order() else {
        let detail = "This license was delivered to an external shop: read or cancel its fulfillment.";
        return Err(Refusal::conflict("license_of_fulfillment", detail).in_state(license.stage.name()).into());
    };
    let order = queries::by_ids(tx, merchant, &[order]).await?.into_iter().next().ok_or_else(|| Fault::invariant("a license without its order"))?;
    Ok((standing, license, order))
}
