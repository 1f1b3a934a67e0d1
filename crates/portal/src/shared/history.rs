//! What happened, in words.

mod acts;

pub use acts::ACTS;

use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::Icon;
use tradepost_design::badge::Tone;
use tradepost_design::note::{self, Step};
use tradepost_domain::access::Side;
use tradepost_web::api::timelines::TimelineEntry;

/// An act by the name that the audit trail has for it: its icon, how good it is, and what it is called. One that is not known
/// is shown by its own name.
#[must_use]
pub fn act(room: &Room, name: &str) -> (Icon, Tone, String) {
    match ACTS.iter().find(|known| known.0 == name) {
        Some((_, icon, tone, english, german)) => (*icon, *tone, room.t(english, german).to_owned()),
        None => (Icon::Info, Tone::Plain, name.replace(['.', '_'], " ")),
    }
}

/// Who did it: a person by name, a key by its name and that it is one, the house itself.
#[must_use]
pub fn by(room: &Room, kind: &str, name: &str) -> String {
    match kind {
        "system" => "Tradepost".to_owned(),
        "operator" => room.t("Operator", "Betreiber").to_owned(),
        "nobody" => room.t("Not signed in", "Nicht angemeldet").to_owned(),
        "key" => format!("{name} ({})", room.t("API key", "API-Schlüssel")),
        _ => name.to_owned(),
    }
}

/// Where the page of a thing is, by its id, for those that have one of their own in both workspaces or in the merchant's.
#[must_use]
pub fn place_of(room: &Room, id: &str) -> Option<String> {
    let folder = match (id.split_once('_')?.0, room.side) {
        ("ord", _) => "orders",
        ("inv", _) => "invoices",
        ("ful", _) => "fulfillments",
        ("par", Side::Merchant) => "resellers",
        ("prd", Side::Merchant) => "products",
        ("prl", Side::Merchant) => "price-lists",
        ("chn", Side::Merchant) => "channels",
        ("msg", Side::Merchant) => "messages",
        ("lic", _) => "licenses",
        // A key may be a reseller's, which has its page elsewhere.
        _ => return None,
    };
    Some(room.path(&format!("/{folder}/{id}")))
}

/// What happened, with when and by whom.
#[must_use]
pub fn timeline(room: &Room, entries: &[TimelineEntry]) -> Markup {
    let step = |entry: &TimelineEntry| {
        let (icon, tone, text) = act(room, &entry.action);
        Step { icon, tone, text: html! { (text) }, under: html! { (room.look.moment(entry.at)) " · " (by(room, &entry.by, &entry.name)) } }
    };
    note::timeline(&entries.iter().map(step).collect::<Vec<_>>())
}
