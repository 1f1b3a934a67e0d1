//! The top-up that issues itself when the balance runs low (EXT-8): its state, its form, on and off.

use crate::forms::{self, Typed, question};
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::{Button, Field, Language, badge, note};
use tradepost_domain::Right;
use tradepost_domain::billing::auto_top_up::SetAutoTopUp;
use tradepost_kernel::{Currency, Money};
use tradepost_web::api::balance::{self, AutoTopUpView, BalanceView};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of the automatic top-up.
    pub struct AutoTopUpForm {
        /// On or off.
        pub enabled: Option<bool>,
        /// Below this one is issued, as it is typed.
        pub threshold: Line<40>,
        /// Whether it fills the balance up to the amount; else it is over the amount.
        pub target: bool,
        /// How much, as it is typed.
        pub amount: Line<40>,
    }
}

/// Its state on the page of the balance.
pub(super) fn card(call: &Call, room: &Room, found: &BalanceView, auto: &AutoTopUpView) -> Markup {
    let title = room.t("Automatic top-up", "Automatische Aufladung");
    let (change, set_up) = (room.t("Change", "Ändern"), room.t("Set up", "Einrichten"));
    let known = auto.threshold.is_some();
    let (switch, place) =
        if auto.enabled { (room.t("Turn off", "Ausschalten"), "/balance/auto/off") } else { (room.t("Turn on", "Einschalten"), "/balance/auto/on") };
    let acts = html! {
        @if known { (forms::act(call, &room.path(place), &Button::new(switch).small().quiet())) }
        (Button::new(if known { change } else { set_up }).small().opens_dialog().to(&room.path("/balance/auto")))
    };
    let card = Card::new(title);
    let card = if room.may(Right::BalanceManage) { card.acts(acts) } else { card };
    card.with(html! {
        p {
            @if auto.enabled { (badge(Tone::Good, room.t("On", "An"))) } @else { (badge(Tone::Plain, room.t("Off", "Aus"))) }
            " " (rule(room, auto))
        }
        @if let Some(text) = rests(room, found, auto) { (note::note(Tone::Info, &text, "", None)) }
    })
}

/// When it is issued, and over how much.
fn rule(room: &Room, auto: &AutoTopUpView) -> String {
    let text = |money: &Money| room.look.money_text(money);
    let Some(threshold) = auto.threshold.as_ref().map(text) else {
        return room
            .t(
                "An invoice is issued automatically when your shop's sales leave too little.",
                "Eine Rechnung wird von selbst gestellt, wenn Verkäufe Ihres Shops zu wenig übrig lassen.",
            )
            .to_owned();
    };
    let (english, german) = match (&auto.amount, &auto.target) {
        (Some(amount), _) => (format!("an invoice over {}", text(amount)), format!("eine Rechnung über {}", text(amount))),
        (None, Some(target)) => {
            (format!("an invoice over what is missing to {}", text(target)), format!("eine Rechnung über das, was bis {} fehlt,", text(target)))
        }
        (None, None) => (String::new(), String::new()),
    };
    match room.look.language {
        Language::English => format!("A sale that leaves less than {threshold} issues {english}."),
        Language::German => format!("Ein Verkauf, der weniger als {threshold} übrig lässt, stellt {german} von selbst."),
    }
}

/// Why none is issued now, although it is on.
fn rests(room: &Room, found: &BalanceView, auto: &AutoTopUpView) -> Option<String> {
    let (threshold, currency) = (auto.threshold.filter(|_| auto.enabled)?, found.currency?);
    if threshold.currency != currency {
        return Some(match room.look.language {
            Language::English => format!("It rests: its amounts are in {}, and you buy in {currency}.", threshold.currency),
            Language::German => format!("Sie ruht: Ihre Beträge sind in {}, und Sie kaufen in {currency} ein.", threshold.currency),
        });
    }
    let open = found.open_top_ups.iter().find(|top_up| top_up.automatic)?;
    Some(match room.look.language {
        Language::English => format!("Invoice {} waits for its payment. No second one is issued meanwhile.", open.number),
        Language::German => format!("Die Rechnung {} wartet auf ihre Zahlung. So lange wird keine zweite gestellt.", open.number),
    })
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (auto, _) = balance::automatic(&call, call.partnership()?).await?;
    let amount = |money: Option<&Money>| money.map_or_else(String::new, |money| money::in_field(&room.look, money));
    let typed = Typed::new([
        ("enabled", (auto.enabled || auto.threshold.is_none()).to_string()),
        ("threshold", amount(auto.threshold.as_ref())),
        ("target", auto.target.is_some().to_string()),
        ("amount", amount(auto.amount.as_ref().or(auto.target.as_ref()))),
    ]);
    page(&call, &room, &typed).await
}

/// What the partnership buys in; where that is not set the command says so, whatever the amounts are in.
async fn currency(call: &Call, room: &Room) -> Result<Currency, Problem> {
    Ok(balance::shown(call, call.partnership()?).await?.currency.unwrap_or(room.currency))
}

async fn page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let title = room.t("Automatic top-up", "Automatische Aufladung");
    let fields = fields(room, typed, currency(call, room).await?);
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let inside = question(call, &room.look, title, &fields, typed, &room.path("/balance/auto"), &act, &room.path("/balance"));
    Ok(room.dialog(Spot::Balance, title, &inside))
}

fn fields(room: &Room, typed: &Typed, currency: Currency) -> Markup {
    // A mistake about the target is one about the amount that was typed for it.
    let wrong = typed.wrong("amount").or_else(|| typed.wrong("target"));
    html! {
        (typed.field("enabled", room.t("On", "An")).whole().switch())
        (typed.field("threshold", room.t("When a sale leaves less than", "Wenn ein Verkauf weniger übrig lässt als"))
            .before(currency.code()).numeric().whole().text())
        (Field::new("target", room.t("an invoice is issued", "wird eine Rechnung gestellt")).value(typed.value("target")).whole().radios(&[
            ("false", room.t("over the same amount every time", "jedes Mal über denselben Betrag"), ""),
            ("true", room.t("over what is missing to the amount", "über das, was bis zum Betrag fehlt"), ""),
        ]))
        (Field::new("amount", room.t("Amount", "Betrag")).value(typed.value("amount")).wrong(wrong).before(currency.code()).numeric().whole().text())
    }
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<AutoTopUpForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no).await,
    };
    let currency = currency(&call, &room).await?;
    let threshold = match money::typed(&room.look, currency, &form.threshold) {
        Ok(threshold) => threshold,
        Err(text) => return wrong(&call, &room, "threshold", &text).await,
    };
    let amount = match money::typed(&room.look, currency, &form.amount) {
        Ok(amount) => amount,
        Err(text) => return wrong(&call, &room, "amount", &text).await,
    };
    let (amount, target) = if form.target { (None, Some(Some(amount))) } else { (Some(Some(amount)), None) };
    let command = SetAutoTopUp { enabled: Some(form.enabled.unwrap_or(false)), threshold: Some(threshold), amount, target, ..SetAutoTopUp::default() };
    match call.execute(command).await {
        Ok(_) => Ok(done(&call, &room.path("/balance"), room.t("Automatic top-up saved.", "Automatische Aufladung gespeichert."))),
        Err(no) => refused(&call, &room, no).await,
    }
}

async fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(page(call, room, &typed).await?.with_status(status))
}

async fn wrong(call: &Call, room: &Room, field: &str, text: &str) -> Result<Answer, Problem> {
    let typed = Typed::of(call.typed()?).wrong_with(field, text);
    Ok(page(call, room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn switch(call: Call, on: bool) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    call.execute(SetAutoTopUp { enabled: Some(on), ..SetAutoTopUp::default() }).await?;
    let said = if on {
        room.t("Automatic top-up switched on.", "Automatische Aufladung eingeschaltet.")
    } else {
        room.t("Automatic top-up switched off.", "Automatische Aufladung ausgeschaltet.")
    };
    Ok(done(&call, &room.path("/balance"), said))
}

async fn switch_on(call: Call) -> Result<Answer, Problem> {
    switch(call, true).await
}

async fn switch_off(call: Call) -> Result<Answer, Problem> {
    switch(call, false).await
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/balance/auto", "autoTopUpPage", begin).needs(Right::BalanceManage).page();
    r.post("/r/{partnership}/balance/auto", "setAutoTopUpForm", set).needs(Right::BalanceManage).page().form::<AutoTopUpForm>().command::<SetAutoTopUp>();
    r.post("/r/{partnership}/balance/auto/on", "switchAutoTopUpOnForm", switch_on).needs(Right::BalanceManage).page().command::<SetAutoTopUp>();
    r.post("/r/{partnership}/balance/auto/off", "switchAutoTopUpOffForm", switch_off).needs(Right::BalanceManage).page().command::<SetAutoTopUp>();
}
