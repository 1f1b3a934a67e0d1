//! Who a license is for, and who sells it on: attached by either side, to one license or to all of an order, before or after payment (FUL-2, FUL-3, CAT-3).

use super::activate::{LicenseOutcome, find, side};
use super::queries;
use super::standing::Standing;
use crate::access::{Caller, MerchantScope, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::customers::{self, EndUser, SellingCompany};
use crate::ids::{LicenseId, OrderId};
use crate::licenses::queries::LicenseRow;
use crate::licenses::{self, Stage};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::{Fault, Tx};

/// What is attached.
#[derive(Clone, Debug)]
pub enum Attachment {
    /// The end user.
    EndUser(EndUser),
    /// The company that sells on.
    SellingCompany(SellingCompany),
}

impl Attachment {
    /// Which of the two it is.
    const fn kind(&self) -> Kind {
        match self {
            Self::EndUser(_) => Kind::EndUser,
            Self::SellingCompany(_) => Kind::SellingCompany,
        }
    }

    /// Writes it down once and attaches it to all of these. Says what it is, for the trail.
    async fn attach(&self, ctx: &Ctx, tx: &mut Tx<'_>, scope: PartnershipScope, licenses: &[LicenseId]) -> Result<serde_json::Value, Fault> {
        match self {
            Self::EndUser(who) => {
                let customer = customers::record(ctx, tx, scope, who).await?;
                licenses::store::attach_customer(tx, scope.merchant, licenses, customer).await?;
                Ok(json!({"customer": customer}))
            }
            Self::SellingCompany(who) => {
                let company = customers::record_selling_company(ctx, tx, scope.merchant, who).await?;
                licenses::store::attach_selling_company(tx, scope.merchant, licenses, company).await?;
                Ok(json!({"reseller_information": company}))
            }
        }
    }
}

/// Which of the two is said of licenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who they are for.
    EndUser,
    /// Who sells them on.
    SellingCompany,
}

impl Kind {
    /// Whether it was not said of a license yet. What was canceled or taken back needs it no more.
    #[must_use]
    pub fn is_missing(self, license: &LicenseRow) -> bool {
        let gone = matches!(license.stage, Stage::Canceled | Stage::Revoked);
        let said = match self {
            Self::EndUser => license.customer.is_some(),
            Self::SellingCompany => license.reseller_information.is_some(),
        };
        !gone && !said
    }

    /// Whether a license waits for it (FUL-2).
    #[must_use]
    pub fn is_awaited(self, license: &LicenseRow) -> bool {
        let waits = match self {
            Self::EndUser => license.facts().misses_end_user(),
            Self::SellingCompany => license.facts().misses_reseller_information(),
        };
        waits && self.is_missing(license)
    }

    const fn on_license(self) -> &'static str {
        match self {
            Self::EndUser => "license.end_user_attached",
            Self::SellingCompany => "license.reseller_information_attached",
        }
    }

    const fn on_order(self) -> &'static str {
        match self {
            Self::EndUser => "order.end_user_attached",
            Self::SellingCompany => "order.reseller_information_attached",
        }
    }
}

/// The entry of a license in the trail.
fn entry(scope: PartnershipScope, kind: Kind, license: &LicenseRow, after: &serde_json::Value) -> AuditEntry {
    let before = json!({"customer": license.customer, "reseller_information": license.reseller_information});
    AuditEntry::new(scope.merchant, kind.on_license(), license.id).of(scope.partnership).before(before).after(after.clone())
}

/// Attaches information to a license. What was distributed has its owner; only the merchant changes it then.
#[derive(Clone, Debug)]
pub struct AttachInformation {
    /// Which license.
    pub license: LicenseId,
    /// What.
    pub what: Attachment,
}

#[async_trait::async_trait]
impl Command for AttachInformation {
    const NAME: &'static str = "licenses.attach_information";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "license_canceled", "license_distributed", "license_of_fulfillment"];
    type Outcome = LicenseOutcome;

    fn need(&self) -> Need {
        Need::Either(Right::LicensesDistribute, Right::OrdersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LicenseOutcome, No> {
        let (standing, license, order) = find(ctx, tx, self.license).await?;
        let scope = standing.scope();
        let by_reseller = matches!(ctx.caller(), Caller::ResellerPerson { .. } | Caller::PartnershipKey { .. });
        if license.stage == Stage::Canceled {
            return Err(Refusal::conflict("license_canceled", "The license's order was canceled.").in_state("canceled").into());
        }
        if license.stage == Stage::Distributed && by_reseller && license.customer.is_some() {
            let detail = "The license was handed over; only the merchant can change its owner.";
            return Err(Refusal::conflict("license_distributed", detail).in_state("distributed").into());
        }
        // From here it must succeed.
        let after = self.what.attach(ctx, tx, scope, &[license.id]).await?;
        ctx.audit(entry(scope, self.what.kind(), &license, &after));
        super::settle::settle(ctx, tx, &standing, &[order.id]).await?;
        Ok(LicenseOutcome { license: license.id })
    }
}

/// Attaches information to every license of an order that has none yet: what was said of single ones stays. What waits for nothing else then is
/// released, and what asked for its end user before delivery is handed over by itself.
#[derive(Clone, Debug)]
pub struct AttachToOrder {
    /// Which order.
    pub order: OrderId,
    /// What.
    pub what: Attachment,
    /// Only to those that wait for it, so that others stay free to be handed to anybody.
    pub only_awaiting: bool,
}

/// An order whose licenses were given something.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AttachedToOrder {
    /// The order.
    pub order: OrderId,
    /// How many of its licenses.
    pub licenses: i64,
}

#[async_trait::async_trait]
impl Command for AttachToOrder {
    const NAME: &'static str = "orders.attach_information";
    const REFUSALS: &'static [&'static str] = &["not_found", "partnership_not_active", "order_canceled", "order_not_placed", "nothing_to_attach"];
    type Outcome = AttachedToOrder;

    fn need(&self) -> Need {
        Need::Either(Right::LicensesDistribute, Right::OrdersManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<AttachedToOrder, No> {
        let (merchant, of) = side(ctx)?;
        let found = queries::partnership_of(tx, MerchantScope { merchant }, self.order).await?;
        let partnership = found.filter(|found| of.is_none_or(|of| of == *found)).ok_or_else(Refusal::not_found)?;
        let scope = PartnershipScope { merchant, partnership };
        let standing = Standing::of(tx, scope).await?;
        if of.is_some() {
            standing.partnership.may_trade()?;
        }
        // Read under the lock: a draft may be gone, and licenses may have their owners by now.
        let order = queries::order(tx, scope.of_merchant(), Some(partnership), self.order).await?.ok_or_else(Refusal::not_found)?;
        if order.canceled.is_some() {
            return Err(Refusal::conflict("order_canceled", "The order was canceled before.").in_state("canceled").into());
        }
        if order.placed.is_none() {
            return Err(Refusal::conflict("order_not_placed", "A draft has no licenses yet.").in_state(order.state.name()).into());
        }
        let kind = self.what.kind();
        let wanted = |license: &LicenseRow| if self.only_awaiting { kind.is_awaited(license) } else { kind.is_missing(license) };
        let licenses: Vec<LicenseRow> = licenses::queries::of_orders(tx, merchant, &[order.id]).await?.into_iter().filter(wanted).collect();
        if licenses.is_empty() {
            return Err(nothing_to_attach(self.only_awaiting).in_state(order.state.name()).into());
        }
        // From here it must succeed.
        let ids: Vec<LicenseId> = licenses.iter().map(|license| license.id).collect();
        let after = self.what.attach(ctx, tx, scope, &ids).await?;
        for license in &licenses {
            ctx.audit(entry(scope, kind, license, &after));
        }
        let mut of_order = after;
        of_order["licenses"] = json!(ids.len());
        ctx.audit(AuditEntry::new(merchant, kind.on_order(), order.id).of(partnership).after(of_order));
        super::settle::settle(ctx, tx, &standing, &[order.id]).await?;
        Ok(AttachedToOrder { order: order.id, licenses: i64::try_from(ids.len()).unwrap_or(i64::MAX) })
    }
}

fn nothing_to_attach(only_awaiting: bool) -> Refusal {
    let detail = if only_awaiting { "No license of this order waits for it." } else { "Every license of this order has it already." };
    Refusal::conflict("nothing_to_attach", detail)
}
