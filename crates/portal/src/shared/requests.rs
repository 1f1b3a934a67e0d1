//! The pages of the log of requests that came with keys: the list, and one of them (PAR-16).

use crate::files::Plain;
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot};
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::ApiKeyId;
use tradepost_domain::access::Side;
use tradepost_domain::requests::queries::Wanted;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::requests::{RequestLine, StatusClass, listed, shown};
use tradepost_web::{Answer, Call, Problem};

/// Where the pages of a workspace's log are, and what is around them.
#[derive(Debug)]
pub struct Around<'a> {
    /// Where in the navigation.
    pub spot: Spot,
    /// The title of the page of keys.
    pub title: &'a str,
    /// The path of the page of keys.
    pub keys: String,
    /// The path of the list.
    pub list: String,
    /// The tabs above it.
    pub tabs: Markup,
}

fn classes(room: &Room) -> Vec<(String, String)> {
    let name = |class: &StatusClass| match class {
        StatusClass::Done => room.t("Succeeded (2xx)", "Erfolgreich (2xx)"),
        StatusClass::Elsewhere => room.t("Redirected (3xx)", "Umgeleitet (3xx)"),
        StatusClass::Refused => room.t("Refused (4xx)", "Abgelehnt (4xx)"),
        StatusClass::Failed => room.t("Failed (5xx)", "Gescheitert (5xx)"),
    };
    StatusClass::ALL.iter().map(|class| (class.name().to_owned(), name(class).to_owned())).collect()
}

const fn tone(status: i64) -> Tone {
    match status {
        500.. => Tone::Bad,
        400..=499 => Tone::Warn,
        _ => Tone::Good,
    }
}

fn columns(room: &Room) -> Vec<Column<'static>> {
    vec![
        Column::new(room.t("Request", "Anfrage")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Code", "Code")),
        Column::new(room.t("Key", "Schlüssel")),
        Column::right(room.t("Milliseconds", "Millisekunden")),
        Column::new(room.t("From", "Von")),
        Column::new(room.t("When", "Wann")),
    ]
}

fn cells(room: &Room, around: &Around<'_>, line: &RequestLine) -> Vec<Cell> {
    let asked = format!("{} {}", line.method, line.path);
    let shown = html! { a class="row" href=(format!("{}/{}", around.list, line.id)) { code { (asked) } } };
    vec![
        Cell::shown_as(shown, Plain::Exact(asked)),
        Cell::shown_as(badge(tone(line.status), &line.status.to_string()), Plain::Number(line.status.to_string())),
        Cell::maybe(line.code.as_deref()),
        Cell::text(&line.key_name),
        Cell::number(room, line.duration_ms),
        Cell::maybe(line.address.as_deref()),
        Cell::moment(room, line.at),
    ]
}

/// The list, filtered by status, by what the path begins with, and by a key where the address names one.
///
/// # Errors
/// Those of the log.
pub async fn list(call: &Call, room: &Room, around: Around<'_>) -> Result<Answer, Problem> {
    let views = views::of(call, ListName::Requests).await?;
    let list = List::new(room, call, "requests").tabs(around.tabs.clone()).views(views).searches().filter("status", classes(room)).empty(
        Icon::Code,
        room.t("No requests yet", "Noch keine Anfragen"),
        room.t(
            "Requests made with API keys appear here after a few seconds, for 7 days.",
            "Was Ihre Programme mit API-Schlüsseln anfragen, steht einige Sekunden später hier, 7 Tage lang.",
        ),
        None,
    );
    let key: Option<ApiKeyId> = list.asked("used_key").and_then(|id| id.parse().ok());
    let list = match key {
        Some(key) => list.filter("used_key", vec![(key.text(), room.t("This key only", "Nur dieser Schlüssel").to_owned())]),
        None => list,
    };
    let class = list.asked("status").and_then(StatusClass::from_name).map(StatusClass::digit);
    let wanted = Wanted { class, key, path: list.searched() };
    let found = list.rows(call, fetch!(|page| [call, wanted] listed(call, wanted.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|line| cells(room, &around, line)).collect();
    let text = room.t("Search by the beginning of a path, such as /v1/reseller/orders.", "Suchen Sie nach dem Anfang eines Pfades, etwa /v1/reseller/orders.");
    let head = Head { crumbs: &[], title: around.title, state: None, text: Some(text), acts: None };
    list.answer(call, around.spot, &head, columns(room), rows, found.next)
}

/// The page of one request.
///
/// # Errors
/// 404; those of the log.
pub async fn show(call: &Call, room: &Room, around: Around<'_>) -> Result<Answer, Problem> {
    let line = shown(call, call.path("request")?).await?;
    let look = &room.look;
    let none = || html! { span class="muted" { "–" } };
    let code = html! { @match &line.code { Some(code) => { code { (code) } " " a href=(format!("/docs/api#error-{code}")) { (room.t("What it means", "Was das heißt")) } } None => { (none()) } } };
    let key = html! { a href=(key_place(&around, room, &line)) { (line.key_name) } };
    let rows = [
        (room.t("ID", "ID"), value::copyable(&line.id.text(), look.language)),
        (room.t("When", "Wann"), html! { (look.moment(line.at)) " " span class="muted" { (line.at) } }),
        (room.t("Path", "Pfad"), html! { code { (line.path) } }),
        (room.t("Code", "Code"), code),
        (room.t("Key", "Schlüssel"), key),
        (room.t("Milliseconds", "Millisekunden"), html! { span class="number" { (look.number(line.duration_ms)) } }),
        (room.t("From", "Von"), html! { @match &line.address { Some(address) => code { (address) }, None => (none()) } }),
    ];
    let same = [
        (room.t("More with this key", "Weitere mit diesem Schlüssel"), format!("{}?used_key={}", around.list, line.key)),
        (room.t("More for this path", "Weitere dieses Pfades"), format!("{}?q={}", around.list, crate::room::encoded(&line.path))),
    ];
    let acts = html! { @for (name, place) in &same { (Button::new(name).small().to(place)) " " } };
    let inside = html! {
        (Card::new(room.t("Request", "Anfrage")).acts(acts).with(facts(&rows)))
        (note::note(
            Tone::Info,
            room.t("What is not kept", "Was nicht aufgehoben wird"),
            room.t("Neither query nor body nor what stood in the path: they may hold secrets. Name the id when you ask for help.", "Weder Abfrage noch Inhalt, noch was im Pfad stand: Darin können Geheimnisse stehen. Nennen Sie die Id, wenn Sie um Hilfe bitten."),
            None,
        ))
    };
    let title = format!("{} {}", line.method, line.path);
    let crumbs = [(around.title, around.keys.as_str()), (room.t("Requests", "Anfragen"), around.list.as_str())];
    let state = html! { (badge(tone(line.status), &line.status.to_string())) @if let Some(code) = &line.code { (tag(code)) } };
    let head = Head { crumbs: &crumbs, title: &title, state: Some(state), text: None, acts: None };
    Ok(room.page(around.spot, &head, &inside))
}

/// The page of the key; a dynamic URL has one of its own kind.
fn key_place(around: &Around<'_>, room: &Room, line: &RequestLine) -> String {
    match room.side {
        Side::Merchant => format!("{}/{}", around.keys, line.key),
        Side::Reseller if line.path.starts_with("/d/") => room.path(&format!("/developers/urls/{}", line.key)),
        Side::Reseller => room.path(&format!("/developers/keys/{}", line.key)),
    }
}
