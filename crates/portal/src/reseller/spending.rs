//! What the people of a reseller may order in this program: each in a month, and above which amount an owner approves (PAR-14).

use crate::forms::{Typed, question};
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::html;
use tradepost_design::{Button, Language};
use tradepost_domain::access::ResellerRole;
use tradepost_domain::identity::full_name;
use tradepost_domain::orders::spending::Spendings;
use tradepost_domain::partners::queries::{UserView, users};
use tradepost_domain::partners::{SetOrderApproval, SetSpendingLimit};
use tradepost_domain::{PersonId, Right};
use tradepost_kernel::Currency;
use tradepost_web::api::approvals;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form of an amount that may be left out.
    pub struct SpendingForm {
        /// As it is typed; empty: none.
        pub amount: Option<Line<40>>,
    }
}

/// What a user may order, in words: what is left of their limit this month.
pub(super) fn words(room: &Room, known: &Spendings, user: &UserView) -> String {
    let spending = known.users.get(&user.person).filter(|_| user.role != ResellerRole::Owner);
    let limited = spending.and_then(|spending| Some((spending.limit?, spending.left_minor(known.currency?)?)));
    let (Some((limit, left)), Some(currency)) = (limited, known.currency) else { return room.t("no limit", "ohne Grenze").to_owned() };
    let (left, limit) = (room.look.money_text(&currency.minor(left)), room.look.money_text(&limit));
    match room.look.language {
        Language::English => format!("{left} of {limit} left"),
        Language::German => format!("noch {left} von {limit}"),
    }
}

/// Above which amount an owner approves orders, in words.
pub(super) async fn rule(call: &Call, room: &Room) -> Result<String, Problem> {
    let Some(over) = approvals::over(call).await? else {
        let text = room.t("Orders of this program need nobody's approval.", "Bestellungen in diesem Programm brauchen keine Genehmigung.");
        return Ok(text.to_owned());
    };
    let over = room.look.money_text(&over);
    Ok(match room.look.language {
        Language::English => format!("In this program, orders over {over} need the approval of an owner."),
        Language::German => format!("In diesem Programm muss ein Inhaber Bestellungen über {over} genehmigen."),
    })
}

/// What the partnership buys in; where that is not set the command says so, whatever the amounts are in.
async fn currency(call: &Call, room: &Room) -> Result<Currency, Problem> {
    Ok(approvals::of(call, Vec::new()).await?.currency.unwrap_or(room.currency))
}

async fn user(call: &Call, room: &Room) -> Result<UserView, Problem> {
    let (reseller, id): (_, PersonId) = (room.caller.reseller()?, call.path("id")?);
    let all = call.read(move |reader| Box::pin(async move { users(reader, reseller).await })).await?;
    all.into_iter().find(|user| user.person == id).or_not_found()
}

async fn ask_limit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let user = user(&call, &room).await?;
    let known = approvals::of(&call, vec![user.person]).await?;
    let limit = known.users.get(&user.person).and_then(|spending| spending.limit);
    let typed = Typed::new([("amount", limit.map_or_else(String::new, |limit| money::in_field(&room.look, &limit)))]);
    limit_page(&call, &room, &user, &typed).await
}

async fn limit_page(call: &Call, room: &Room, user: &UserView, typed: &Typed) -> Result<Answer, Problem> {
    let name = full_name(&user.first_name, &user.last_name);
    let title = match room.look.language {
        Language::English => format!("Spending limit of {name}"),
        Language::German => format!("Bestellgrenze von {name}"),
    };
    let currency = currency(call, room).await?;
    let hint = room.t("Empty: no limit of their own.", "Leer: keine eigene Grenze.");
    let text = html! {
        p { (room.t(
            "What they confirm in a calendar month in this program may cost at most this much. Canceled orders do not count. An owner can still approve more.",
            "Was die Person in einem Kalendermonat in diesem Programm bestätigt, darf höchstens so viel kosten. Stornierte Bestellungen zählen nicht. Ein Inhaber kann mehr genehmigen.",
        )) }
        (typed.field("amount", room.t("At most per month", "Höchstens im Monat")).hint(hint).optional(room.t("optional", "optional")).before(currency.code()).numeric().whole().text())
    };
    let act = Button::new(room.t("Save", "Sichern")).primary();
    let action = room.path(&format!("/people/{}/limit", user.person));
    Ok(room.dialog(Spot::People, &title, &question(call, &room.look, &title, &text, typed, &action, &act, &room.path("/people"))))
}

async fn set_limit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let user = user(&call, &room).await?;
    let form = match call.form::<SpendingForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(limit_page(&call, &room, &user, &typed).await?.with_status(status));
        }
    };
    let currency = currency(&call, &room).await?;
    let limit = match form.amount.as_deref().map(|text| money::typed(&room.look, currency, text)).transpose() {
        Ok(limit) => limit,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("amount", &text);
            return Ok(limit_page(&call, &room, &user, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match call.execute(SetSpendingLimit { person: user.person, limit }).await {
        Ok(_) => Ok(done(&call, &room.path("/people"), room.t("Spending limit saved.", "Bestellgrenze gesichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?.renamed("limit", "amount"));
            Ok(limit_page(&call, &room, &user, &typed).await?.with_status(status))
        }
    }
}

async fn ask_approval(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let over = approvals::over(&call).await?;
    let typed = Typed::new([("amount", over.map_or_else(String::new, |over| money::in_field(&room.look, &over)))]);
    approval_page(&call, &room, &typed).await
}

async fn approval_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let title = room.t("Approval of orders", "Genehmigung von Bestellungen");
    let currency = currency(call, room).await?;
    let hint =
        room.t("Empty: no order needs approval. 0: every order does that costs something.", "Leer: keine braucht eine Genehmigung. 0: jede, die etwas kostet.");
    let text = html! {
        p { (room.t(
            "Orders above this amount are confirmed by an owner, whoever began them. Owners and API keys order without asking.",
            "Bestellungen über diesem Betrag bestätigt ein Inhaber, wer immer sie begonnen hat. Inhaber und API-Schlüssel bestellen, ohne zu fragen.",
        )) }
        (typed.field("amount", room.t("Approval over", "Genehmigung über")).hint(hint).optional(room.t("optional", "optional")).before(currency.code()).numeric().whole().text())
    };
    let act = Button::new(room.t("Save", "Sichern")).primary();
    Ok(room.dialog(Spot::People, title, &question(call, &room.look, title, &text, typed, &room.path("/people/approval"), &act, &room.path("/people"))))
}

async fn set_approval(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<SpendingForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(approval_page(&call, &room, &typed).await?.with_status(status));
        }
    };
    let currency = currency(&call, &room).await?;
    let over = match form.amount.as_deref().map(|text| money::typed(&room.look, currency, text)).transpose() {
        Ok(over) => over,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("amount", &text);
            return Ok(approval_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match call.execute(SetOrderApproval { over }).await {
        Ok(_) => Ok(done(&call, &room.path("/people"), room.t("Saved.", "Gesichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?.renamed("order_approval_over", "amount"));
            Ok(approval_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/people/approval", "orderApprovalPage", ask_approval).needs(Right::OrdersApprove).fresh().page();
    r.post("/r/{partnership}/people/approval", "setOrderApprovalForm", set_approval)
        .needs(Right::OrdersApprove)
        .fresh()
        .page()
        .form::<SpendingForm>()
        .command::<SetOrderApproval>();
    r.get("/r/{partnership}/people/{id}/limit", "spendingLimitPage", ask_limit).needs(Right::OrdersApprove).fresh().page();
    r.post("/r/{partnership}/people/{id}/limit", "setSpendingLimitForm", set_limit)
        .needs(Right::OrdersApprove)
        .fresh()
        .page()
        .form::<SpendingForm>()
        .command::<SetSpendingLimit>();
}
