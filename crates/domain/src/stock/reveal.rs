//! Showing a code in full to the merchant's own people (STK-5).

use super::queries;
use crate::access::{Caller, MerchantScope, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::LicenseKeyId;
use serde_json::json;
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Notes who looks at a key. The code is read and opened after it, with [`queries::sealed`] and
/// [`open_code`](super::open_code): it is never kept with the command. The merchant's own look does not count as
/// shown: the key may still be sold.
#[derive(Clone, Debug)]
pub struct RevealKey {
    /// Whose.
    pub scope: MerchantScope,
    /// Which.
    pub key: LicenseKeyId,
}

#[async_trait::async_trait]
impl Command for RevealKey {
    const NAME: &'static str = "stock.reveal_key";
    const REFUSALS: &'static [&'static str] = &["not_found"];
    type Outcome = ();
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Right(Right::LicensesReveal)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let key = queries::key(tx, self.scope, self.key).await?.ok_or_else(Refusal::not_found)?;
        let facts = json!({ "product": key.product, "state": key.state.name(), "masked": key.masked });
        ctx.audit(AuditEntry::new(self.scope.merchant, "license_key.revealed", self.key).after(facts));
        Ok(())
    }
}
