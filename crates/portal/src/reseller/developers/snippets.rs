//! Code to begin with, taken from the guide for external shops, so that it is the code that the guide's tests run.

use super::{Tab, documentation, tabs};
use crate::room::{Room, Spot};
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::{Button, value};
use tradepost_domain::Right;
use tradepost_domain::listing::PageRequest;
use tradepost_web::api::reseller_products;
use tradepost_web::{Answer, Call, Problem, Routes};

const GUIDE: &str = include_str!("../../../../../docs/external-shops.md");

/// The address and the product of the guide's examples.
const ADDRESS: &str = "http://127.0.0.1:8080";
const PRODUCT: &str = "NW-VAULT";

/// Name in the URL, heading in the guide.
const LANGUAGES: &[(&str, &str)] = &[("curl", "curl"), ("python", "Python"), ("javascript", "JavaScript"), ("php", "PHP")];

/// The pieces of code below a heading of the guide.
fn pieces(heading: &str) -> Vec<String> {
    let (mut inside, mut fenced) = (false, false);
    let (mut piece, mut found) = (String::new(), Vec::new());
    for line in GUIDE.lines() {
        if line.starts_with("```") {
            if fenced && inside {
                found.push(std::mem::take(&mut piece));
            }
            fenced = !fenced;
        } else if !fenced && line.starts_with('#') {
            inside = line.trim_start_matches('#').trim() == heading;
        } else if fenced && inside {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    found
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let wanted = call.query_pairs().iter().find(|(name, _)| name == "in").map_or("", |(_, value)| value.as_str());
    let (chosen, heading) = LANGUAGES.iter().find(|(name, _)| *name == wanted).or(LANGUAGES.first()).copied().unwrap_or(("", ""));
    // A product of the reseller's own makes the code run as it is.
    let offered = reseller_products::listed(&call, None, PageRequest { limit: 1, before: None }).await?;
    let sku = offered.rows.first().map_or(PRODUCT, |product| product.sku.as_str());
    let address = call.url("");
    let code: Vec<String> = pieces(heading).iter().map(|piece| piece.trim_end().replace(ADDRESS, &address).replace(PRODUCT, sku)).collect();
    let inside = html! {
        (tabs(&room, Tab::Snippets))
        div class="columns" {
            div {
                (Card::new(heading).text(room.t("Takes the key from the environment: TRADEPOST_KEY.", "Nimmt den Schlüssel aus der Umgebung: TRADEPOST_KEY.")).acts(languages(&room, chosen)).with(html! {
                    @for piece in &code { (value::snippet(piece, room.look.language)) }
                }))
            }
            div { (first_steps(&room)) (rules(&room)) }
        }
    };
    let head = Head { crumbs: &[], title: room.t("Developers", "Entwickler"), state: None, text: None, acts: Some(documentation(&room)) };
    Ok(room.page(Spot::Developers, &head, &inside))
}

fn languages(room: &Room, chosen: &str) -> Markup {
    let path = room.path("/developers/code");
    html! {
        @for (name, heading) in LANGUAGES {
            a class="chip" href={ (path) "?in=" (name) } aria-current=[(*name == chosen).then_some("true")] { (heading) }
        }
    }
}

fn first_steps(room: &Room) -> Markup {
    let link = |text: &str, path: &str| html! { a href=(room.path(path)) { (text) } };
    Card::new(room.t("Before the first sale", "Vor dem ersten Verkauf")).with(html! {
        ol class="steps" {
            li { (link(room.t("Top the balance up", "Guthaben aufladen"), "/balance")) ". " (room.t("What is paid can be spent at once.", "Was bezahlt ist, ist sofort verfügbar.")) }
            li { (link(room.t("Make a key for the shop alone", "Einen Schlüssel nur für den Shop anlegen"), "/developers/keys/new?for=shop")) ", " (room.t("held to the address of its server.", "beschränkt auf die Adresse seines Servers.")) }
            li { (room.t("Keep the key on the server: never in a page, an app, a URL or a repository.", "Den Schlüssel auf dem Server lassen: nie in einer Seite, einer App, einer URL oder einem Repository.")) }
        }
    })
}

fn rules(room: &Room) -> Markup {
    let codes = Button::new(room.t("What each refusal means", "Was jede Ablehnung bedeutet")).small().to("/docs/errors");
    Card::new(room.t("For a shop that loses nothing", "Für einen Shop, der nichts verliert")).foot(codes).with(html! {
        ol class="steps" {
            li { (room.t("Call after the payment is final, with an order id that never changes.", "Nach der endgültigen Zahlung aufrufen, mit einer Bestellnummer, die sich nie ändert.")) }
            li { (room.t("Write the Idempotency-Key down before the call, and repeat with the same one until there is an answer.", "Den Idempotency-Key vor dem Aufruf aufschreiben und mit demselben wiederholen, bis es eine Antwort gibt.")) }
            li { (room.t("Repeat only what can change: a broken line, 429 and 5xx.", "Nur wiederholen, was sich ändern kann: eine unterbrochene Leitung, 429 und 5xx.")) }
            li { (room.t("Store the codes before you show them, and read them again rather than buy again.", "Die Codes speichern, bevor Sie sie zeigen, und lieber erneut lesen als erneut kaufen.")) }
        }
    })
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/developers/code", "snippetsPage", show).needs(Right::ResellerKeysManage).page();
}
