//! What came in by check or wire is recorded; the page says beforehand what it releases and what becomes balance (PAY-3).

use super::effects::{Effects, Stake, stake};
use crate::forms::Typed;
use crate::money;
use crate::room::{Room, Spot, done};
use crate::shared::{invoices as shared, orders};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts, sums};
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon, Language, badge, note};
use tradepost_domain::Right;
use tradepost_domain::billing::{InvoiceKind, PaymentMethod};
use tradepost_domain::ids::InvoiceId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::record_payment::RecordPayment;
use tradepost_kernel::{Date, Money};
use tradepost_web::api::invoices::{RecordedMethod, payments};
use tradepost_web::fields::Line;
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// A payment that came in.
    pub struct RecordPaymentForm {
        /// How much, as people type it, in the invoice's currency.
        pub amount: Line<40>,
        /// How it came.
        pub method: RecordedMethod,
        /// The day it came in.
        pub received_on: Date,
        /// Check number, wire reference.
        pub reference: Option<Line<100>>,
    }

    /// The amount while somebody types it.
    pub struct PaymentEffectForm {
        /// How much.
        pub amount: Option<Line<40>>,
    }
}

async fn at_stake(call: &Call) -> Result<Stake, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<InvoiceId>("id")?);
    call.read(move |reader| Box::pin(async move { stake(reader, scope, id).await })).await?.or_not_found()
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let stake = at_stake(&call).await?;
    let open = stake.currency().minor(stake.invoice.open_minor());
    let today = room.look.now.date_in(&room.look.zone);
    let typed = Typed::new([("amount", money::in_field(&room.look, &open)), ("method", "wire".to_owned()), ("received_on", today.to_string())]);
    Ok(form_page(&call, &room, &stake, &typed))
}

fn form_page(call: &Call, room: &Room, stake: &Stake, typed: &Typed) -> Answer {
    let (invoices, path) = (room.path("/invoices"), room.path(&format!("/invoices/{}", stake.invoice.id)));
    let act = Button::new(room.t("Record payment", "Zahlung erfassen")).primary().icon(Icon::Check);
    let canceled = room.t("The invoice was canceled.", "Die Rechnung wurde storniert.");
    let act = if stake.invoice.canceled.is_some() { act.off(canceled) } else { act };
    let amount = money::typed(&room.look, stake.currency(), typed.value("amount")).ok();
    let form = html! {
        form class="form wide" method="post" action={ (path) "/payments" } data-live={ (path) "/payments/effect" } {
            (unseen(&[(FORM_KEY, &call.form_key())]))
            (typed.mistakes(&room.look))
            @if stake.invoice.canceled.is_some() { (note::note(Tone::Bad, canceled, room.t("Nothing can be recorded for it.", "Für sie lässt sich nichts erfassen."), None)) }
            div class="columns" {
                div { (Card::new(room.t("Payment", "Zahlung")).with(html! { div class="fields" { (fields(room, stake, typed)) } })) }
                div {
                    div data-live-result="" { (effect_card(room, stake, amount)) }
                    (invoice_card(room, stake))
                }
            }
            div class="form-end" { a class="button" href=(path) { (room.t("Cancel", "Abbrechen")) } (act.submit()) }
        }
    };
    let title = room.t("Record payment", "Zahlung erfassen");
    let head =
        Head {
            crumbs: &[(room.t("Invoices", "Rechnungen"), invoices.as_str()), (stake.invoice.number.as_str(), path.as_str())],
            title,
            state: None,
            text: Some(room.t(
                "A recorded payment is final: check the amount and the date.",
                "Was erfasst ist, steht endgültig in den Büchern: Prüfen Sie Betrag und Tag.",
            )),
            acts: None,
        };
    room.page(Spot::Invoices, &head, &form)
}

fn fields(room: &Room, stake: &Stake, typed: &Typed) -> Markup {
    let offered = |method: &PaymentMethod| !method.way().is_some_and(|way| stake.excluded.contains(&way));
    let methods = [PaymentMethod::Wire, PaymentMethod::Check].into_iter().filter(offered).map(|method| (method.name(), shared::method(&room.look, method)));
    let methods: Vec<_> = methods.collect();
    html! {
        (typed.field("amount", room.t("Amount", "Betrag")).before(stake.currency().code()).numeric().hint(room.t("In part or whole; more than is open is taken too.", "Teilweise oder ganz; auch mehr, als offen ist.")).text())
        (typed.field("method", room.t("Payment method", "Zahlungsart")).select(&methods))
        (typed.field("received_on", room.t("Received on", "Eingegangen am")).input("date"))
        (typed.field("reference", room.t("Reference", "Referenz")).hint(room.t("Check number or purpose of the wire.", "Schecknummer oder Verwendungszweck.")).optional(room.t("optional", "optional")).text())
    }
}

/// What the payment does: computed anew while somebody types.
fn effect_card(room: &Room, stake: &Stake, amount: Option<Money>) -> Markup {
    let card = Card::new(room.t("Effect", "Auswirkung"));
    let Some(amount) = amount.filter(|amount| amount.minor > 0) else {
        return card.with(html! { p class="muted" { (room.t("Type an amount above zero.", "Geben Sie einen Betrag über null an.")) } });
    };
    let effects = stake.effects(amount.minor);
    let money = |minor: i64| room.look.money(&stake.currency().minor(minor));
    let mut lines: Vec<(&str, Markup)> = Vec::new();
    if effects.prepaid_minor > 0 {
        lines.push((room.t("Prepaid balance at once", "Sofort Guthaben"), money(effects.prepaid_minor)));
    } else if effects.pays_minor > 0 {
        lines.push((room.t("Applied to this invoice", "Auf diese Rechnung angerechnet"), money(effects.pays_minor)));
    }
    if effects.beyond_minor > 0 {
        lines.push((room.t("Account balance", "Verrechnungskonto"), money(effects.beyond_minor)));
    }
    card.with(html! {
        (sums(&lines, (room.t("Still outstanding", "Danach noch offen"), money(effects.open_minor))))
        (released(room, &effects))
        @if effects.beyond_minor > 0 { p class="muted" { (room.t("The account balance pays the next invoice automatically.", "Das Verrechnungskonto bezahlt die nächste Rechnung von selbst.")) } }
        @if stake.invoice.kind == InvoiceKind::Order && effects.open_minor == 0 { (complete(room, stake)) }
    })
}

fn released(room: &Room, effects: &Effects) -> Markup {
    html! {
        @if !effects.released.is_empty() {
            div {
                strong { (room.t("Releases:", "Gibt frei:")) }
                ul class="plain-list" {
                    @for (id, name, paid) in &effects.released {
                        li {
                            a href=(room.path(&format!("/orders/{id}"))) { (name) } " "
                            @if *paid { (badge(Tone::Good, room.t("paid", "bezahlt"))) } @else { (badge(Tone::Info, room.t("fits the credit", "passt in den Kredit"))) }
                        }
                    }
                }
            }
        }
    }
}

/// Orders on the invoice that were on credit: their goods went out before; now they are paid.
fn complete(room: &Room, stake: &Stake) -> Markup {
    let released = stake.orders().iter().filter(|order| !order.is_held()).count();
    let text = room.look.n(
        i64::try_from(released).unwrap_or(0),
        ("order whose goods are out already is paid", "orders whose goods are out already are paid"),
        ("Bestellung, deren Ware schon frei ist, ist bezahlt", "Bestellungen, deren Ware schon frei ist, sind bezahlt"),
    );
    html! { @if released > 0 { p class="muted" { (text) "." } } }
}

fn invoice_card(room: &Room, stake: &Stake) -> Markup {
    let (look, invoice) = (&room.look, &stake.invoice);
    let money = |minor: i64| look.money(&invoice.currency.minor(minor));
    let (tone, status) = shared::status(look, invoice.status(look.now.date_in(&look.zone)));
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Reseller", "Reseller"), html! { a href=(room.path(&format!("/resellers/{}", invoice.partnership))) { (stake.company) } }),
        (room.t("Invoice", "Rechnung"), html! { (invoice.number) " " (badge(tone, status)) }),
        (room.t("Due", "Fällig"), html! { (look.date(invoice.due_on)) }),
        (room.t("Total", "Summe"), money(invoice.total_minor)),
        (room.t("Outstanding", "Offen"), html! { strong { (money(invoice.open_minor())) } }),
    ];
    for order in stake.orders() {
        let name = orders::number(room, order.number.as_deref(), order.id);
        let held = order.is_held().then(|| badge(Tone::Warn, room.t("Held", "Gehalten")));
        rows.push((
            room.t("Order", "Bestellung"),
            html! { a href=(room.path(&format!("/orders/{}", order.id))) { (name) } @if let Some(held) = held { " " (held) } },
        ));
    }
    Card::new(room.t("Invoice", "Rechnung")).with(facts(&rows))
}

/// The card that says what a typed amount does, as a piece of the page.
async fn effect(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let stake = at_stake(&call).await?;
    let typed = call.typed()?;
    let text = typed.iter().find(|(name, _)| name == "amount").map_or("", |(_, text)| text.as_str());
    Ok(Answer::html(effect_card(&room, &stake, money::typed(&room.look, stake.currency(), text).ok())))
}

async fn record(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let stake = at_stake(&call).await?;
    let form = match call.form::<RecordPaymentForm>() {
        Ok(form) => form,
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(form_page(&call, &room, &stake, &typed).with_status(status));
        }
    };
    let amount = match money::typed(&room.look, stake.currency(), &form.amount) {
        Ok(amount) => amount,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("amount", &text);
            return Ok(form_page(&call, &room, &stake, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let method = match form.method {
        RecordedMethod::Check => PaymentMethod::Check,
        RecordedMethod::Wire => PaymentMethod::Wire,
    };
    let invoice = stake.invoice.id;
    let command = RecordPayment { invoice, amount, method, received_on: form.received_on, reference: form.reference.map(String::from) };
    match call.execute(command).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/invoices/{invoice}")), &said(&call, &room, invoice).await?)),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(form_page(&call, &room, &stake, &typed).with_status(status))
        }
    }
}

/// What was recorded, and what of it is beyond the invoice.
async fn said(call: &Call, room: &Room, invoice: InvoiceId) -> Result<String, Problem> {
    let last = payments(call, None, Some(invoice), PageRequest { limit: 1, before: None }).await?.rows.into_iter().next();
    let Some(payment) = last else { return Ok(room.t("Payment recorded.", "Zahlung erfasst.").to_owned()) };
    let (amount, beyond) = (room.look.money_text(&payment.amount), payment.amount.minor - payment.allocated.minor);
    let rest = room.look.money_text(&payment.amount.currency.minor(beyond));
    Ok(match (room.look.language, beyond > 0) {
        (Language::English, false) => format!("{amount} recorded."),
        (Language::English, true) => format!("{amount} recorded; {rest} of it is account balance."),
        (Language::German, false) => format!("{amount} erfasst."),
        (Language::German, true) => format!("{amount} erfasst; {rest} davon stehen auf dem Verrechnungskonto."),
    })
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::BillingManage;
    r.get("/m/{merchant}/invoices/{id}/payments/new", "merchantNewPaymentPage", begin).needs(right).page();
    r.post("/m/{merchant}/invoices/{id}/payments/effect", "merchantPaymentEffectForm", effect).needs(right).page().form::<PaymentEffectForm>();
    r.post("/m/{merchant}/invoices/{id}/payments", "merchantRecordPaymentForm", record)
        .needs(right)
        .page()
        .form::<RecordPaymentForm>()
        .command::<RecordPayment>();
}
