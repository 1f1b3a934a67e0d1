//! Who all licenses of an order are for, and which company sells them on: said once for the order, by either side (FUL-2, FUL-3, CAT-3).

use crate::api::licenses::{OrderEndUserInput, OrderSellingCompanyInput};
use crate::api::orders::{OrderView, shown};
use crate::{Answer, Call, Problem, Routes};
use tradepost_domain::Right;
use tradepost_domain::orders::attach::{AttachToOrder, Attachment};

async fn attach(call: &Call, what: Attachment, only_awaiting: Option<bool>) -> Result<Answer, Problem> {
    let command = AttachToOrder { order: call.path("id")?, what, only_awaiting: only_awaiting.unwrap_or(false) };
    let done = call.execute(command).await?;
    let (view, version) = shown(call, done.outcome.order).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn end_user(call: Call) -> Result<Answer, Problem> {
    let OrderEndUserInput { only_awaiting, end_user } = call.body()?;
    attach(&call, Attachment::EndUser(end_user.into()), only_awaiting).await
}

async fn selling_company(call: Call) -> Result<Answer, Problem> {
    let OrderSellingCompanyInput { only_awaiting, selling_company } = call.body()?;
    attach(&call, Attachment::SellingCompany(selling_company.into()), only_awaiting).await
}

/// Every route of what is said of a whole order.
pub fn routes(r: &mut Routes) {
    const END_USER: &str = "Says who the licenses of an order are for: all that have no end user yet, handed over or not; those that have one keep it. What asked for it before delivery is then handed over by itself.";
    const COMPANY: &str = "Says which company sells the licenses of an order on: all that have none yet, handed over or not; those that have one keep it.";
    let (of_reseller, of_merchant) = ("Orders", "Orders (merchant)");
    r.post("/v1/reseller/orders/{id}/end-user", "attachOrderEndUser", end_user)
        .tag(of_reseller)
        .doc(END_USER)
        .needs(Right::LicensesDistribute)
        .body::<OrderEndUserInput>()
        .answers::<OrderView>(200)
        .command::<AttachToOrder>();
    r.post("/v1/reseller/orders/{id}/reseller", "attachOrderSellingCompany", selling_company)
        .tag(of_reseller)
        .doc(COMPANY)
        .needs(Right::LicensesDistribute)
        .body::<OrderSellingCompanyInput>()
        .answers::<OrderView>(200)
        .command::<AttachToOrder>();
    r.post("/v1/merchant/orders/{id}/end-user", "attachMerchantOrderEndUser", end_user)
        .tag(of_merchant)
        .doc(END_USER)
        .needs(Right::OrdersManage)
        .body::<OrderEndUserInput>()
        .answers::<OrderView>(200)
        .command::<AttachToOrder>();
    r.post("/v1/merchant/orders/{id}/reseller", "attachMerchantOrderSellingCompany", selling_company)
        .tag(of_merchant)
        .doc(COMPANY)
        .needs(Right::OrdersManage)
        .body::<OrderSellingCompanyInput>()
        .answers::<OrderView>(200)
        .command::<AttachToOrder>();
}
