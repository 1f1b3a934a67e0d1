//! The audit trail: who did what, when, from where, with what it was before and after (PLT-4).

mod areas;
mod values;

use crate::files::Plain;
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot};
use crate::shared::fulfillments::between;
use crate::shared::{history, views};
use areas::AREAS;
use maud::{Markup, html};
use serde_json::Value;
use tradepost_design::card::facts;
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::table::Column;
use tradepost_design::{Button, Field, Icon, form, value};
use tradepost_domain::Right;
use tradepost_domain::audit::AuditFilter;
use tradepost_domain::saved_views::ListName;
use tradepost_kernel::Date;
use tradepost_web::api::audit::{AuditRow, FieldChange, bytes_of, listed};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let views = views::of(&call, ListName::Audit).await?;
    let list = List::new(&room, &call, "audit").searches().views(views).filter("actor", actors(&room)).empty(
        Icon::Audit,
        room.t("No activity yet", "Noch keine Aktivität"),
        room.t("Every change appears here, with who made it.", "Hier steht jede Änderung mit dem, der sie gemacht hat."),
        None,
    );
    let wanted = wanted(&room, &list);
    let found = list.rows(&call, fetch!(|page| [call, wanted] listed(call, wanted.clone(), page).await)).await?;
    let before = filters(&room, &list);
    let (columns, rows): (Vec<Column<'_>>, Vec<Vec<Cell>>) = if list.asked("file").is_some() {
        (file_columns(&room), found.rows.iter().map(|row| file_cells(&room, row)).collect())
    } else {
        (columns(&room), found.rows.iter().map(|row| cells(&room, row)).collect())
    };
    let head = Head {
        crumbs: &[],
        title: room.t("Audit trail", "Protokoll"),
        state: None,
        text: Some(room.t(
            "Who did what, when, from where. Nothing here is ever changed or removed.",
            "Wer wann von wo was getan hat. Hier wird nie etwas geändert oder entfernt.",
        )),
        acts: None,
    };
    list.before(before).answer(&call, Spot::Audit, &head, columns, rows, found.next)
}

fn actors(room: &Room) -> Vec<(String, String)> {
    let all = [
        ("user", room.t("People", "Personen")),
        ("key", room.t("API keys", "API-Schlüssel")),
        ("system", "Tradepost"),
        ("operator", room.t("Operator", "Betreiber")),
    ];
    all.into_iter().map(|(value, name)| (value.to_owned(), name.to_owned())).collect()
}

/// What the parameters ask for; what is none is left out, and named beside its field. A word that is searched for is the id of a thing, else an act.
fn wanted(room: &Room, list: &List<'_>) -> AuditFilter {
    let words = list.searched();
    let (from, to) = between(room, list);
    let found = words.as_deref().and_then(bytes_of);
    AuditFilter {
        subject: found.or_else(|| list.asked("subject").and_then(bytes_of)),
        partnership: None,
        actor: list.asked("actor").map(ToOwned::to_owned),
        action: words.filter(|_| found.is_none()).map(|words| words.trim().to_lowercase()).or_else(|| list.asked("action").map(ToOwned::to_owned)),
        from,
        to,
    }
}

/// The filters that have more values than fit on a line.
fn filters(room: &Room, list: &List<'_>) -> Markup {
    let asked = |name| list.asked(name).unwrap_or("");
    let (subject, from, to) = (asked("subject"), asked("from"), asked("to"));
    let no_id = (!subject.is_empty() && bytes_of(subject).is_none()).then(|| room.t("This is not a valid ID.", "Das ist keine gültige ID."));
    let no_day = |text: &str| (!text.is_empty() && text.parse::<Date>().is_err()).then(|| room.t("This is not a valid date.", "Das ist kein gültiges Datum."));
    let kept: Vec<(&str, &str)> = ["q", "actor"].into_iter().map(|name| (name, asked(name))).filter(|(_, value)| !value.is_empty()).collect();
    let acts = choices(room);
    let choices: Vec<(&str, &str)> = acts.iter().map(|(value, name)| (value.as_str(), name.as_str())).collect();
    html! {
        form class="card filters" method="get" action=(room.path("/audit")) {
            (form::unseen(&kept))
            (Field::new("action", room.t("Action", "Aktion")).value(asked("action")).optional("").select(&choices))
            (Field::new("subject", room.t("Object ID", "Objekt-ID")).value(subject).wrong(no_id).optional("").example("ord_…").text())
            (Field::new("from", room.t("From", "Von")).value(from).wrong(no_day(from)).optional("").input("date"))
            (Field::new("to", room.t("To", "Bis")).value(to).wrong(no_day(to)).optional("").input("date"))
            (Button::new(room.t("Filter", "Filtern")).icon(Icon::Filter).submit())
        }
    }
}

/// Each area of the trail, and below it its acts.
fn choices(room: &Room) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), room.t("Everything", "Alles").to_owned())];
    for (area, english, german) in AREAS {
        choices.push(((*area).to_owned(), room.t(english, german).to_owned()));
        let acts = history::ACTS.iter().filter(|act| act.0.split('.').next().is_some_and(|noun| noun.trim_end_matches('s') == area.trim_end_matches('s')));
        choices.extend(acts.map(|act| (act.0.to_owned(), format!("– {}", room.t(act.3, act.4)))));
    }
    choices
}

fn columns(room: &Room) -> Vec<Column<'static>> {
    vec![Column::new(room.t("When", "Wann")), Column::new(room.t("What", "Was")), Column::new(room.t("Who", "Wer")), Column::new(room.t("Object", "Objekt"))]
}

fn cells(room: &Room, row: &AuditRow) -> Vec<Cell> {
    vec![
        Cell::moment(room, row.at),
        Cell::acts(entry(room, row)),
        Cell::text(&history::by(room, &row.actor.kind, &row.actor.name)),
        Cell::acts(linked(room, &row.subject)),
    ]
}

/// An entry by its name; what is inside it is seen when it is opened.
fn entry(room: &Room, row: &AuditRow) -> Markup {
    let (shown, _, text) = history::act(room, &row.action);
    let (look, changes) = (&room.look, row.changes());
    let names: Vec<String> = changes.iter().map(|change| named(room, &row.action, &change.name)).collect();
    let mut rows: Vec<(&str, Markup)> = names.iter().zip(&changes).map(|(name, change)| (name.as_str(), changed(room, &row.action, change))).collect();
    if let Some(partnership) = row.partnership.map(|partnership| partnership.to_string()).filter(|partnership| *partnership != row.subject) {
        rows.push((room.t("Reseller", "Reseller"), linked(room, &partnership)));
    }
    if let Some(address) = &row.address {
        rows.push((room.t("From", "Von"), html! { code { (address) } }));
    }
    if let Some(request) = &row.request_id {
        rows.push((room.t("Request", "Anfrage"), value::copyable(request, look.language)));
    }
    rows.push((room.t("Action", "Aktion"), html! { code { (row.action) } }));
    rows.push((room.t("Entry", "Eintrag"), value::copyable(&row.id.to_string(), look.language)));
    html! {
        details class="record" {
            summary { (icon(shown)) (text) }
            (facts(&rows))
        }
    }
}

/// The name of a field in words; what has none is the whole.
fn named(room: &Room, action: &str, name: &str) -> String {
    if name.is_empty() { room.t("Value", "Wert").to_owned() } else { history::field(&room.look, action, name) }
}

fn changed(room: &Room, action: &str, change: &FieldChange) -> Markup {
    let said = |value: &Option<Value>| value.as_ref().map(|value| values::said(&room.look, action, &change.name, value));
    html! {
        @match (said(&change.before), said(&change.after)) {
            (Some(before), Some(after)) => { del { (before) } " → " ins { (after) } }
            (Some(before), None) => del { (before) },
            (None, Some(after)) => (after),
            (None, None) => span class="muted" { "–" },
        }
    }
}

/// An id, with the page that it has.
fn linked(room: &Room, id: &str) -> Markup {
    html! {
        (value::copyable(id, room.look.language))
        @if let Some(place) = history::place_of(room, id) { " " a class="within unbroken" href=(place) { (room.t("Show", "Zeigen")) } }
    }
}

fn file_columns(room: &Room) -> Vec<Column<'static>> {
    [
        room.t("When", "Wann"),
        room.t("Actor type", "Art des Akteurs"),
        room.t("Who", "Wer"),
        room.t("Actor ID", "ID des Akteurs"),
        room.t("Action", "Aktion"),
        room.t("Object", "Objekt"),
        room.t("Reseller", "Reseller"),
        room.t("Before", "Vorher"),
        room.t("After", "Nachher"),
        room.t("From", "Von"),
        room.t("Request", "Anfrage"),
        room.t("Entry", "Eintrag"),
    ]
    .into_iter()
    .map(Column::new)
    .collect()
}

/// The row as a file has it: names and values as the trail keeps them.
fn file_cells(room: &Room, row: &AuditRow) -> Vec<Cell> {
    let exact = |text: Option<String>| Cell::shown_as(html! {}, text.map_or(Plain::Empty, Plain::Exact));
    let text = |text: Option<String>| Cell::shown_as(html! {}, text.map_or(Plain::Empty, Plain::Text));
    vec![
        Cell::moment(room, row.at),
        exact(Some(row.actor.kind.clone())),
        text(Some(row.actor.name.clone())),
        exact(row.actor.id.clone()),
        exact(Some(row.action.clone())),
        exact(Some(row.subject.clone())),
        exact(row.partnership.map(|partnership| partnership.to_string())),
        text(row.before.as_ref().map(|value| value.to_string())),
        text(row.after.as_ref().map(|value| value.to_string())),
        exact(row.address.clone()),
        text(row.request_id.clone()),
        exact(Some(row.id.to_string())),
    ]
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/audit", "merchantAuditPage", list).needs(Right::AuditRead).page();
}
