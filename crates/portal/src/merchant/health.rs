//! How the server is: the database, what waits, what the worker did, and whether the books hold (PLT-2, PLT-10).

mod checks;

use crate::forms::{self, Typed};
use crate::room::{Room, Spot};
use crate::shared::history;
use axum::http::StatusCode;
use maud::{Markup, html};
use std::time::Duration;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, facts, tiles};
use tradepost_design::chart::{Chart, Series};
use tradepost_design::frame::Head;
use tradepost_design::table::{Column, Table};
use tradepost_design::{Button, Icon, Language, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::verify::{CheckReport, Violation};
use tradepost_kernel::Timestamp;
use tradepost_web::fields::Line;
use tradepost_web::system::{Health, Verified, WorkerCounts, health, verified};
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form that checks the books.
    pub struct VerifyForm {
        /// An area, or `all`.
        pub area: Line<40>,
    }
}

/// What waits longer than this is a sign that something stands still.
const LONG_MS: i64 = 5 * 60_000;

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    page(&call, &room, &Typed::new([("area", "all".to_owned())]), None).await
}

async fn verify(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let area = match call.form::<VerifyForm>() {
        Ok(form) => form.area.into_string(),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            return Ok(page(&call, &room, &typed, None).await?.with_status(status));
        }
    };
    let typed = Typed::new([("area", area.clone())]);
    if !checks::areas(&room.look).iter().any(|(known, _)| *known == area) {
        let typed = typed.wrong_with("area", room.t("There is no such area.", "Diesen Bereich gibt es nicht."));
        return Ok(page(&call, &room, &typed, None).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let found = verified(&call, (area != "all").then_some(area.as_str())).await?;
    page(&call, &room, &typed, Some(&found)).await
}

async fn page(call: &Call, room: &Room, typed: &Typed, found: Option<&Verified>) -> Result<Answer, Problem> {
    let (now, own) = (health(call).await?, call.merchant()?.merchant);
    let inside = html! {
        (typed.mistakes(&room.look))
        (figures(room, &now))
        @if let Some(found) = found { (report(room, found, own)) }
        (verify_card(call, room, typed))
        div class="columns" {
            div { (jobs(room, &now)) (writes(room, &now)) }
            div { (database(room, &now)) }
        }
    };
    let head = Head {
        crumbs: &[],
        title: room.t("Health", "Zustand"),
        state: Some(state(room, &now)),
        text: Some(room.t("The whole server, with all merchants on it.", "Der ganze Server, mit allen Händlern darauf.")),
        acts: Some(Button::new(room.t("Refresh", "Aktualisieren")).icon(Icon::Refresh).to(&room.path("/health"))),
    };
    Ok(room.page(Spot::Health, &head, &inside))
}

fn is_late(room: &Room, since: Option<Timestamp>) -> bool {
    since.is_some_and(|since| room.look.now.ms() - since.ms() > LONG_MS)
}

fn state(room: &Room, now: &Health) -> Markup {
    if !now.migrated {
        return badge(Tone::Bad, room.t("Being brought up to date", "Wird auf den Stand gebracht"));
    }
    if is_late(room, now.events.1) || is_late(room, now.messages.1) {
        return badge(Tone::Warn, room.t("Work is piling up", "Arbeit staut sich"));
    }
    badge(Tone::Good, room.t("Operational", "In Betrieb"))
}

fn number(room: &Room, number: u64) -> String {
    room.look.number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What waits, and how quickly the database answers.
fn figures(room: &Room, now: &Health) -> Markup {
    let look = &room.look;
    let waits = |since: Option<Timestamp>| match since {
        Some(since) => (if is_late(room, Some(since)) { Tone::Warn } else { Tone::Plain }, value::ago(since, look.now, &look.zone, look.language)),
        None => (Tone::Good, room.t("queue is empty", "nichts wartet").to_owned()),
    };
    let (events, messages) = (waits(now.events.1), waits(now.messages.1));
    let (event_count, message_count) = (look.number(now.events.0), look.number(now.messages.0));
    let (answered, queued) = (format!("{} ms", now.answered.as_millis()), number(room, now.store.queued as u64));
    let to_messages = room.path("/messages?state=queued");
    let tile = |label, figure, note, to, tone| Tile { label, figure, note, to, tone, spark: None };
    tiles(&[
        tile(room.t("Database latency", "Antwortzeit der Datenbank"), answered.as_str(), None, None, Tone::Good),
        tile(room.t("Queued writes", "Wartende Änderungen"), queued.as_str(), None, None, Tone::Plain),
        tile(room.t("Queued events", "Wartende Ereignisse"), event_count.as_str(), Some(events.1.as_str()), None, events.0),
        tile(room.t("Queued messages", "Wartende Nachrichten"), message_count.as_str(), Some(messages.1.as_str()), Some(to_messages.as_str()), messages.0),
    ])
}

/// A job: its name, what is to be known of it, how often it did something, and how often it failed, where it can.
type Job<'a> = (&'a str, &'a str, u64, Option<u64>);

fn done_by(room: &Room, did: &WorkerCounts) -> [Job<'static>; 6] {
    [
        (
            room.t("Pass on events", "Ereignisse weitergeben"),
            room.t("In order per reseller; one that fails is tried again.", "Der Reihe nach je Reseller; was scheitert, wird wiederholt."),
            did.relayed,
            Some(did.delayed),
        ),
        (
            room.t("Send messages", "Nachrichten versenden"),
            room.t("Without a mail server they are only kept.", "Ohne Mailserver werden sie nur vermerkt."),
            did.sent,
            Some(did.not_sent),
        ),
        (
            room.t("Carry on large work", "Große Arbeiten fortführen"),
            room.t("Parts of large deliveries and of work on batches of keys.", "Teile großer Lieferungen und der Arbeit an Schlüssel-Chargen."),
            did.parts,
            None,
        ),
        (
            room.t("Take expired keys out of stock", "Abgelaufene Schlüssel aus dem Bestand nehmen"),
            room.t("Nobody is sold one, swept or not.", "Verkauft wird keiner, auch vorher nicht."),
            did.expired,
            None,
        ),
        (
            room.t("Forget finished requests", "Erledigte Anfragen vergessen"),
            room.t("Thirty days a repeated request is recognized.", "Dreißig Tage lang wird eine wiederholte Anfrage erkannt."),
            did.forgotten,
            None,
        ),
        (
            room.t("Forget lines of the request log", "Zeilen des Anfrageprotokolls vergessen"),
            room.t("After seven days. Failed: those that were never written.", "Nach sieben Tagen. Gescheitert: solche, die nie geschrieben wurden."),
            did.requests_forgotten,
            Some(did.requests_not_logged),
        ),
    ]
}

/// What runs beside the pages, and what it did since this process began.
fn jobs(room: &Room, now: &Health) -> Markup {
    let count = |count: u64| html! { span class="number" { (number(room, count)) } };
    let row = |(name, text, done, wrong): Job<'_>| {
        vec![
            html! { (name) span class="under" { (text) } },
            count(done),
            html! { @match wrong { Some(wrong) => (count(wrong)), None => span class="muted" { "–" } } },
        ]
    };
    let table = Table {
        caption: room.t("Jobs", "Aufgaben"),
        columns: vec![Column::new(room.t("Job", "Aufgabe")), Column::right(room.t("Done", "Erledigt")), Column::right(room.t("Failed", "Gescheitert"))],
        rows: done_by(room, &now.worker).into_iter().map(row).collect(),
        foot: None,
    };
    Card::new(room.t("Jobs", "Aufgaben")).text(room.t("Since this process began.", "Seit dieser Prozess läuft.")).around(table.draw())
}

/// How writes went through the store.
fn writes(room: &Room, now: &Health) -> Markup {
    let store = &now.store;
    let figure = |name, count: u64| (name, html! { span class="number" { (number(room, count)) } });
    let sizes: Vec<i64> = store.group_sizes.iter().map(|count| i64::try_from(*count).unwrap_or(i64::MAX)).collect();
    let labels: Vec<String> = ["1", "2", "3–4", "5–8", "9–16", "17–32", "33–64", "65–128", "> 128"].into_iter().map(ToOwned::to_owned).collect();
    let chart = Chart {
        title: room.t("Transactions by how many changes they held", "Transaktionen nach der Zahl ihrer Änderungen"),
        labels: &labels,
        series: &[Series { name: room.t("Transactions", "Transaktionen"), figures: &sizes }],
        written: &|figure| figure.to_string(),
        table_word: room.t("As a table", "Als Tabelle"),
    };
    let inside = html! {
        (facts(&[
            figure(room.t("Transactions", "Transaktionen"), store.groups),
            figure(room.t("Changes in them", "Änderungen darin"), store.grouped),
            figure(room.t("Changes in sets", "Änderungen in Gruppen"), store.in_sets),
            figure(room.t("Statements", "Anweisungen"), store.statements),
            figure(room.t("Transactions taken apart", "Aufgeteilte Transaktionen"), store.split),
            figure(room.t("Transactions repeated", "Wiederholte Transaktionen"), store.retried),
            figure(room.t("Refused because too much waited", "Abgewiesen, weil zu viel wartete"), store.refused),
        ]))
        (chart.bars())
    };
    Card::new(room.t("Changes", "Änderungen")).text(room.t("Since this process began.", "Seit dieser Prozess läuft.")).with(inside)
}

fn database(room: &Room, now: &Health) -> Markup {
    let of = |name: &str| now.storage.iter().find(|fact| fact.0 == name).map(|fact| fact.1.as_str());
    let engine = if of("engine") == Some("sqlite") { room.t("SQLite, built in", "SQLite, eingebaut") } else { "PostgreSQL" };
    let schema =
        if now.migrated { badge(Tone::Good, room.t("Up to date", "Auf dem Stand")) } else { badge(Tone::Bad, room.t("Not up to date", "Nicht auf dem Stand")) };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Engine", "Datenbank"), html! { (engine) " " (of("version").or(of("server_version")).unwrap_or("")) }),
        (room.t("Schema", "Schema"), schema),
    ];
    if let Some(bytes) = size(of("page_size"), of("page_count")) {
        rows.push((room.t("Size", "Größe"), html! { (sized(room, bytes)) }));
    }
    let shown = ["engine", "version", "server_version", "page_size", "page_count", "user_version"];
    for (name, value) in now.storage.iter().filter(|(name, _)| !shown.contains(&name.as_str())) {
        rows.push((name.as_str(), html! { code { (value) } }));
    }
    Card::new(room.t("Database", "Datenbank")).with(facts(&rows))
}

fn size(page: Option<&str>, pages: Option<&str>) -> Option<i64> {
    page?.parse::<i64>().ok()?.checked_mul(pages?.parse().ok()?)
}

fn sized(room: &Room, bytes: i64) -> String {
    let (count, unit) = if bytes < (10 << 20) { (bytes >> 10, "KB") } else { (bytes >> 20, "MB") };
    format!("{} {unit}", room.look.number(count))
}

fn verify_card(call: &Call, room: &Room, typed: &Typed) -> Markup {
    let areas = checks::areas(&room.look);
    let fields = html! {
        (typed.field("area", room.t("What to check", "Was geprüft wird"))
            .hint(room.t("The page waits up to a minute. On a small SQLite file changes wait while the file itself is checked.", "Die Seite wartet bis zu einer Minute. Bei einer kleinen SQLite-Datei warten Änderungen, solange die Datei selbst geprüft wird."))
            .whole().select(&areas))
    };
    let run = Button::new(room.t("Check now", "Jetzt prüfen")).primary().icon(Icon::Play);
    Card::new(room.t("Data check", "Datenprüfung"))
        .text(room.t(
            "Reads the whole database beside the running server and changes nothing: do balances, stock, licenses and invoices hold together?",
            "Liest die ganze Datenbank, während der Server weiterläuft, und ändert nichts: Passen Salden, Bestand, Lizenzen und Rechnungen zusammen?",
        ))
        .with(forms::form(call, &room.look, &room.path("/health/verify"), &fields, &run, None))
}

/// What came of a check.
fn report(room: &Room, found: &Verified, own: i64) -> Markup {
    match found {
        Verified::Busy => note::note(
            Tone::Info,
            room.t("A check is running already", "Es läuft schon eine Prüfung"),
            room.t("Only one runs at a time. Try again when it is done.", "Es läuft immer nur eine. Versuchen Sie es danach noch einmal."),
            None,
        ),
        Verified::TooLong => note::note(
            Tone::Warn,
            room.t("It takes longer than a page waits", "Das dauert länger, als eine Seite wartet"),
            room.t(
                "Nothing is known yet. Check one area, or run “tradepost verify” at the command line.",
                "Es ist noch nichts bekannt. Prüfen Sie einen einzelnen Bereich oder rufen Sie „tradepost verify“ auf der Kommandozeile auf.",
            ),
            None,
        ),
        Verified::Done { reports, took } => html! { (verdict(room, reports, *took)) (findings(room, reports, own)) },
    }
}

fn verdict(room: &Room, reports: &[CheckReport], took: Duration) -> Markup {
    let (checks, rows) = (reports.len(), reports.iter().map(|report| report.checked).sum::<i64>());
    let violated = reports.iter().filter(|report| report.total > 0).count();
    let (rows, took) = (room.look.number(rows), seconds(room, took));
    let text = match room.look.language {
        Language::English => format!("{checks} checks looked at {rows} rows in {took} s."),
        Language::German => format!("{checks} Prüfungen haben in {took} s {rows} Zeilen angesehen."),
    };
    if violated == 0 {
        return note::note(Tone::Good, room.t("No problems found", "Keine Fehler gefunden"), &text, None);
    }
    let title = match room.look.language {
        Language::English => format!("{violated} of {checks} checks found something"),
        Language::German => format!("{violated} von {checks} Prüfungen haben etwas gefunden"),
    };
    note::note(Tone::Bad, &title, &text, None)
}

fn seconds(room: &Room, took: Duration) -> String {
    let tenths = took.as_millis() / 100;
    format!("{}{}{}", tenths / 10, room.t(".", ","), tenths % 10)
}

/// A row for each check, those that found something first.
fn findings(room: &Room, reports: &[CheckReport], own: i64) -> Markup {
    let row = |report: &CheckReport| {
        let found = if report.total == 0 { badge(Tone::Good, room.t("holds", "stimmt")) } else { badge(Tone::Bad, &room.look.number(report.total)) };
        vec![
            html! {
                code { (report.name) }
                span class="under" { (checks::meaning(&room.look, report.name)) }
                (violations(room, report, own))
            },
            html! { span class="number" { (room.look.number(report.checked)) } },
            found,
        ]
    };
    let (bad, good): (Vec<&CheckReport>, Vec<&CheckReport>) = reports.iter().partition(|report| report.total > 0);
    let table = Table {
        caption: room.t("Checks", "Prüfungen"),
        columns: vec![Column::new(room.t("Check", "Prüfung")), Column::right(room.t("Rows", "Zeilen")), Column::right(room.t("Found", "Gefunden"))],
        rows: bad.into_iter().chain(good).map(row).collect(),
        foot: None,
    };
    Card::new(room.t("What was checked", "Was geprüft wurde")).around(table.draw())
}

/// What was found of this merchant's; of others' only how many.
fn violations(room: &Room, report: &CheckReport, own: i64) -> Markup {
    let named: Vec<&Violation> = report.violations.iter().filter(|violation| violation.merchant == own || violation.merchant == 0).collect();
    let unnamed = report.total - i64::try_from(named.len()).unwrap_or(0);
    let others = match room.look.language {
        Language::English => format!("and {unnamed} more, of other merchants or not listed"),
        Language::German => format!("und {unnamed} weitere, bei anderen Händlern oder nicht aufgeführt"),
    };
    html! {
        @if report.total > 0 {
            ul class="plain-list" {
                @for violation in &named {
                    li {
                        @match history::place_of(room, &violation.subject) {
                            Some(place) => a href=(place) { code { (violation.subject) } },
                            None => code { (violation.subject) },
                        }
                        ": " (violation.detail)
                    }
                }
                @if unnamed > 0 { li class="muted" { (others) } }
            }
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/health", "merchantHealthPage", show).needs(Right::MerchantManage).page();
    r.post("/m/{merchant}/health/verify", "merchantVerifyForm", verify).needs(Right::MerchantManage).page().form::<VerifyForm>();
}
