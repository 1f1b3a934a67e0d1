//! Looking at one code: audited, every time (FUL-9, STK-5).

use super::activate::{LicenseOutcome, find, may_leave};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::catalog::EndUserInformation;
use crate::command::{Command, Ctx, No};
use crate::ids::LicenseId;
use crate::licenses::Stage;
use crate::stock;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Shows a license's code to its reseller or to the merchant. The code itself is opened by the reader of the outcome.
#[derive(Clone, Copy, Debug)]
pub struct RevealLicense {
    /// Which.
    pub license: LicenseId,
}

#[async_trait::async_trait]
impl Command for RevealLicense {
    const NAME: &'static str = "licenses.reveal";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "not_enough_credit",
        "credit_limit_reached",
        "end_user_required",
        "nothing_to_reveal",
        "license_of_fulfillment",
    ];
    type Outcome = LicenseOutcome;
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Either(Right::LicensesDistribute, Right::LicensesReveal)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<LicenseOutcome, No> {
        let (standing, license, order) = find(ctx, tx, self.license).await?;
        let scope = standing.scope();
        let by_reseller = matches!(ctx.caller(), Caller::ResellerPerson { .. } | Caller::PartnershipKey { .. });
        if by_reseller && license.stage != Stage::Distributed && license.stage != Stage::Canceled {
            may_leave(&standing, &order)?;
            if license.end_user_information != EndUserInformation::None {
                return Err(Refusal::conflict("end_user_required", "Activate the license first: it needs its owner.").into());
            }
        }
        let key = license.key.filter(|_| license.stage != Stage::Waiting || !by_reseller);
        let Some(key) = key else {
            return Err(Refusal::conflict("nothing_to_reveal", "This license carries no code that can be shown.").in_state(license.stage.name()).into());
        };
        // From here it must succeed. What the merchant looks at does not leave the house.
        if by_reseller {
            stock::mark_shown(ctx, tx, scope.merchant, &[key]).await?;
        }
        ctx.audit(AuditEntry::new(scope.merchant, "license.revealed", license.id).of(scope.partnership));
        Ok(LicenseOutcome { license: license.id })
    }
}
