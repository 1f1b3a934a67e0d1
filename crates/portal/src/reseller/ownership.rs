//! An owner hands the reseller's company over to another of its users (PAR-14).

use crate::shared::ownership::{self, TransferForm};
use tradepost_domain::Right;
use tradepost_domain::partners::TransferReseller;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn ask(call: Call) -> Result<Answer, Problem> {
    ownership::ask(&call).await
}

async fn transfer(call: Call) -> Result<Answer, Problem> {
    ownership::transfer(&call, |to| TransferReseller { to }).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/people/transfer", "transferPage", ask).needs(Right::ResellerPeopleManage).fresh().page().inactive_ok();
    r.post("/r/{partnership}/people/transfer", "transferForm", transfer)
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .page()
        .inactive_ok()
        .form::<TransferForm>()
        .command::<TransferReseller>();
}
