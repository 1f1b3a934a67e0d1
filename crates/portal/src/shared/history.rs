//! What happened, in words.

mod acts;
mod fields;

pub use acts::ACTS;
pub use fields::{FIELDS, field, is_about_terms};

use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::note::{self, Step};
use tradepost_design::{Button, Icon};
use tradepost_domain::access::Side;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_web::api::timelines::TimelineEntry;
use tradepost_web::paging::cursor_text;
use tradepost_web::{Call, Problem};

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

/// Steps that a timeline shows at once.
const STEPS: i64 = 50;

/// Which part of a timeline is asked for: the newest steps, or those before a cursor of the page's own query.
///
/// # Errors
/// 400 `invalid_query`.
pub fn asked(call: &Call) -> Result<PageRequest, Problem> {
    call.page_of(STEPS)
}

/// The page that a timeline stands on: its path, and the name of its route. What a form answers shows the same page under another one.
#[derive(Clone, Copy, Debug)]
pub struct Stands<'a> {
    /// Where the page is.
    pub path: &'a str,
    /// The operation of the page itself, which its cursors are for.
    pub operation: &'static str,
}

/// A part of a timeline on a card, with the way to what happened before it and back to the newest (ORD-7, FUL-9). Nothing where nothing happened.
#[must_use]
pub fn card(call: &Call, room: &Room, title: &str, page: &Page<TimelineEntry>, stands: Stands<'_>) -> Markup {
    let Stands { path, operation } = stands;
    let earlier = page.next.map(|next| format!("{path}?cursor={}#timeline", cursor_text(operation, next)));
    let is_part = call.query_pairs().iter().any(|(name, _)| name == "cursor");
    let newest = is_part.then(|| format!("{path}#timeline"));
    html! {
        @if !page.rows.is_empty() || is_part {
            div id="timeline" {
                (Card::new(title).with(html! {
                    (timeline(room, &page.rows))
                    @if earlier.is_some() || newest.is_some() {
                        div class="button-row" {
                            @if let Some(newest) = &newest { (Button::new(room.t("Show the newest", "Neueste zeigen")).small().icon(Icon::Previous).to(newest)) }
                            @if let Some(earlier) = &earlier { (Button::new(room.t("Show earlier", "Frühere zeigen")).small().icon(Icon::Next).to(earlier)) }
                        }
                    }
                }))
            }
        }
    }
}

/// What happened, with when and by whom.
fn timeline(room: &Room, entries: &[TimelineEntry]) -> Markup {
    let step = |entry: &TimelineEntry| {
        let (icon, tone, text) = act(room, &entry.action);
        Step { icon, tone, text: html! { (text) }, under: html! { (room.look.moment(entry.at)) " · " (by(room, &entry.by, &entry.name)) } }
    };
    note::timeline(&entries.iter().map(step).collect::<Vec<_>>())
}
