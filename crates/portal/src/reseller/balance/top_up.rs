//! Asking for a top-up, and canceling one that nobody paid (EXT-1).

use crate::forms::{Typed, question};
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, note};
use tradepost_domain::Right;
use tradepost_domain::billing::top_up::{CancelTopUp, RequestTopUp};
use tradepost_domain::ids::InvoiceId;
use tradepost_kernel::Currency;
use tradepost_web::api::balance;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of a top-up.
    pub struct TopUpRequestForm {
        /// How much, as it is typed.
        pub amount: Line<40>,
        /// The reseller's own number.
        pub reference: Option<Line<64>>,
    }
}

/// What the partnership buys in; without it nothing can be topped up.
async fn currency(call: &Call) -> Result<Option<Currency>, Problem> {
    Ok(balance::shown(call, call.partnership()?).await?.currency)
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    begin_page(&call, &room, &Typed::default()).await
}

async fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let title = room.t("Top up the balance", "Guthaben aufladen");
    let Some(currency) = currency(call).await? else {
        let text = room.t("Ask the merchant to set your currency first.", "Bitten Sie den Händler, zuerst Ihre Währung zu setzen.");
        return Ok(room.dialog(Spot::Balance, title, &html! { header { h2 { (title) } } div class="inside" { (note::note(Tone::Warn, text, "", None)) } }));
    };
    let fields = fields(room, typed, currency);
    let act = Button::new(room.t("Issue invoice", "Rechnung stellen")).primary();
    let inside = question(call, &room.look, title, &fields, typed, &room.path("/balance/top-up"), &act, &room.path("/balance"));
    Ok(room.dialog(Spot::Balance, title, &inside))
}

fn fields(room: &Room, typed: &Typed, currency: Currency) -> Markup {
    html! {
        p class="muted" { (room.t("You get an invoice at once. What is paid of it becomes balance.", "Sie bekommen sofort eine Rechnung. Was davon bezahlt ist, wird Guthaben.")) }
        (typed.field("amount", room.t("Amount", "Betrag")).before(currency.code()).numeric().text())
        (typed.field("reference", room.t("Your reference", "Ihre Referenz"))
            .hint(room.t("Printed on the invoice.", "Steht auf der Rechnung."))
            .optional(room.t("optional", "optional")).text())
    }
}

async fn request(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<TopUpRequestForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no).await,
    };
    // Without a currency the command says so, whatever the amount is in.
    let currency = currency(&call).await?.unwrap_or(room.currency);
    let amount = match money::typed(&room.look, currency, &form.amount) {
        Ok(amount) => amount,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("amount", &text);
            return Ok(begin_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match call.execute(RequestTopUp { partnership: None, amount, reference: form.reference.map(String::from) }).await {
        Ok(issued) => {
            let place = room.path(&format!("/invoices/{}/pay", issued.outcome.invoice));
            Ok(done(&call, &place, room.t("Invoice issued. Pay it to have the balance.", "Rechnung gestellt. Mit der Zahlung haben Sie das Guthaben.")))
        }
        Err(no) => refused(&call, &room, no).await,
    }
}

async fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(begin_page(call, room, &typed).await?.with_status(status))
}

async fn ask_cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    cancel_page(&call, &room, &Typed::default()).await
}

async fn cancel_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let id: InvoiceId = call.path("id")?;
    let open = balance::shown(call, call.partnership()?).await?.open_top_ups;
    let number = open.iter().find(|top_up| top_up.invoice == id).map_or("", |top_up| top_up.number.as_str());
    let title = room.t("Cancel top-up", "Aufladung stornieren");
    let text = html! {
        p { (room.t("Its invoice is canceled for good. Cancel it only if nothing is on its way.", "Ihre Rechnung wird endgültig storniert. Stornieren Sie nur, wenn keine Zahlung unterwegs ist.")) }
        @if !number.is_empty() { p { (room.t("Invoice", "Rechnung")) " " strong { (number) } } }
    };
    let act = Button::new(title).danger();
    let action = room.path(&format!("/balance/top-ups/{id}/cancel"));
    Ok(room.dialog(Spot::Balance, title, &question(call, &room.look, title, &text, typed, &action, &act, &room.path("/balance"))))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match call.execute(CancelTopUp { invoice: call.path("id")? }).await {
        Ok(_) => Ok(done(&call, &room.path("/balance"), room.t("Top-up canceled.", "Aufladung storniert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(cancel_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/balance/top-up", "topUpPage", begin).needs(Right::BalanceManage).page();
    r.post("/r/{partnership}/balance/top-up", "requestTopUpForm", request)
        .needs(Right::BalanceManage)
        .page()
        .form::<TopUpRequestForm>()
        .command::<RequestTopUp>();
    r.get("/r/{partnership}/balance/top-ups/{id}/cancel", "cancelTopUpPage", ask_cancel).needs(Right::BalanceManage).page();
    r.post("/r/{partnership}/balance/top-ups/{id}/cancel", "cancelTopUpForm", cancel).needs(Right::BalanceManage).page().command::<CancelTopUp>();
}
