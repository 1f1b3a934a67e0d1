//! An owner hands the merchant over to another member of the staff (PAR-14).

use crate::shared::ownership::{self, TransferForm};
use tradepost_domain::Right;
use tradepost_domain::merchants::TransferMerchant;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn ask(call: Call) -> Result<Answer, Problem> {
    ownership::ask(&call).await
}

async fn transfer(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    ownership::transfer(&call, |to| TransferMerchant { merchant, to }).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/people/transfer", "merchantTransferPage", ask).needs(Right::MerchantOwn).fresh().page();
    r.post("/m/{merchant}/people/transfer", "merchantTransferForm", transfer)
        .needs(Right::MerchantOwn)
        .fresh()
        .page()
        .form::<TransferForm>()
        .command::<TransferMerchant>();
}
