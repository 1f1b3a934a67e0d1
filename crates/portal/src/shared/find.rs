//! What some words find in a workspace, whatever it is. The field at the top leads here, and a script asks it while somebody types.

use crate::room::{Room, Spot};
use maud::{Markup, html};
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::table::tools;
use tradepost_design::{Icon, card, note};
use tradepost_domain::Right;
use tradepost_domain::reports::find::Kind;
use tradepost_web::api::find::{HitView, found};
use tradepost_web::{Answer, Call, Problem, Routes};

/// Characters that are looked at.
const LONGEST: usize = 100;

async fn find(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let asked = call.query_pairs().iter().find(|(name, _)| name == "q").map_or("", |(_, value)| value.trim());
    let words: String = asked.chars().take(LONGEST).collect();
    let hits = if words.is_empty() { Vec::new() } else { found(&call, words.clone()).await? };
    let path = room.path("/find");
    let inside = card::plain(html! {
        (tools(Some(&path), &words, &[], &[], &html! {}, room.look.language))
        @if hits.is_empty() { (nothing(&room, &words)) } @else {
            ul class="hits" { @for hit in &hits { li { (line(&room, hit)) } } }
        }
    });
    let head = Head { crumbs: &[], title: room.t("Find", "Finden"), state: None, text: None, acts: None };
    Ok(room.page(Spot::Aside, &head, &inside))
}

fn line(room: &Room, hit: &HitView) -> Markup {
    let (shown, kind, place) = match hit.kind {
        Kind::Order => (Icon::Order, room.t("Order", "Bestellung"), "orders"),
        Kind::Invoice => (Icon::Invoice, room.t("Invoice", "Rechnung"), "invoices"),
        Kind::Reseller => (Icon::Reseller, room.t("Reseller", "Reseller"), "resellers"),
        Kind::Product => (Icon::Package, room.t("Product", "Produkt"), "products"),
        Kind::License => (Icon::License, room.t("License", "Lizenz"), "licenses"),
    };
    html! {
        a href=(room.path(&format!("/{place}/{}", hit.id))) data-hit="" {
            (icon(shown))
            strong { (hit.name) }
            small class="muted" { (kind) @if let Some(detail) = &hit.detail { " · " (detail) } }
        }
    }
}

fn nothing(room: &Room, words: &str) -> Markup {
    let text = room.t(
        "The number of an order or invoice, the beginning of a reference, a SKU or a product's name, an id, or the e-mail address of a customer.",
        "Die Nummer einer Bestellung oder Rechnung, der Anfang einer Referenz, eine SKU oder der Name eines Produkts, eine Id oder die E-Mail-Adresse eines Kunden.",
    );
    let title = if words.is_empty() { room.t("What are you looking for?", "Was suchen Sie?") } else { room.t("Nothing was found", "Nichts gefunden") };
    note::empty(Icon::Search, title, text, None)
}

/// The page, in both workspaces.
pub fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/find", "merchantFindPage", find).needs(Right::MerchantRead).page();
    r.get("/r/{partnership}/find", "findPage", find).needs(Right::ProgramRead).page();
}
