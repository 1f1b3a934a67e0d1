//! What an import of keys or its check found, line by line. No code stands here.

use crate::refusals;
use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::table::Column;
use tradepost_design::{Language, Table, badge};
use tradepost_domain::stock::import::{Listed, ListedLine, Report};

/// How many keys and lines of each kind, then the products, then the lines.
pub(super) fn draw(room: &Room, report: &Report) -> Markup {
    html! { (figures(room, report)) (products_card(room, report)) (lines_card(room, report)) }
}

fn figures(room: &Room, report: &Report) -> Markup {
    let kinds = [
        (room.t("New keys", "Neue Schlüssel"), report.new_keys(), Tone::Good),
        (room.t("Twice in the file", "Doppelt in der Datei"), report.duplicates_in_file.count, Tone::Bad),
        (room.t("In stock already", "Schon im Bestand"), report.duplicates_in_stock.count, Tone::Bad),
        (room.t("Malformed lines", "Unlesbare Zeilen"), report.malformed.count, Tone::Bad),
        (room.t("Blank lines", "Leere Zeilen"), report.blank.count, Tone::Plain),
    ];
    let drawn: Vec<(&str, String, Tone)> =
        kinds.into_iter().map(|(label, count, tone)| (label, room.look.number(count), if count > 0 { tone } else { Tone::Plain })).collect();
    let shown: Vec<Tile<'_>> = drawn.iter().map(|(label, figure, tone)| Tile { label, figure, note: None, to: None, tone: *tone, spark: None }).collect();
    tiles(&shown)
}

fn products_card(room: &Room, report: &Report) -> Markup {
    let rows: Vec<Vec<Markup>> = report
        .products
        .iter()
        .map(|(sku, count)| {
            let place = room.path(&format!("/stock/{}", count.product));
            vec![html! { a class="row" href=(place) { (sku) } }, html! { span class="number" { (room.look.number(count.new)) } }]
        })
        .collect();
    if rows.len() < 2 {
        return html! {}; // its one product is named by the form
    }
    let columns = vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("New keys", "Neue Schlüssel"))];
    let table = Table { caption: room.t("New keys by product", "Neue Schlüssel nach Produkt"), columns, rows, foot: None };
    Card::new(room.t("By product", "Nach Produkt")).around(table.draw())
}

fn lines_card(room: &Room, report: &Report) -> Markup {
    let kinds = [
        (&report.malformed, room.t("Malformed", "Unlesbar"), ""),
        (
            &report.duplicates_in_file,
            room.t("Twice in the file", "Doppelt in der Datei"),
            room.t("Its code appears earlier in the file.", "Ihr Code steht weiter oben in der Datei."),
        ),
        (
            &report.duplicates_in_stock,
            room.t("In stock already", "Schon im Bestand"),
            room.t("The product has its code already, whatever became of it.", "Das Produkt hat ihren Code schon, gleich was aus ihm wurde."),
        ),
    ];
    let mut rows = Vec::new();
    for (listed, word, usual) in kinds {
        rows.extend(listed.first.iter().map(|line| row(room, line, word, usual)));
    }
    if rows.is_empty() {
        return html! {};
    }
    let columns = vec![Column::right(room.t("Line", "Zeile")), Column::new(""), Column::new(room.t("What is wrong", "Was nicht stimmt"))];
    let table = Table { caption: room.t("Lines", "Zeilen"), columns, rows, foot: None };
    let hidden: i64 = kinds.iter().map(|(listed, ..)| hidden(listed)).sum();
    let more = match room.look.language {
        Language::English => format!("{} further lines are counted above and not shown.", room.look.number(hidden)),
        Language::German => format!("{} weitere Zeilen sind oben gezählt und nicht gezeigt.", room.look.number(hidden)),
    };
    let inside = html! { (table.draw()) @if hidden > 0 { div class="inside" { p class="muted" { (more) } } } };
    Card::new(room.t("Lines to look at", "Zeilen zum Ansehen")).around(inside)
}

fn row(room: &Room, line: &ListedLine, word: &str, usual: &str) -> Vec<Markup> {
    let detail = if line.detail.is_empty() { usual.to_owned() } else { refusals::of_field(&room.look, "malformed_line", &line.detail) };
    vec![html! { span class="number" { (room.look.number(line.line)) } }, badge(Tone::Bad, word), html! { (detail) }]
}

/// Lines that are counted and not listed.
fn hidden(listed: &Listed) -> i64 {
    listed.count - i64::try_from(listed.first.len()).unwrap_or(0)
}
