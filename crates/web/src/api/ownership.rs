//! Handing a merchant or a reseller's company over to somebody else (PAR-14).

use crate::api::users::MemberId;
use crate::{Answer, Call, Problem, Routes, input};
use tradepost_domain::merchants::TransferMerchant;
use tradepost_domain::partners::TransferReseller;
use tradepost_domain::{PersonId, Right};

input! {
    /// Who is to own it.
    pub struct Transfer {
        /// The person: one of its people already.
        pub to: PersonId,
    }
}

async fn merchant(call: Call) -> Result<Answer, Problem> {
    let to = call.body::<Transfer>()?.to;
    let id = call.execute(TransferMerchant { merchant: call.merchant()?.merchant, to }).await?.outcome.person;
    Ok(Answer::ok(&MemberId { id }))
}

async fn reseller(call: Call) -> Result<Answer, Problem> {
    let to = call.body::<Transfer>()?.to;
    let id = call.execute(TransferReseller { to }).await?.outcome.person;
    Ok(Answer::ok(&MemberId { id }))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Users";
    r.post("/v1/merchant/transfer-ownership", "transferMerchant", merchant)
        .tag(tag)
        .doc("Hands the merchant over to another member of its staff: they become an owner and you an admin, in the sandbox too. Both get a mail.")
        .needs(Right::MerchantOwn)
        .fresh()
        .body::<Transfer>()
        .answers::<MemberId>(200)
        .command::<TransferMerchant>();
    r.post("/v1/reseller/transfer-ownership", "transferReseller", reseller)
        .tag(tag)
        .doc("Hands your company over to another of its users: they become an owner and you a seller, in all programs. Both get a mail.")
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .inactive_ok()
        .body::<Transfer>()
        .answers::<MemberId>(200)
        .command::<TransferReseller>();
}
