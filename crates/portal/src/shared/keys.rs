//! Parts of the pages of API keys and dynamic URLs (PAR-16, EXT-6).

use crate::forms::Typed;
use crate::lists::Cell;
use crate::room::Room;
use crate::shared::fulfillments::day_begins;
use crate::shared::people;
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::{Card, facts};
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Icon, Language, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::identity::ApiKeyRow;
use tradepost_kernel::{Date, Timestamp};

/// Source addresses of one key at most.
pub const MOST_ADDRESSES: usize = 50;

/// Whether a key works, in a word or two.
#[must_use]
pub fn state(room: &Room, key: &ApiKeyRow) -> (Tone, String) {
    let own = match room.side {
        Side::Merchant => key.disabled_by_merchant,
        Side::Reseller => key.disabled_by_reseller,
    };
    let (plain, ended) = (|text: &str| (Tone::Plain, text.to_owned()), key.expires.is_some_and(|end| end <= room.look.now));
    if own.is_some() {
        return (Tone::Bad, room.t("Disabled", "Abgeschaltet").to_owned());
    }
    if key.disabled_by_merchant.is_some() {
        return (Tone::Bad, room.t("Disabled by the merchant", "Vom Händler abgeschaltet").to_owned());
    }
    if key.disabled_by_reseller.is_some() {
        return (Tone::Bad, room.t("Disabled by the reseller", "Vom Reseller abgeschaltet").to_owned());
    }
    match (key.expires, key.replaced_by) {
        (Some(_), Some(_)) if ended => plain(room.t("Replaced", "Ersetzt")),
        (Some(_), None) if ended => plain(room.t("Expired", "Abgelaufen")),
        (Some(end), Some(_)) => (Tone::Warn, until(room, &value::minute(end, &room.look.zone))),
        (Some(end), None) => (Tone::Good, until(room, &room.look.day_of(end))),
        (None, _) => (Tone::Good, room.t("Active", "Aktiv").to_owned()),
    }
}

fn until(room: &Room, end: &str) -> String {
    match room.look.language {
        Language::English => format!("Works until {end}"),
        Language::German => format!("Gilt bis {end}"),
    }
}

/// The columns of a list of keys.
#[must_use]
pub fn columns(room: &Room) -> Vec<Column<'static>> {
    vec![
        Column::new(room.t("Name", "Name")),
        Column::new(room.t("Key", "Schlüssel")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Allowed from", "Erlaubt von")),
        Column::new(room.t("Last used", "Zuletzt benutzt")),
        Column::new(room.t("Created", "Angelegt")),
    ]
}

/// Its row, under [`columns`]. `path` is the page of the key.
#[must_use]
pub fn cells(room: &Room, key: &ApiKeyRow, path: &str) -> Vec<Cell> {
    let (tone, name) = state(room, key);
    let addresses = if key.addresses.is_empty() { room.t("Anywhere", "Überall").to_owned() } else { key.addresses.join(", ") };
    vec![
        Cell::link(&key.name, path, None),
        Cell::text(&key.masked),
        Cell::badge(tone, &name),
        Cell::text(&addresses),
        Cell::maybe_moment(room, key.last_used),
        Cell::moment(room, key.created),
    ]
}

/// The state of a key as a badge.
#[must_use]
pub fn badge_of(room: &Room, key: &ApiKeyRow) -> Markup {
    let (tone, name) = state(room, key);
    badge(tone, &name)
}

/// What is known of a key. `sells` is what a dynamic URL is held to.
#[must_use]
pub fn facts_card(room: &Room, key: &ApiKeyRow, sells: Option<Markup>) -> Markup {
    let look = &room.look;
    let end = html! { @match key.expires { Some(end) => (value::minute(end, &look.zone)), None => (room.t("Never", "Nie")) } };
    let used = html! { @match key.last_used { Some(at) => (look.moment(at)), None => (room.t("Never", "Nie")) } };
    let from = html! {
        @if key.addresses.is_empty() { (room.t("Anywhere", "Überall")) }
        @for address in &key.addresses { code { (address) } " " }
    };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Key", "Schlüssel"), html! { code { (key.masked) } }),
        (room.t("ID", "ID"), value::copyable(&key.id.text(), look.language)),
        (room.t("Allowed from", "Erlaubt von"), from),
        (room.t("Expires", "Läuft ab"), end),
        (room.t("Last used", "Zuletzt benutzt"), used),
        (room.t("Created", "Angelegt"), look.moment(key.created)),
    ];
    if let Some(sells) = sells {
        rows.push((room.t("Sells", "Verkauft"), sells));
    }
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// What a key may do, each right in a sentence.
#[must_use]
pub fn rights_card(room: &Room, key: &ApiKeyRow) -> Markup {
    Card::new(room.t("Permissions", "Berechtigungen")).with(html! {
        ul class="plain-list" { @for right in &key.rights { li { (people::right(&room.look, *right)) " " (tag(right.name())) } } }
    })
}

/// The boxes for what a new key may do: sent as `scopes`.
#[must_use]
pub fn scopes_field(room: &Room, typed: &Typed, offered: &[Right]) -> Markup {
    html! {
        fieldset class="field whole" id="scopes" {
            legend { (room.t("Permissions", "Berechtigungen")) }
            div class="choices" {
                @for right in offered {
                    label class="choice" {
                        input type="checkbox" name="scopes" value=(right.name()) checked[typed.has("scopes", right.name())];
                        span { (people::right(&room.look, *right)) }
                        span class="hint" { code { (right.name()) } }
                    }
                }
            }
            span class="hint" { (room.t("It may do exactly what is ticked. Tick as little as it needs.", "Er darf genau, was angekreuzt ist. Kreuzen Sie so wenig an, wie er braucht.")) }
            @if let Some(wrong) = typed.wrong("scopes") { span class="wrong" { (icon(Icon::Bad)) (wrong) } }
        }
    }
}

/// The fields for where a new key may be used from, and when it ends.
#[must_use]
pub fn bounds(room: &Room, typed: &Typed) -> Markup {
    let optional = room.t("optional", "optional");
    html! {
        (typed.field("addresses", room.t("Allowed addresses", "Erlaubte Adressen"))
            .example("203.0.113.7\n198.51.100.0/24")
            .hint(room.t("Network addresses or blocks of your server, one per line. Without any it can be used from everywhere.", "Netzadressen oder Blöcke Ihres Servers, eine je Zeile. Ohne Angabe: von überall."))
            .optional(optional).whole().lines())
        (typed.field("expires_at", room.t("Last day", "Letzter Tag"))
            .hint(room.t("It stops working at the end of this day. Without one it works until somebody disables it.", "Mit dem Ende dieses Tages ist Schluss. Ohne Angabe erst, wenn jemand abschaltet."))
            .optional(optional).input("date"))
    }
}

/// The addresses of [`bounds`]; whether each is one, the command says. `Err`: too many, in a sentence.
///
/// # Errors
/// A sentence for the form.
pub fn addresses(room: &Room, text: Option<&str>) -> Result<Vec<String>, String> {
    let parts = text.unwrap_or("").split([',', ';', '\n', '\r', '\t', ' ']).map(str::trim).filter(|part| !part.is_empty());
    let addresses: Vec<String> = parts.map(ToOwned::to_owned).collect();
    if addresses.len() <= MOST_ADDRESSES {
        return Ok(addresses);
    }
    Err(match room.look.language {
        Language::English => format!("Name at most {MOST_ADDRESSES} addresses; a block such as 198.51.100.0/24 counts as one."),
        Language::German => format!("Geben Sie höchstens {MOST_ADDRESSES} Adressen an; ein Block wie 198.51.100.0/24 zählt als eine."),
    })
}

/// The end of a key whose last day this is.
#[must_use]
pub fn end_of(room: &Room, last: Option<Date>) -> Option<Timestamp> {
    last.map(|day| day_begins(day.plus_days(1), &room.look.zone))
}

/// The text of a key that was just made, this once; `None` where the form was sent a second time.
#[must_use]
pub fn secret(room: &Room, text: Option<&str>) -> Markup {
    match text {
        Some(text) => html! {
            (note::note(
                Tone::Warn,
                room.t("Copy it now: it is shown this once", "Jetzt kopieren: Dieser Text wird nur dieses eine Mal gezeigt"),
                room.t("Keep it where your server keeps secrets, never in a page, an app or a repository. Whoever has it can use it.", "Verwahren Sie ihn dort, wo Ihr Server Geheimnisse verwahrt, nie in einer Seite, einer App oder einem Repository. Wer ihn hat, kann ihn benutzen."),
                None,
            ))
            (value::snippet(text, room.look.language))
        },
        None => note::note(
            Tone::Info,
            room.t("This form was sent before", "Dieses Formular wurde schon gesendet"),
            room.t(
                "The text was shown then, and is stored nowhere. If it is lost, rotate it: that shows a new one.",
                "Der Text wurde da gezeigt und ist nirgends gespeichert. Ist er verloren, tauschen Sie aus: Dann sehen Sie einen neuen.",
            ),
            None,
        ),
    }
}
