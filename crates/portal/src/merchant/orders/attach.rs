//! Who a license is for and who sells it on, said by the merchant: also after it was handed over, and once for all of an order (FUL-2, FUL-3, CAT-3).

use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use crate::shared::attach as of_order;
use crate::shared::licenses as shared;
use tradepost_design::Button;
use tradepost_domain::Right;
use tradepost_domain::ids::LicenseId;
use tradepost_domain::orders::attach::{AttachInformation, AttachToOrder, Attachment, Kind};
use tradepost_web::api::licenses::{EndUserInput, OrderEndUserInput, OrderSellingCompanyInput, SellingCompanyInput, shown};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Which of the two is said.
#[derive(Clone, Copy)]
enum What {
    EndUser,
    Company,
}

impl What {
    const fn place(self) -> &'static str {
        match self {
            Self::EndUser => "end-user",
            Self::Company => "reseller",
        }
    }
}

async fn ask(call: Call, what: What) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license = shown(&call, call.path("id")?, false).await?;
    let typed = match what {
        What::EndUser => shared::known_owner(&license),
        What::Company => shared::known_company(&license),
    };
    Ok(form_page(&call, &room, license.id, what, &typed))
}

fn form_page(call: &Call, room: &Room, id: LicenseId, what: What, typed: &Typed) -> Answer {
    let path = room.path(&format!("/licenses/{id}"));
    let (title, fields) = match what {
        What::EndUser => (room.t("Who is it for?", "Für wen ist sie?"), shared::end_user_fields(room, typed)),
        What::Company => (room.t("Who sells it on?", "Wer verkauft sie weiter?"), shared::company_fields(room, typed)),
    };
    let act = Button::new(room.t("Save", "Speichern")).primary();
    room.dialog(Spot::Orders, title, &question(call, &room.look, title, &fields, typed, &format!("{path}/{}", what.place()), &act, &path))
}

async fn attach(call: Call, what: What) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let license: LicenseId = call.path("id")?;
    let said = match what {
        What::EndUser => call.form::<EndUserInput>().map(|form| Attachment::EndUser(form.into())),
        What::Company => call.form::<SellingCompanyInput>().map(|form| Attachment::SellingCompany(form.into())),
    };
    let attached = match said {
        Ok(what) => call.execute(AttachInformation { license, what }).await.map(drop),
        Err(no) => Err(no),
    };
    match attached {
        Ok(()) => Ok(done(&call, &room.path(&format!("/licenses/{license}")), room.t("Saved.", "Gesichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(form_page(&call, &room, license, what, &typed).with_status(status))
        }
    }
}

async fn ask_end_user(call: Call) -> Result<Answer, Problem> {
    ask(call, What::EndUser).await
}

async fn ask_company(call: Call) -> Result<Answer, Problem> {
    ask(call, What::Company).await
}

async fn attach_end_user(call: Call) -> Result<Answer, Problem> {
    attach(call, What::EndUser).await
}

async fn attach_company(call: Call) -> Result<Answer, Problem> {
    attach(call, What::Company).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/licenses/{id}/end-user", "merchantEndUserPage", ask_end_user).needs(Right::OrdersManage).page();
    r.post("/m/{merchant}/licenses/{id}/end-user", "merchantEndUserForm", attach_end_user)
        .needs(Right::OrdersManage)
        .page()
        .form::<EndUserInput>()
        .command::<AttachInformation>();
    r.get("/m/{merchant}/licenses/{id}/reseller", "merchantSellingCompanyPage", ask_company).needs(Right::OrdersManage).page();
    r.post("/m/{merchant}/licenses/{id}/reseller", "merchantSellingCompanyForm", attach_company)
        .needs(Right::OrdersManage)
        .page()
        .form::<SellingCompanyInput>()
        .command::<AttachInformation>();
    let (owner, company) = ("/m/{merchant}/orders/{id}/end-user", "/m/{merchant}/orders/{id}/reseller");
    r.get(owner, "merchantOrderEndUserPage", |call| of_order::ask(call, Kind::EndUser)).needs(Right::OrdersManage).page();
    r.post(owner, "merchantOrderEndUserForm", |call| of_order::attach(call, Kind::EndUser))
        .needs(Right::OrdersManage)
        .page()
        .form::<OrderEndUserInput>()
        .command::<AttachToOrder>();
    r.get(company, "merchantOrderSellingCompanyPage", |call| of_order::ask(call, Kind::SellingCompany)).needs(Right::OrdersManage).page();
    r.post(company, "merchantOrderSellingCompanyForm", |call| of_order::attach(call, Kind::SellingCompany))
        .needs(Right::OrdersManage)
        .page()
        .form::<OrderSellingCompanyInput>()
        .command::<AttachToOrder>();
}
