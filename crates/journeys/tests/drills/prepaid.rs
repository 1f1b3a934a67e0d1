//! Money paid ahead, for the drills: a wire on a partnership's prepaid balance, without the paper around it.

use tradepost_domain::access::Need;
use tradepost_domain::ledger::{self, AccountKind, NewTransfer, Posting};
use tradepost_domain::{Caller, Command, Ctx, No, PartnershipScope};
use tradepost_kernel::Currency;
use tradepost_store::Tx;
use tradepost_testkit::{Merchant, Reseller, TestApp};

/// Pays in.
#[derive(Clone, Copy, Debug)]
pub struct PayIn {
    pub scope: PartnershipScope,
    pub currency: Currency,
    pub minor: i64,
}

impl PayIn {
    pub const fn of(merchant: &Merchant, reseller: &Reseller, minor: i64) -> Self {
        Self { scope: reseller.scope, currency: merchant.currency, minor }
    }
}

impl Command for PayIn {
    const NAME: &'static str = "drills.pay_in";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = ();

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.scope.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<(), No> {
        let postings =
            vec![Posting { kind: AccountKind::CashWire, amount_minor: self.minor }, Posting { kind: AccountKind::Prepaid, amount_minor: -self.minor }];
        let transfer = NewTransfer {
            kind: "pay_in",
            reference: ctx.id::<()>().bytes(),
            partnership: self.scope.partnership,
            currency: self.currency,
            postings,
            reverses: None,
        };
        Ok(ledger::post(ctx, tx, self.scope.merchant, &[transfer]).await?)
    }
}

/// What a partnership has paid ahead and not used.
pub async fn balance(app: &TestApp, merchant: &Merchant, reseller: &Reseller) -> i64 {
    let (scope, currency) = (reseller.scope, merchant.currency);
    // A credit balance: it is the reseller's money.
    -app.read(move |reader| Box::pin(async move { ledger::queries::balance(reader, scope, AccountKind::Prepaid, currency).await })).await
}
