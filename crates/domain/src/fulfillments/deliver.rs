//! Making the licenses of a fulfillment that is too large for one answer, slice by slice (EXT-10).
//!
//! When the call was accepted its units were promised: paid, and taken from what others may claim. Which keys they get
//! is decided here, a bounded number in each transaction. Between two slices everything adds up, so a server may die
//! there, and another one go on: every slice finds in the row how far it is.

use super::take_back::{Refund, TakenBack};
use super::{FulfillmentRow, State, queries, store};
use crate::access::{Caller, Need, PartnershipScope};
use crate::audit::AuditEntry;
use crate::catalog;
use crate::command::{Command, Ctx, No};
use crate::ids::FulfillmentId;
use crate::licenses::store::NewLicense;
use crate::licenses::{self, LicenseOrigin, Stage, Status};
use crate::partners;
use crate::stock::{self, Taken};
use serde::{Deserialize, Serialize};
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// Licenses made in one transaction: so many that the writer is held for milliseconds.
pub const SLICE: i64 = 500;

/// Makes the next licenses of a processing fulfillment; the last ones deliver it.
#[derive(Clone, Copy, Debug)]
pub struct DeliverSlice {
    /// Whose.
    pub scope: PartnershipScope,
    /// Which.
    pub fulfillment: FulfillmentId,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Delivering {
    /// Units whose licenses are still to be made.
    pub left: i64,
}

#[async_trait::async_trait]
impl Command for DeliverSlice {
    const NAME: &'static str = "fulfillments.deliver_slice";
    const REFUSALS: &'static [&'static str] = &["not_found", "not_processing"];
    type Outcome = Delivering;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Delivering, No> {
        let (scope, merchant) = (self.scope, self.scope.merchant);
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let row = queries::fulfillment(tx, scope.of_merchant(), Some(scope.partnership), self.fulfillment).await?.ok_or_else(Refusal::not_found)?;
        if row.state != State::Processing {
            return Err(Refusal::conflict("not_processing", "It was delivered or taken back before.").in_state(row.state.name()).into());
        }
        let count = row.promised().min(SLICE);
        let keys = stock::claim_promised(tx, merchant, row.product, count, ctx.now).await?;
        let found = catalog::queries::products_by_number(tx, merchant, &[row.product]).await?.remove(&row.product);
        let Some(product) = found.filter(|_| i64::try_from(keys.len()) == Ok(count)) else {
            return Ok(give_up(ctx, tx, scope, &row).await?);
        };
        // From here it must succeed.
        let taken: Vec<Taken> = keys.into_iter().map(|key| Taken { key, product: row.product, license: ctx.id() }).collect();
        stock::keep_promise(tx, merchant, row.product, &taken).await?;
        let made = taken.iter().map(|taken| NewLicense {
            id: taken.license,
            origin: LicenseOrigin::Fulfillment(row.id),
            partnership: scope.partnership,
            product: row.product,
            method: product.method,
            end_user_information: product.end_user_information,
            needs_reseller_information: false,
            key: Some(taken.key),
            stage: Stage::Distributed,
            status: Status::Fulfilled,
        });
        licenses::store::insert(ctx, tx, merchant, &made.collect::<Vec<_>>()).await?;
        let left = row.promised() - count;
        store::note_made(tx, merchant, &row, count, (left == 0).then_some(ctx.now)).await?;
        if left == 0 {
            ctx.audit(AuditEntry::new(merchant, "fulfillment.delivered", row.id).of(row.partnership));
            ctx.announce(super::fulfill::delivered(merchant, &row));
        }
        Ok(Delivering { left })
    }
}

/// What was promised is not there: no command brings that about, only a damaged database. The money goes back rather
/// than to wait for ever.
async fn give_up(ctx: &mut Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, row: &FulfillmentRow) -> Result<Delivering, Fault> {
    let taken = TakenBack::load(tx, scope.merchant, row, None).await?;
    let refund =
        Refund { reference: row.id.bytes(), minor: row.total_minor - row.refunded_minor, units: row.quantity - row.refunded_quantity, leaves: State::Failed };
    taken.write(ctx, tx, scope, row, &refund).await?;
    Ok(Delivering { left: 0 })
}
