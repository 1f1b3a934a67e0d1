//! Who all licenses of an order are for, and which company sells them on: the dialogs of an order, the same in both workspaces (FUL-2, FUL-3, CAT-3).

use super::licenses::{company_fields, end_user_fields};
use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Language, note};
use tradepost_domain::ids::OrderId;
use tradepost_domain::orders::attach::{AttachToOrder, Attachment, Kind};
use tradepost_web::api::licenses::{OrderEndUserInput, OrderSellingCompanyInput};
use tradepost_web::api::orders::{OrderView, shown};
use tradepost_web::{Answer, Call, Problem};

const fn place(kind: Kind) -> &'static str {
    match kind {
        Kind::EndUser => "end-user",
        Kind::SellingCompany => "reseller",
    }
}

/// How many licenses of an order have none, and how many of them wait for it.
const fn counts(order: &OrderView, kind: Kind) -> (i64, i64) {
    match kind {
        Kind::EndUser => (order.licenses.without_end_user, order.licenses.awaiting_end_user),
        Kind::SellingCompany => (order.licenses.without_selling_company, order.licenses.awaiting_selling_company),
    }
}

/// The form, for all licenses that have none yet. Where some wait for it and others do not, the others stay free unless somebody says otherwise.
///
/// # Errors
/// 404; faults of the store.
pub async fn ask(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (order, _) = shown(&call, call.path("id")?).await?;
    let typed = Typed::new(differ(&order, kind).then(|| ("only_awaiting", "true".to_owned())));
    Ok(page(&call, &room, &order, kind, &typed))
}

/// Whether only some of the licenses that have none wait for it.
const fn differ(order: &OrderView, kind: Kind) -> bool {
    let (missing, awaiting) = counts(order, kind);
    0 < awaiting && awaiting < missing
}

fn page(call: &Call, room: &Room, order: &OrderView, kind: Kind, typed: &Typed) -> Answer {
    let path = room.path(&format!("/orders/{}", order.id));
    let title = match kind {
        Kind::EndUser => room.t("Who are its licenses for?", "Für wen sind ihre Lizenzen?"),
        Kind::SellingCompany => room.t("Which company sells its licenses on?", "Welche Firma verkauft ihre Lizenzen weiter?"),
    };
    if counts(order, kind).0 == 0 {
        return room.dialog(Spot::Orders, title, &nothing(room, title, typed, &path));
    }
    let fields = html! {
        p { (what_happens(room, order, kind)) }
        (only_awaiting(room, order, kind, typed))
        @match kind { Kind::EndUser => (end_user_fields(room, typed)), Kind::SellingCompany => (company_fields(room, typed)) }
    };
    let act = Button::new(room.t("Save", "Speichern")).primary();
    room.dialog(Spot::Orders, title, &question(call, &room.look, title, &fields, typed, &format!("{path}/{}", place(kind)), &act, &path))
}

/// Where every license has it, and where there are none: a draft, an order that was canceled.
fn nothing(room: &Room, title: &str, typed: &Typed, path: &str) -> Markup {
    let text = room.t("No license of this order is without it.", "Keiner Lizenz dieser Bestellung fehlt das.");
    let hint = room.t("What is said of a single license is changed on its page.", "Was bei einer einzelnen Lizenz steht, ändern Sie auf deren Seite.");
    let back = Button::new(room.t("Back to the order", "Zurück zur Bestellung")).to(path);
    html! { header { h2 { (title) } } div class="inside" { (typed.mistakes(&room.look)) (note::note(Tone::Info, text, hint, Some(&back))) } }
}

fn what_happens(room: &Room, order: &OrderView, kind: Kind) -> String {
    let licenses = room.look.n(counts(order, kind).0, ("license", "licenses"), ("Lizenz", "Lizenzen"));
    match (kind, room.look.language) {
        (Kind::EndUser, Language::English) => format!(
            "For {licenses} of this order without an end user; those that have one keep theirs. What waited for nothing else is handed over at once, each license in an e-mail of its own."
        ),
        (Kind::EndUser, Language::German) => format!(
            "Für {licenses} dieser Bestellung ohne Endkunden; wo schon jemand genannt ist, bleibt es dabei. Was auf nichts anderes gewartet hat, wird sofort übergeben, jede Lizenz in einer eigenen E-Mail."
        ),
        (Kind::SellingCompany, Language::English) => format!("For {licenses} of this order without a selling company; those that have one keep theirs."),
        (Kind::SellingCompany, Language::German) => {
            format!("Für {licenses} dieser Bestellung ohne verkaufende Firma; wo schon eine genannt ist, bleibt es dabei.")
        }
    }
}

fn only_awaiting(room: &Room, order: &OrderView, kind: Kind, typed: &Typed) -> Markup {
    let label = format!("{} ({})", room.t("Only those that wait for it", "Nur die, die darauf warten"), room.look.number(counts(order, kind).1));
    let hint = room.t("The others stay free to be handed to anybody.", "Die übrigen bleiben frei und gehen später an wen Sie wollen.");
    html! { @if differ(order, kind) { (typed.field("only_awaiting", &label).hint(hint).whole().switch()) } }
}

/// Attaches what was typed, and goes back to the order.
///
/// # Errors
/// 403, 404; faults of the store.
pub async fn attach(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    let said = match kind {
        Kind::EndUser => call.form::<OrderEndUserInput>().map(|form| (Attachment::EndUser(form.end_user.into()), form.only_awaiting)),
        Kind::SellingCompany => {
            call.form::<OrderSellingCompanyInput>().map(|form| (Attachment::SellingCompany(form.selling_company.into()), form.only_awaiting))
        }
    };
    let attached = match said {
        Ok((what, only)) => call.execute(AttachToOrder { order, what, only_awaiting: only.unwrap_or(false) }).await.map(|made| made.outcome.licenses),
        Err(no) => Err(no),
    };
    match attached {
        Ok(licenses) => {
            let said = room.look.n(licenses, ("license saved.", "licenses saved."), ("Lizenz gespeichert.", "Lizenzen gespeichert."));
            Ok(done(&call, &room.path(&format!("/orders/{order}")), &said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let (order, _) = shown(&call, order).await?;
            Ok(page(&call, &room, &order, kind, &typed).with_status(status))
        }
    }
}
