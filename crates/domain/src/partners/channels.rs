//! Channels (PAR-7): where a partnership buys, with which price list.

use super::{channel_store as store, queries, store as partnerships, term_store, terms::Level};
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{ChannelId, PriceListId};
use crate::merchants::update::stale;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::{Tx, Value};

/// The name of the channel and of the price list that every merchant starts with.
pub const DEFAULT: &str = "Default";

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelView {
    /// Which.
    pub id: ChannelId,
    /// What it is called.
    pub name: String,
    /// Whose products and prices it offers.
    pub price_list: PriceListId,
    /// Whether orders are answered by mail.
    pub order_email: bool,
    /// Since when.
    pub created: Timestamp,
    /// Counts changes.
    pub version: i64,
}

impl ChannelView {
    fn audit_json(&self) -> serde_json::Value {
        json!({"name": self.name, "price_list": self.price_list, "order_email": self.order_email})
    }
}

/// The channel that was made, changed or deleted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ChannelChanged {
    /// Which.
    pub channel: ChannelId,
}

fn name_taken() -> Refusal {
    Refusal::conflict("name_taken", "Another channel has this name.").at("/name")
}

fn unknown_price_list() -> Refusal {
    Refusal::not_found().at("/price_list")
}

/// Makes a channel.
#[derive(Clone, Debug)]
pub struct CreateChannel {
    /// What it is called; unique at the merchant.
    pub name: String,
    /// Whose products and prices it offers.
    pub price_list: PriceListId,
    /// Whether orders are answered by mail.
    pub order_email: bool,
}

#[async_trait::async_trait]
impl Command for CreateChannel {
    const NAME: &'static str = "channels.create";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "name_taken"];
    type Outcome = ChannelChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ChannelChanged, No> {
        let scope = ctx.caller().merchant()?;
        if !queries::price_list_exists(tx, scope, self.price_list).await? {
            return Err(unknown_price_list().into());
        }
        if queries::channel_named(tx, scope, &self.name).await?.is_some() {
            return Err(name_taken().into());
        }
        let channel =
            ChannelView { id: ctx.id(), name: self.name.clone(), price_list: self.price_list, order_email: self.order_email, created: ctx.now, version: 1 };
        // From here on it must succeed.
        store::insert(tx, scope.merchant, &channel).await?;
        ctx.audit(AuditEntry::new(scope.merchant, "channel.created", channel.id).after(channel.audit_json()));
        ctx.announce(Event::new(scope.merchant, "channel.created", channel.id, json!({"channel": channel.id})));
        Ok(ChannelChanged { channel: channel.id })
    }
}

/// Changes what is given. New prices count for new orders only.
#[derive(Clone, Debug)]
pub struct UpdateChannel {
    /// Which.
    pub channel: ChannelId,
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// What it is called.
    pub name: Option<String>,
    /// Whose products and prices it offers.
    pub price_list: Option<PriceListId>,
    /// Whether orders are answered by mail.
    pub order_email: Option<bool>,
}

#[async_trait::async_trait]
impl Command for UpdateChannel {
    const NAME: &'static str = "channels.update";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "stale_version", "name_taken"];
    type Outcome = ChannelChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ChannelChanged, No> {
        let scope = ctx.caller().merchant()?;
        let before = store::lock(tx, scope.merchant, self.channel).await?.ok_or_else(Refusal::not_found)?;
        if self.version.is_some_and(|version| version != before.version) {
            return Err(stale().into());
        }
        let mut after = before.clone();
        if let Some(list) = self.price_list {
            if !queries::price_list_exists(tx, scope, list).await? {
                return Err(unknown_price_list().into());
            }
            after.price_list = list;
        }
        if let Some(name) = &self.name {
            if queries::channel_named(tx, scope, name).await?.is_some_and(|other| other != self.channel) {
                return Err(name_taken().into());
            }
            after.name.clone_from(name);
        }
        after.order_email = self.order_email.unwrap_or(before.order_email);
        // From here on it must succeed.
        if after != before {
            store::update(tx, scope.merchant, &after).await?;
            ctx.audit(AuditEntry::new(scope.merchant, "channel.updated", after.id).before(before.audit_json()).after(after.audit_json()));
            ctx.announce(Event::new(scope.merchant, "channel.updated", after.id, json!({"channel": after.id})));
        }
        Ok(ChannelChanged { channel: after.id })
    }
}

/// Deletes a channel without partnerships, the last one too.
#[derive(Clone, Copy, Debug)]
pub struct DeleteChannel {
    /// Which.
    pub channel: ChannelId,
}

#[async_trait::async_trait]
impl Command for DeleteChannel {
    const NAME: &'static str = "channels.delete";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "channel_in_use"];
    type Outcome = ChannelChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ChannelChanged, No> {
        let scope = ctx.caller().merchant()?;
        let channel = store::lock(tx, scope.merchant, self.channel).await?.ok_or_else(Refusal::not_found)?;
        if partnerships::in_channel(tx, scope.merchant, self.channel).await? {
            return Err(Refusal::conflict("channel_in_use", "Partnerships are in this channel; move them first.").into());
        }
        // From here on it must succeed.
        term_store::delete_all(tx, scope.merchant, Level::Channel, Value::from(self.channel)).await?;
        store::delete(tx, scope.merchant, self.channel).await?;
        ctx.audit(AuditEntry::new(scope.merchant, "channel.deleted", self.channel).before(channel.audit_json()));
        ctx.announce(Event::new(scope.merchant, "channel.deleted", self.channel, json!({"channel": self.channel})));
        Ok(ChannelChanged { channel: self.channel })
    }
}

/// The channel that an approval leads into: the one that was named, else the one that there is. Several and none
/// named: none yet, a person picks later. The row is locked, so that it is not deleted meanwhile.
///
/// # Errors
/// `no_channel` where there is none; `not_found` where the named one is not the merchant's.
pub(crate) async fn for_approval(tx: &mut Tx<'_>, scope: MerchantScope, named: Option<ChannelId>) -> Result<Option<ChannelId>, No> {
    let all = store::lock_some(tx, scope.merchant).await?;
    match (named, all.as_slice()) {
        (_, []) => Err(Refusal::conflict("no_channel", "There is no channel to approve into; create one first.").into()),
        (Some(named), _) => {
            let found = store::lock(tx, scope.merchant, named).await?;
            Ok(Some(found.ok_or_else(|| Refusal::not_found().at("/channel"))?.id))
        }
        (None, [only]) => Ok(Some(*only)),
        (None, _) => Ok(None),
    }
}

/// Whether the caller is the house or one of the merchant's; for commands that name their merchant.
pub(crate) fn works_for(caller: &Caller, merchant: i64) -> Result<MerchantScope, Refusal> {
    match caller {
        Caller::System | Caller::Operator => Ok(MerchantScope { merchant }),
        _ => {
            let scope = caller.merchant()?;
            if scope.merchant == merchant { Ok(scope) } else { Err(Refusal::not_found()) }
        }
    }
}
