//! Asking the merchant to take a fulfillment back, or some of its codes (EXT-9).

use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::{RequestCancel, State};
use tradepost_domain::ids::{FulfillmentId, LicenseId};
use tradepost_web::api::fulfillments::{self, FulfilledItem, MaskedFulfillment};
use tradepost_web::fields::Paragraph;
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// Codes that are offered as boxes at most: of more, their licenses are pasted.
const BOXES: usize = 50;

input! {
    /// The form that asks for something to be taken back.
    pub struct TakeBackForm {
        /// Only some of the codes; else everything that was not taken back before.
        pub some: Option<bool>,
        /// The licenses of those, with commas, blanks or line breaks between.
        pub licenses: Option<Paragraph<40_000>>,
        /// Why; the merchant reads it.
        pub reason: Paragraph<1000>,
    }
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    page(&call, &room, &Typed::new([("some", "false".to_owned())])).await
}

async fn page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let id: FulfillmentId = call.path("id")?;
    let masked = fulfillments::masked(call, id).await?;
    let path = room.path(&format!("/fulfillments/{id}"));
    let title = room.t("Request return", "Rücknahme anfragen");
    let fields = html! {
        p class="muted" { (room.t("For when you refund your customer. The merchant decides; nothing changes before that.", "Wenn Sie Ihrem Kunden erstatten. Der Händler entscheidet; vorher ändert sich nichts.")) }
        @if masked.fulfillment.status != State::Processing { (which(room, typed, &masked)) }
        (typed.field("reason", room.t("Reason", "Grund")).hint(room.t("The merchant reads it.", "Der Händler liest es.")).whole().lines())
    };
    let act = Button::new(room.t("Ask the merchant", "Händler anfragen")).primary();
    let inside = question(call, &room.look, title, &fields, typed, &format!("{path}/take-back"), &act, &path);
    Ok(room.dialog(Spot::Fulfillments, title, &inside))
}

/// All of it, or some of it. While it is being delivered only the whole can be asked for.
fn which(room: &Room, typed: &Typed, masked: &MaskedFulfillment) -> Markup {
    let left = room.look.n(masked.fulfillment.quantity - masked.fulfillment.refunded_quantity, ("code", "codes"), ("Code", "Codes"));
    let whole = match room.look.language {
        Language::English => format!("Everything that is left: {left}"),
        Language::German => format!("Alles, was noch gilt: {left}"),
    };
    html! {
        (typed.field("some", room.t("What", "Was")).whole().radios(&[("false", whole.as_str(), ""), ("true", room.t("Only some of the codes", "Nur einige der Codes"), "")]))
        (licenses(room, typed, masked))
    }
}

fn licenses(room: &Room, typed: &Typed, masked: &MaskedFulfillment) -> Markup {
    let good: Vec<&FulfilledItem> = masked.fulfillment.items.iter().filter(|item| !item.revoked).collect();
    if good.is_empty() || good.len() > BOXES {
        let hint = room.t("Ids as in the file of codes, one per line, 1,000 at most.", "Ids wie in der Datei der Codes, eine je Zeile, höchstens 1.000.");
        let optional = room.t("for some of the codes", "für einige der Codes");
        return typed.field("licenses", room.t("Licenses", "Lizenzen")).hint(hint).example("lic_…").optional(optional).whole().lines();
    }
    html! {
        fieldset class="field whole" id="licenses" {
            legend { (room.t("Codes, where only some are meant", "Codes, wenn nur einige gemeint sind")) }
            div class="choices" {
                @for item in good {
                    label class="choice" {
                        input type="checkbox" name="licenses" value=(item.license) checked[typed.has("licenses", &item.license.text())];
                        span { code { (masked.masked.get(&item.license).map_or("••••", String::as_str)) } }
                        span class="hint" { (item.license) }
                    }
                }
            }
            @if let Some(wrong) = typed.wrong("licenses") { span class="wrong" { (icon(Icon::Bad)) (wrong) } }
        }
    }
}

/// The licenses that were named; `Err` is what is none.
fn named(text: &str) -> Result<Vec<LicenseId>, String> {
    let parts = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|_| part.to_owned())).collect()
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let fulfillment: FulfillmentId = call.path("id")?;
    let form = match call.form::<TakeBackForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no).await,
    };
    let licenses = if form.some == Some(true) { named(form.licenses.as_deref().unwrap_or("")) } else { Ok(Vec::new()) };
    let licenses = match licenses {
        Ok(licenses) if form.some == Some(true) && licenses.is_empty() => {
            return wrong(&call, &room, room.t("Choose the codes that are to be taken back.", "Wählen Sie die Codes, die zurückgenommen werden sollen.")).await;
        }
        Ok(licenses) => licenses,
        Err(what) => {
            let text = match room.look.language {
                Language::English => format!("“{what}” is not the id of a license."),
                Language::German => format!("„{what}“ ist keine Id einer Lizenz."),
            };
            return wrong(&call, &room, &text).await;
        }
    };
    match call.execute(RequestCancel { fulfillment, reason: form.reason.into_string(), licenses }).await {
        Ok(asked) => {
            let place = room.path(&format!("/fulfillments/requests/{}", asked.outcome.request));
            Ok(done(&call, &place, room.t("The merchant was asked.", "Der Händler wurde angefragt.")))
        }
        Err(no) => refused(&call, &room, no).await,
    }
}

async fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(page(call, room, &typed).await?.with_status(status))
}

async fn wrong(call: &Call, room: &Room, text: &str) -> Result<Answer, Problem> {
    let typed = Typed::of(call.typed()?).wrong_with("licenses", text);
    Ok(page(call, room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/fulfillments/{id}/take-back", "takeBackPage", ask).needs(Right::FulfillmentsCreate).page();
    r.post("/r/{partnership}/fulfillments/{id}/take-back", "takeBackForm", create)
        .needs(Right::FulfillmentsCreate)
        .page()
        .form::<TakeBackForm>()
        .command::<RequestCancel>();
}
