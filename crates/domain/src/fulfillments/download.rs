//! The codes of a fulfillment as a file, however large (EXT-10): one audited act, read page by page.

use super::units::{self, Code};
use super::{FulfillmentRow, State, queries};
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{FulfillmentId, LicenseId, LicenseKeyId};
use crate::{partners, stock};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::Tx;

/// Codes of one page of a download.
pub const CODES_OF_A_PAGE: i64 = 1_000;

/// Begins a download: judged and audited once. Its pages are read with [`units::codes_after`]; those with codes that
/// nobody saw before go through [`ShowPage`].
#[derive(Clone, Copy, Debug)]
pub struct DownloadFulfillment {
    /// Which.
    pub fulfillment: FulfillmentId,
}

/// A download that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Download {
    /// What of.
    pub fulfillment: FulfillmentId,
    /// What its pages go by.
    #[serde(skip)]
    pub begun: Option<Box<Begun>>,
}

/// What the pages of a download go by.
#[derive(Clone, Debug)]
pub struct Begun {
    /// When: the moment at which its codes count as shown.
    pub at: Timestamp,
    /// What of.
    pub row: FulfillmentRow,
}

#[async_trait::async_trait]
impl Command for DownloadFulfillment {
    const NAME: &'static str = "fulfillments.download";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "not_delivered", "nothing_to_reveal"];
    type Outcome = Download;
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentsCreate)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<Download, No> {
        let scope = ctx.caller().partnership()?;
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?.may_trade()?;
        let row = queries::fulfillment(tx, scope.of_merchant(), Some(scope.partnership), self.fulfillment).await?.ok_or_else(Refusal::not_found)?;
        match row.state {
            State::Delivered | State::PartlyRefunded => {}
            State::Processing => {
                let detail = format!("{} of {} codes are ready; come back when it is delivered.", row.ready, row.quantity);
                return Err(Refusal::conflict("not_delivered", detail).in_state(row.state.name()).into());
            }
            State::Refunded | State::Failed => {
                let detail = "All of its codes were taken back.";
                return Err(Refusal::conflict("nothing_to_reveal", detail).in_state(row.state.name()).into());
            }
        }
        // From here it must succeed.
        let after = json!({"count": row.quantity - row.refunded_quantity});
        ctx.audit(AuditEntry::new(scope.merchant, "fulfillment.downloaded", row.id).of(scope.partnership).after(after));
        Ok(Download { fulfillment: row.id, begun: Some(Box::new(Begun { at: ctx.now, row })) })
    }
}

/// Notes that the codes of one page of a download are shown, and hands them over.
#[derive(Clone, Copy, Debug)]
pub struct ShowPage {
    /// Of which fulfillment.
    pub fulfillment: FulfillmentId,
    /// The licenses behind this one.
    pub after: LicenseId,
    /// When the download began.
    pub at: Timestamp,
}

/// A page of codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownPage {
    /// How many.
    pub count: usize,
    /// The codes, sealed.
    #[serde(skip)]
    pub codes: Vec<Code>,
}

#[async_trait::async_trait]
impl Command for ShowPage {
    const NAME: &'static str = "fulfillments.show_page";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = ShownPage;
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Right(Right::FulfillmentsCreate)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ShownPage, No> {
        let scope = ctx.caller().partnership()?;
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        let row = queries::fulfillment(tx, scope.of_merchant(), Some(scope.partnership), self.fulfillment).await?.ok_or_else(Refusal::not_found)?;
        // What was taken back meanwhile is left out, and what is shown here can only be revoked from now on.
        let codes = units::codes_after(tx, scope.of_merchant(), row.id, self.after, CODES_OF_A_PAGE).await?;
        let unseen: Vec<LicenseKeyId> = codes.iter().filter(|code| !code.shown).map(|code| code.key).collect();
        // From here it must succeed.
        stock::mark_shown_at(tx, scope.merchant, &unseen, self.at).await?;
        Ok(ShownPage { count: codes.len(), codes })
    }
}
