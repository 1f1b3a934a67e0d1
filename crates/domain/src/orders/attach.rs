//! Who a license is for, and who sells it on: attached by either side, before or after payment (FUL-2, FUL-3, CAT-3).

use super::activate::LicenseOutcome;
use super::activate::find;
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::customers::{self, EndUser, SellingCompany};
use crate::ids::LicenseId;
use crate::licenses::{self, Stage};
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// What is attached.
#[derive(Clone, Debug)]
pub enum Attachment {
    /// The end user.
    EndUser(EndUser),
    /// The company that sells on.
    SellingCompany(SellingCompany),
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
        let (action, after) = match &self.what {
            Attachment::EndUser(who) => {
                let customer = customers::record(ctx, tx, scope, who).await?;
                licenses::store::attach_customer(tx, scope.merchant, &[license.id], customer).await?;
                ("license.end_user_attached", json!({"customer": customer}))
            }
            Attachment::SellingCompany(who) => {
                let company = customers::record_selling_company(ctx, tx, scope.merchant, who).await?;
                licenses::store::attach_selling_company(tx, scope.merchant, &[license.id], company).await?;
                ("license.reseller_information_attached", json!({"reseller_information": company}))
            }
        };
        let before = json!({"customer": license.customer, "reseller_information": license.reseller_information});
        ctx.audit(AuditEntry::new(scope.merchant, action, license.id).of(scope.partnership).before(before).after(after));
        super::settle::settle(ctx, tx, &standing, &[order.id]).await?;
        Ok(LicenseOutcome { license: license.id })
    }
}
