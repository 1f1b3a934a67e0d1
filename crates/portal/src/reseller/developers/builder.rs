//! The builder of requests for a dynamic URL: what is typed becomes the lines for the shop, with a look at what would come of it (EXT-6). In the sandbox the
//! call is really sent, and its answer shown; in live mode that would buy, so there is only the look.
//!
//! The URL itself is a secret that nobody stores: it comes from the page that showed it, or is pasted, and goes back into the answer only.

use super::composed::{base, composed};
use super::run::ran;
use super::{Kind, one, urls};
use crate::forms::Typed;
use crate::room::{Room, Spot};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Field, Icon, note};
use tradepost_domain::Right;
use tradepost_domain::identity::ApiKeyRow;
use tradepost_domain::listing::PageRequest;
use tradepost_kernel::text::Email;
use tradepost_web::api::reseller_products::{self, ResellerProductView};
use tradepost_web::fields::{Line, Quantity};
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// Products that are offered for choice at most: of more, the SKU is typed.
const OFFERED: i64 = 100;

/// How shops write what they fill in: the name of the choice, what stands before and behind.
pub(super) const STYLES: &[(&str, &str, &str)] = &[("braces", "{", "}"), ("double", "{{", "}}"), ("percent", "%", "%"), ("brackets", "[", "]")];

input! {
    /// What a request of a dynamic URL is to ask for.
    pub struct UrlRequestForm {
        /// SKU or id.
        pub product: Line<64>,
        /// How many codes.
        pub quantity: Quantity,
        /// The shop's own order id.
        pub order_id: Line<255>,
        /// The shop's customer.
        pub email: Email,
        /// The customer's name.
        pub name: Option<Line<200>>,
        /// How the shop writes what it fills in.
        pub style: Option<Line<16>>,
        /// The URL with its key, for lines that can be used as they are.
        pub url: Option<Line<400>>,
        /// `run`: send it.
        pub step: Option<Line<16>>,
    }
}

fn first(url: &str) -> Typed {
    Typed::new([
        ("quantity", "1".to_owned()),
        ("order_id", "order-1001-1".to_owned()),
        ("email", "grace@example.org".to_owned()),
        ("style", "braces".to_owned()),
        ("url", url.to_owned()),
    ])
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Url).await?;
    page(&call, &room, &key, &first(""), None).await
}

/// From the page that showed the URL: it comes along.
async fn begin_with(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Url).await?;
    let typed = call.typed()?;
    let url = typed.iter().find(|(name, _)| name == "url").map_or("", |(_, url)| url.as_str());
    Ok(page(&call, &room, &key, &first(url), None).await?.raw())
}

async fn page(call: &Call, room: &Room, key: &ApiKeyRow, typed: &Typed, result: Option<&Markup>) -> Result<Answer, Problem> {
    let offered = reseller_products::listed(call, None, PageRequest { limit: OFFERED, before: None }).await?;
    let all = offered.next.is_none() && !offered.rows.is_empty();
    let path = Kind::Url.page(room, key.id);
    let form_key = call.form_key();
    let check = Button::new(room.t("Compose and check", "Zusammenstellen und prüfen")).primary().icon(Icon::Play);
    let run = Button::new(room.t("Run it", "Ausführen")).icon(Icon::Code);
    let order = html! {
        div class="fields" {
            (product_field(room, typed, all.then_some(offered.rows.as_slice())))
            (typed.field("quantity", room.t("Quantity", "Anzahl")).numeric().text())
            (typed.field("order_id", room.t("Shop order ID", "Bestellnummer des Shops")).hint(room.t("The same one again costs nothing and answers the first fulfillment.", "Dieselbe noch einmal kostet nichts und zeigt die erste Lieferung.")).text())
            (typed.field("email", room.t("Customer's address", "Adresse des Kunden")).input("email"))
            (typed.field("name", room.t("Customer's name", "Name des Kunden")).optional(room.t("optional", "optional")).text())
            (style_field(room, typed))
            (typed.field("url", room.t("Your URL", "Ihre URL"))
                .hint(room.t("As it was shown when you made it. It is stored nowhere; without it the lines have a gap.", "So, wie sie beim Anlegen gezeigt wurde. Sie wird nirgends gespeichert; ohne sie haben die Zeilen eine Lücke."))
                .example(&format!("{}tpd_…", call.url("/d/"))).fill("off").optional(room.t("optional", "optional")).whole().text())
        }
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        (urls::weakest(room))
        @if !room.test { (only_a_look(room)) }
        form class="form" method="post" action={ (path) "/request" } data-live={ (path) "/request/look" } {
            (unseen(&[(FORM_KEY, form_key.as_str())]))
            (Card::new(room.t("Order", "Bestellung")).foot(html! { (check.submit()) @if room.test { (run.submit_as("step", "run")) } }).with(order))
            div class="stack" data-live-result="" { @if let Some(result) = result { (result) } }
        }
    };
    let list = Kind::Url.list(room);
    let crumbs = [(room.t("Dynamic URLs", "Dynamische URLs"), list.as_str()), (key.name.as_str(), path.as_str())];
    let text = if room.test {
        room.t(
            "You see what would come of it, and the lines for your shop. Run it: this is the sandbox, and nothing here is real.",
            "Sie sehen, was geschähe, und die Zeilen für Ihren Shop. Führen Sie ihn aus: Dies ist die Sandbox, und nichts hier ist echt.",
        )
    } else {
        room.t(
            "Nothing is bought here: you see what would come of it, and the lines for your shop.",
            "Hier wird nichts gekauft: Sie sehen, was geschähe, und die Zeilen für Ihren Shop.",
        )
    };
    let head = Head { crumbs: &crumbs, title: room.t("Build a request", "Abruf zusammenstellen"), state: None, text: Some(text), acts: None };
    Ok(room.page(Spot::Developers, &head, &inside))
}

/// Why there is no button that sends it.
fn only_a_look(room: &Room) -> Markup {
    let title = room.t("Requests are not sent from here in live mode", "Im Live-Betrieb wird von hier nichts abgerufen");
    let text = room.t(
        "A call of this URL buys: it takes from your balance and hands codes out. Only your shop should send it, after a payment. To try one out, build it in the merchant's sandbox, where it can be run.",
        "Ein Abruf dieser URL kauft: Er belastet Ihr Guthaben und gibt Codes aus. Nur Ihr Shop sollte ihn senden, nach einer Zahlung. Zum Ausprobieren stellen Sie ihn in der Sandbox des Händlers zusammen; dort lässt er sich ausführen.",
    );
    note::note(Tone::Info, title, text, None)
}

/// A choice where all products fit into one; else the SKU is typed.
fn product_field(room: &Room, typed: &Typed, offered: Option<&[ResellerProductView]>) -> Markup {
    let field = typed.field("product", room.t("Product", "Produkt"));
    let Some(offered) = offered else { return field.hint(room.t("SKU or ID", "SKU oder ID")).example("KEY-PRO").text() };
    let names: Vec<String> = offered.iter().map(|product| format!("{} ({})", product.name, product.sku)).collect();
    let choices: Vec<(&str, &str)> = offered.iter().zip(&names).map(|(product, name)| (product.sku.as_str(), name.as_str())).collect();
    field.select(&choices)
}

fn style_field(room: &Room, typed: &Typed) -> Markup {
    let examples: Vec<String> = STYLES.iter().map(|(_, open, close)| format!("{open}order_id{close}")).collect();
    let choices: Vec<(&str, &str)> = STYLES.iter().zip(&examples).map(|((name, _, _), example)| (*name, example.as_str())).collect();
    Field::new("style", room.t("Your shop writes placeholders as", "Ihr Shop schreibt Platzhalter als"))
        .value(typed.value("style"))
        .wrong(typed.wrong("style"))
        .hint(room.t("Its settings show an example.", "Seine Einstellungen zeigen ein Beispiel."))
        .select(&choices)
}

async fn compose(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Url).await?;
    match call.form::<UrlRequestForm>() {
        Ok(form) if form.step.as_deref() == Some("run") => run(&call, &room, &key, &form).await,
        Ok(form) => {
            let result = composed(&call, &room, &key, &form).await?;
            Ok(page(&call, &room, &key, &Typed::of(call.typed()?), Some(&result)).await?.raw())
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(page(&call, &room, &key, &typed, None).await?.with_status(status).raw())
        }
    }
}

/// Sends it, in the sandbox only, with the URL that was pasted; then looks again.
async fn run(call: &Call, room: &Room, key: &ApiKeyRow, form: &UrlRequestForm) -> Result<Answer, Problem> {
    let typed = Typed::of(call.typed()?);
    if !room.test {
        let text = room.t("In live mode this would buy, so it is not sent from here.", "Im Live-Betrieb wäre dies ein Kauf; er wird von hier nicht abgerufen.");
        return Ok(page(call, room, key, &typed.wrong_with("", text), None).await?.with_status(StatusCode::CONFLICT).raw());
    }
    let (url, whole) = base(call, key, form.url.as_deref());
    if !whole {
        let text = room.t(
            "Paste this URL, as it was shown when you made it: only who has it can run it.",
            "Fügen Sie diese URL ein, wie sie beim Anlegen gezeigt wurde: Nur wer sie hat, kann sie abrufen.",
        );
        return Ok(page(call, room, key, &typed.wrong_with("url", text), None).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY).raw());
    }
    let answered = ran(call, room, &url, form).await?;
    let looked = composed(call, room, key, form).await?;
    let result = html! { (answered) (looked) };
    Ok(page(call, room, key, &typed, Some(&result)).await?.raw())
}

/// The result alone, for a script that puts it in while somebody types. What is not typed yet is no mistake.
async fn look(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Url).await?;
    let result = match call.form::<UrlRequestForm>() {
        Ok(form) => composed(&call, &room, &key, &form).await?,
        Err(_) => {
            html! { p class="muted" { (room.t("Fill in the order, and the lines for your shop appear.", "Füllen Sie die Bestellung aus, dann erscheinen die Zeilen für Ihren Shop.")) } }
        }
    };
    Ok(Answer::html(result).raw())
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::ResellerKeysManage;
    r.get("/r/{partnership}/developers/urls/{key}/request", "urlRequestPage", begin).needs(right).page();
    r.post("/r/{partnership}/developers/urls/{key}/request/begin", "beginUrlRequestForm", begin_with).needs(right).page();
    r.post("/r/{partnership}/developers/urls/{key}/request", "composeUrlRequestForm", compose).needs(right).page().form::<UrlRequestForm>();
    r.post("/r/{partnership}/developers/urls/{key}/request/look", "lookUrlRequestForm", look).needs(right).page().form::<UrlRequestForm>();
}
