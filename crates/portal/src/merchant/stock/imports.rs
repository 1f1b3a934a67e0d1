//! Imports of keys: the list, and the page of one, which tells how far it is while it runs (STK-1), and what is done with its keys (STK-6).

use super::{Tab, batch, import_button, tab_line, words};
use crate::lists::{Cell, List, fetch};
use crate::room::{Room, Spot};
use crate::shared::views;
use axum::http::HeaderName;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, facts, tiles};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, note, value};
use tradepost_domain::ids::KeyImportId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::stock::import::ABANDONED_AFTER_MS;
use tradepost_domain::stock::queries::{self, ImportFilter, ImportState, KeyImportView};
use tradepost_domain::{MerchantScope, Right};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// Loads a page again by itself, without a script.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (look, scope) = (&room.look, call.merchant()?);
    let views = views::of(&call, ListName::KeyImports).await?;
    let states = ImportState::ALL.iter().map(|state| (state.name().to_owned(), words::import_state(look, state.name()).1.to_owned())).collect();
    let list = List::new(&room, &call, "key-imports").tabs(tab_line(&room, Tab::Imports)).searches().views(views).filter("state", states).empty(
        Icon::Import,
        room.t("No imports yet", "Noch keine Importe"),
        room.t(
            "Each file of keys that you import appears here, with its result.",
            "Hier steht jede Datei mit Schlüsseln, die Sie bringen, und was aus ihr wurde.",
        ),
        import_button(&room),
    );
    let filter = ImportFilter { state: list.asked("state").and_then(ImportState::from_name), search: list.searched() };
    let found = list.rows(&call, fetch!(|page| [call, filter] imports(call, scope, filter.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Import", "Import")).with(room.t("Note", "Notiz")),
        Column::new(room.t("Status", "Status")),
        Column::right(room.t("Keys", "Schlüssel")),
        Column::right(room.t("Duplicates", "Doppelte")),
        Column::right(room.t("Malformed", "Unlesbare")),
        Column::new(room.t("Started", "Begonnen")),
    ];
    let row = |import: &KeyImportView| {
        let (tone, state) = words::import_state(look, &import.state);
        vec![
            Cell::link(&import.source, &room.path(&format!("/stock/imports/{}", import.id)), import.note.as_deref()),
            Cell::badge(tone, state),
            Cell::number(&room, import.staged),
            Cell::number(&room, import.duplicates),
            Cell::number(&room, import.bad),
            Cell::moment(&room, import.created),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let head = Head { crumbs: &[], title: room.t("Key imports", "Schlüsselimporte"), state: None, text: None, acts: import_button(&room) };
    list.answer(&call, Spot::Stock, &head, columns, rows, found.next)
}

pub(super) async fn imports(call: &Call, scope: MerchantScope, filter: ImportFilter, page: PageRequest) -> Result<Page<KeyImportView>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::imports(reader, scope, &filter, page).await })).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (scope, id) = (call.merchant()?, call.path::<KeyImportId>("id")?);
    let found =
        call.read(move |reader| Box::pin(async move { Ok((queries::import(reader, scope, id).await?, queries::batch(reader, scope, id).await?)) })).await?;
    let import = found.0.or_not_found()?;
    let came_in = found.1.filter(|batch| batch.state == "done");
    // One that was cut short is never touched again: its page does not wait for it.
    let stages = import.state == "staging" && room.look.now.ms() - import.touched.ms() < ABANDONED_AFTER_MS;
    let (tone, state) = words::import_state(&room.look, &import.state);
    let inside = html! {
        (standing(&room, &import, stages))
        @if let Some(work) = came_in.as_ref().and_then(|batch| batch.work.as_ref()) { (batch::work_note(&room, work)) }
        (figures(&room, &import))
        @if let Some(batch) = &came_in { (batch::origin_card(&room, batch)) }
        (facts_card(&room, &import))
    };
    let works = came_in.as_ref().is_some_and(|batch| batch.at_work().is_some());
    let place = room.path(&format!("/stock/imports/{id}"));
    let keys = Button::new(room.t("Show its keys", "Schlüssel zeigen")).to(&room.path(&format!("/stock/keys?import={id}")));
    let head = Head {
        crumbs: &[(room.t("Stock", "Bestand"), &room.path("/stock")), (room.t("Imports", "Importe"), &room.path("/stock/imports"))],
        title: &import.source,
        state: Some(badge(tone, state)),
        text: import.note.as_deref(),
        acts: came_in.as_ref().map(|batch| html! { (keys) (batch::acts(&room, batch, &place)) }),
    };
    let answer = room.page(Spot::Stock, &head, &inside);
    Ok(if stages || works { answer.header(REFRESH, "2") } else { answer })
}

/// How it stands, and what to do next.
fn standing(room: &Room, import: &KeyImportView, runs: bool) -> Markup {
    let again = room.may(Right::StockManage).then(|| Button::new(room.t("Check the file", "Datei prüfen")).small().to(&room.path("/stock/import")));
    match import.state.as_str() {
        "done" => html! {},
        "staging" if runs => html! {
            (note::note(
                Tone::Info,
                room.t("The import is under way", "Der Import läuft"),
                room.t("This page shows every two seconds how far it is; you may leave it. No key can be sold before all of them are in.", "Diese Seite zeigt alle zwei Sekunden, wie weit er ist; Sie können sie verlassen. Kein Schlüssel ist verkäuflich, bevor alle da sind."),
                None,
            ))
            progress class="progress" data-refreshes="" aria-label=(room.t("Under way", "Läuft")) {}
        },
        "staging" => note::note(
            Tone::Warn,
            room.t("The import was cut short", "Der Import brach ab"),
            room.t(
                "Nothing of it is in stock; the next import clears it away. Import the file again.",
                "Nichts davon ist im Bestand; der nächste Import räumt ihn weg. Lesen Sie die Datei erneut ein.",
            ),
            again.as_ref(),
        ),
        _ => note::note(
            Tone::Bad,
            room.t("Nothing was imported", "Nichts wurde übernommen"),
            room.t(
                "The file has duplicates or lines that can't be read, or it did not arrive whole. A check names the lines.",
                "Die Datei hat doppelte oder unlesbare Zeilen, oder sie kam nicht ganz an. Eine Prüfung nennt die Zeilen.",
            ),
            again.as_ref(),
        ),
    }
}

fn figures(room: &Room, import: &KeyImportView) -> Markup {
    let [keys, duplicates, bad] = [import.staged, import.duplicates, import.bad].map(|count| room.look.number(count));
    let label = match import.state.as_str() {
        "done" => room.t("Keys taken in", "Übernommene Schlüssel"),
        _ => room.t("Keys read so far", "Bisher gelesene Schlüssel"),
    };
    let tile = |label, figure, tone| Tile { label, figure, note: None, to: None, tone, spark: None };
    tiles(&[
        tile(label, keys.as_str(), Tone::Good),
        tile(room.t("Duplicates left out", "Doppelte ausgelassen"), duplicates.as_str(), Tone::Plain),
        tile(room.t("Malformed lines left out", "Unlesbare Zeilen ausgelassen"), bad.as_str(), Tone::Plain),
    ])
}

fn facts_card(room: &Room, import: &KeyImportView) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> =
        vec![(room.t("ID", "ID"), value::copyable(&import.id.to_string(), look.language)), (room.t("Started", "Begonnen"), look.moment(import.created))];
    if let Some(finished) = import.finished {
        rows.push((room.t("Ended", "Beendet"), look.moment(finished)));
    }
    if room.may(Right::AuditRead) {
        rows.push((
            room.t("Who", "Wer"),
            html! { a href=(room.path(&format!("/audit?subject={}", import.id))) { (room.t("See the audit trail", "Im Protokoll nachsehen")) } },
        ));
    }
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/stock/imports", "merchantKeyImportsPage", list).needs(Right::StockRead).page();
    r.get("/m/{merchant}/stock/imports/{id}", "merchantKeyImportPage", show).needs(Right::StockRead).page();
}
