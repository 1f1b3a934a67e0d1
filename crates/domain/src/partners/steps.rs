//! What the merchant does to a partnership's status (PAR-1, PAR-4, PAR-6), its channel (PAR-7), and deleting one
//! that was never approved.

use super::{LockedPartnership, Status, Step, channels, queries, reseller_store, store, term_store, terms, terms::Level};
use crate::PartnershipScope;
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::identity::key_store;
use crate::ids::{ChannelId, PartnershipId};
use crate::merchants::update::stale;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Tx, Value};

/// The partnership that was changed, and where it stands now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartnershipChanged {
    /// Which.
    pub partnership: PartnershipId,
    /// The name of its [`Status`].
    pub status: String,
}

impl PartnershipChanged {
    fn new(p: &LockedPartnership, status: Status) -> Self {
        Self { partnership: p.scope.partnership, status: status.name().to_owned() }
    }
}

async fn locked(ctx: &Ctx, tx: &mut Tx<'_>, partnership: PartnershipId) -> Result<LockedPartnership, No> {
    let merchant = ctx.caller().merchant()?.merchant;
    Ok(store::lock(tx, PartnershipScope { merchant, partnership }).await?.ok_or_else(Refusal::not_found)?)
}

/// Where the step leads.
fn decide(p: &LockedPartnership, step: Step) -> Result<Status, Refusal> {
    p.status.after(step, p.reactivates_to).ok_or_else(|| {
        let detail = format!("A partnership that is {} cannot take the step {}.", p.status.name(), step.name());
        Refusal::conflict("partnership_step_not_allowed", detail).in_state(p.status.name())
    })
}

/// Writes the step, its audit entry and its event, with what the merchant says of it.
async fn take(ctx: &mut Ctx, tx: &mut Tx<'_>, p: &LockedPartnership, to: Status, action: &'static str, note: Option<&str>) -> Result<PartnershipChanged, No> {
    let back = (to == Status::Suspended).then_some(p.status);
    store::write_status(tx, p, to, back, ctx.now).await?;
    let (merchant, id) = (p.scope.merchant, p.scope.partnership);
    let mut after = json!({"status": to.name()});
    let mut body = json!({"reseller": p.reseller, "status": to.name()});
    if let Some(note) = note {
        after["note"] = json!(note);
        body["note"] = json!(note);
    }
    ctx.audit(AuditEntry::new(merchant, action, id).of(id).before(json!({"status": p.status.name()})).after(after));
    ctx.announce(Event::new(merchant, action, id, body).of(id));
    Ok(PartnershipChanged::new(p, to))
}

/// A channel may bring another currency along; what was ordered or paid in before stands against that.
///
/// Whether any of it is still open is known to later slices only, so that any order and any top-up counts.
async fn keeps_currency(tx: &mut Tx<'_>, p: &LockedPartnership, channel: ChannelId) -> Result<(), No> {
    if !p.uses_currency || p.channel == Some(channel) {
        return Ok(());
    }
    let (merchant, id) = (p.scope.merchant, p.scope.partnership);
    let before = terms::effective(tx, merchant, id, p.channel).await?.currency;
    if before == terms::effective(tx, merchant, id, Some(channel)).await?.currency {
        return Ok(());
    }
    let detail = "The channel has another currency than what was ordered or paid in; set the partnership's own currency first.";
    Err(Refusal::conflict("currency_in_use", detail).at("/channel").into())
}

/// Puts the partnership into another channel, with its audit entry and event.
async fn put(ctx: &mut Ctx, tx: &mut Tx<'_>, p: &LockedPartnership, channel: ChannelId) -> Result<(), No> {
    if p.channel == Some(channel) {
        return Ok(());
    }
    store::write_channel(tx, p.scope, Some(channel)).await?;
    let (merchant, id) = (p.scope.merchant, p.scope.partnership);
    ctx.audit(AuditEntry::new(merchant, "partnership.moved", id).of(id).before(json!({"channel": p.channel})).after(json!({"channel": channel})));
    ctx.announce(Event::new(merchant, "partnership.moved", id, json!({"channel": channel})).of(id));
    Ok(())
}

/// Lets a partnership in (PAR-4): into the channel that is named, else the one it has, else the only one there is.
#[derive(Clone, Copy, Debug)]
pub struct ApprovePartnership {
    /// Which.
    pub partnership: PartnershipId,
    /// Where it is to buy.
    pub channel: Option<ChannelId>,
}

#[async_trait::async_trait]
impl Command for ApprovePartnership {
    const NAME: &'static str = "partnerships.approve";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "partnership_step_not_allowed", "no_channel", "currency_in_use"];
    type Outcome = PartnershipChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PartnershipChanged, No> {
        let p = locked(ctx, tx, self.partnership).await?;
        let to = decide(&p, Step::Approve)?;
        let channel = channels::for_approval(tx, p.scope.of_merchant(), self.channel.or(p.channel)).await?;
        if let Some(channel) = channel {
            keeps_currency(tx, &p, channel).await?;
        }
        // From here on it must succeed.
        if let Some(channel) = channel {
            put(ctx, tx, &p, channel).await?;
        }
        take(ctx, tx, &p, to, "partnership.approved", None).await
    }
}

/// Turns a partnership down; it may be approved later (PAR-4).
#[derive(Clone, Debug)]
pub struct DenyPartnership {
    /// Which.
    pub partnership: PartnershipId,
    /// Why, 1–1000 characters; the reseller reads it.
    pub note: Option<String>,
}

#[async_trait::async_trait]
impl Command for DenyPartnership {
    const NAME: &'static str = "partnerships.deny";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "partnership_step_not_allowed"];
    type Outcome = PartnershipChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PartnershipChanged, No> {
        let p = locked(ctx, tx, self.partnership).await?;
        let to = decide(&p, Step::Deny)?;
        // From here on it must succeed.
        take(ctx, tx, &p, to, "partnership.denied", self.note.as_deref()).await
    }
}

macro_rules! plain_steps {
    ($($(#[$doc:meta])* $command:ident $name:literal $step:ident $action:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $command {
            /// Which.
            pub partnership: PartnershipId,
        }

        #[async_trait::async_trait]
        impl Command for $command {
            const NAME: &'static str = $name;
            const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "partnership_step_not_allowed"];
            type Outcome = PartnershipChanged;

            fn need(&self) -> Need {
                Need::Right(Right::PartnersManage)
            }

            async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PartnershipChanged, No> {
                let p = locked(ctx, tx, self.partnership).await?;
                let to = decide(&p, Step::$step)?;
                // From here on it must succeed.
                take(ctx, tx, &p, to, $action, None).await
            }
        }
    )+ };
}

plain_steps! {
    /// Stops a partnership for a while: no orders, no keys (PAR-6).
    SuspendPartnership "partnerships.suspend" Suspend "partnership.suspended";
    /// Lets a suspended partnership go on as what it was.
    ReactivatePartnership "partnerships.reactivate" Reactivate "partnership.reactivated";
    /// Ends a partnership for good; the merchant keeps its history (PAR-6).
    ClosePartnership "partnerships.close" Close "partnership.closed";
}

/// Moves a partnership to another channel; what it has ordered stays as it was (PAR-7).
#[derive(Clone, Copy, Debug)]
pub struct MovePartnership {
    /// Which.
    pub partnership: PartnershipId,
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// Where it is to buy.
    pub channel: ChannelId,
}

#[async_trait::async_trait]
impl Command for MovePartnership {
    const NAME: &'static str = "partnerships.move";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "stale_version", "no_channel", "currency_in_use"];
    type Outcome = PartnershipChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PartnershipChanged, No> {
        let p = locked(ctx, tx, self.partnership).await?;
        if self.version.is_some_and(|version| version != p.version) {
            return Err(stale().into());
        }
        channels::for_approval(tx, p.scope.of_merchant(), Some(self.channel)).await?;
        keeps_currency(tx, &p, self.channel).await?;
        // From here on it must succeed.
        put(ctx, tx, &p, self.channel).await?;
        Ok(PartnershipChanged::new(&p, p.status))
    }
}

/// Deletes a sign-up that was never approved, without any mail (PAR-4). A company that is in no other program goes
/// with it; the people stay.
#[derive(Clone, Copy, Debug)]
pub struct DeletePartnership {
    /// Which.
    pub partnership: PartnershipId,
}

#[async_trait::async_trait]
impl Command for DeletePartnership {
    const NAME: &'static str = "partnerships.delete";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "partnership_was_approved"];
    type Outcome = PartnershipChanged;

    fn need(&self) -> Need {
        Need::Right(Right::PartnersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<PartnershipChanged, No> {
        let p = locked(ctx, tx, self.partnership).await?;
        if p.was_approved {
            let detail = "Only a sign-up that was never approved can be deleted; close it instead.";
            return Err(Refusal::conflict("partnership_was_approved", detail).in_state(p.status.name()).into());
        }
        let (merchant, id) = (p.scope.merchant, p.scope.partnership);
        // Locked, so that the company does not join another program meanwhile.
        reseller_store::lock(tx, p.reseller).await?;
        let elsewhere = queries::is_elsewhere(tx, p.reseller, p.scope).await?;
        // From here on it must succeed.
        key_store::delete_of_partnership(tx, merchant, id).await?;
        crate::catalog::forget_partnership(tx, merchant, id).await?;
        term_store::delete_all(tx, merchant, Level::Partnership, Value::from(id)).await?;
        store::delete(tx, p.scope).await?;
        if !elsewhere {
            reseller_store::delete(tx, p.reseller).await?;
        }
        let before = json!({"status": p.status.name(), "code": p.code, "reseller": p.reseller});
        ctx.audit(AuditEntry::new(merchant, "partnership.deleted", id).of(id).before(before));
        ctx.announce(Event::new(merchant, "partnership.deleted", id, json!({"reseller": p.reseller})).of(id));
        Ok(PartnershipChanged::new(&p, p.status))
    }
}
