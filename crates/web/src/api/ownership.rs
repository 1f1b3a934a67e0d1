//! Handing a merchant or a reseller's company over to somebody else, and closing a merchant's account (PAR-14).

use crate::api::merchant::{Merchant, shown};
use crate::api::users::MemberId;
use crate::fields::Line;
use crate::{Answer, Call, Problem, Routes, input};
use tradepost_domain::fulfillments::CloseMerchant;
use tradepost_domain::merchants::TransferMerchant;
use tradepost_domain::partners::TransferReseller;
use tradepost_domain::{PersonId, Right};

input! {
    /// Who is to own it.
    pub struct Transfer {
        /// The person: one of its people already.
        pub to: PersonId,
    }

    /// That an account is to be closed.
    pub struct Closing {
        /// The merchant's name, exactly: so that nobody closes the wrong one.
        pub confirm: Line<200>,
    }
}

async fn close(call: Call) -> Result<Answer, Problem> {
    let confirm = call.body::<Closing>()?.confirm.into_string();
    call.execute(CloseMerchant { merchant: call.merchant()?.merchant, confirm }).await?;
    let (merchant, version) = shown(&call).await?;
    Ok(Answer::ok(&merchant).etag(version))
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
    r.post("/v1/merchant/close", "closeMerchant", close)
        .tag("Merchant")
        .doc("Closes the account with its sandbox, where nothing is open: no order, fulfillment, request, invoice or balance. Its partnerships are closed, and their owners told by mail; everything stays readable, nothing can be changed. Only the operator of the server opens it again.")
        .needs(Right::MerchantOwn)
        .fresh()
        .body::<Closing>()
        .answers::<Merchant>(200)
        .command::<CloseMerchant>();
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
