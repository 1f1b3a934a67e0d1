//! The catalog as a file: what it would change, line by line, then all of it at once (CAT-9).
//!
//! The check answers with a page that carries the text of the file unseen, so that without a script one click applies it. A file that is too
//! large for that is chosen once more.

use super::uploads::{self, Brought};
use super::words;
use crate::forms::Typed;
use crate::refusals;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, Tile, tiles};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::catalog::import::{Change, ImportCounts, ImportProducts, LinePlan, ProductFile, export, preview};
use tradepost_web::{Answer, Call, Problem, Routes, Upload};

/// Bytes of the form: five thousand products with long descriptions.
const LARGEST_FORM: usize = 16 << 20;
/// Lines of a report that are shown; those with errors come first.
const SHOWN: usize = 300;
/// The columns that files have most often.
const EXAMPLE: &str = "sku,name,kind,group,price_USD\nKEY-PRO,Pro license,key,Office,40.00|10:36.00\nKEY-HOME,Home license,key,Office,25.00";

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    Ok(page(&call, &room, &Typed::default(), None))
}

/// A file that was checked.
struct Checked<'a> {
    brought: &'a Brought,
    plans: &'a [LinePlan],
}

impl Checked<'_> {
    fn count(&self, change: Change) -> usize {
        self.plans.iter().filter(|plan| plan.change == change).count()
    }

    fn is_to_be_applied(&self) -> bool {
        self.count(Change::Error) == 0 && self.count(Change::Created) + self.count(Change::Updated) > 0
    }
}

fn page(call: &Call, room: &Room, typed: &Typed, checked: Option<&Checked<'_>>) -> Answer {
    let back = room.path("/products");
    let head = Head {
        crumbs: &[(room.t("Products", "Produkte"), &back)],
        title: room.t("Import products", "Produkte importieren"),
        state: None,
        text: Some(room.t(
            "A CSV file creates and changes products: all of it, or nothing where a line is wrong.",
            "Eine CSV-Datei legt Produkte an und ändert sie: alles, oder nichts, wenn eine Zeile falsch ist.",
        )),
        acts: Some(Button::new(room.t("Download the catalog", "Katalog herunterladen")).icon(Icon::Download).to(&room.path("/products/catalog.csv"))),
    };
    let inside = html! {
        (typed.mistakes(&room.look))
        @if let Some(checked) = checked { (report(call, room, checked)) }
        div class="columns" { div { (file_card(call, room, typed, checked.is_none())) } div { (columns_card(room)) } }
    };
    room.page(Spot::Products, &head, &inside)
}

fn file_card(call: &Call, room: &Room, typed: &Typed, first: bool) -> Markup {
    let optional = room.t("or paste its text", "oder Text einfügen");
    let fields = html! {
        (typed.field("file", room.t("File", "Datei")).hint(room.t("CSV in UTF-8, at most 5,000 products.", "CSV in UTF-8, höchstens 5.000 Produkte.")).optional(optional).whole().input("file"))
        (typed.field("text", room.t("Text", "Text")).example("sku,name,price_USD").optional(room.t("instead of a file", "statt einer Datei")).whole().lines())
    };
    let check = Button::new(room.t("Check", "Prüfen")).icon(Icon::Search);
    let check = if first { check.primary() } else { check };
    let title = if first { room.t("Your file", "Ihre Datei") } else { room.t("Another file", "Andere Datei") };
    let form = uploads::form(call, room, &room.path("/products/import"), &fields, &check.submit_as("step", "check"), &room.path("/products"));
    Card::new(title)
        .text(room.t("Nothing is changed before you have seen what would happen.", "Nichts wird geändert, bevor Sie gesehen haben, was geschähe."))
        .with(form)
}

fn columns_card(room: &Room) -> Markup {
    let inside = html! {
        p { (room.t("The first line names the columns; only sku is needed. A column that is left out changes nothing. Tiers follow the first price: 40.00|10:36.00.", "Die erste Zeile nennt die Spalten; nötig ist nur sku. Eine Spalte, die fehlt, ändert nichts. Staffeln folgen dem ersten Preis: 40.00|10:36.00.")) }
        (value::snippet(EXAMPLE, room.look.language))
        p class="muted" { (room.t("The download of your catalog has every column, and can be read in again.", "Der geladene Katalog hat alle Spalten und lässt sich wieder einlesen.")) }
    };
    Card::new(room.t("How the file looks", "So sieht die Datei aus")).with(inside)
}

fn tile<'a>(label: &'a str, figure: &'a str, tone: Tone) -> Tile<'a> {
    Tile { label, figure, note: None, to: None, tone, spark: None }
}

/// What the file would do, and the button that does it.
fn report(call: &Call, room: &Room, checked: &Checked<'_>) -> Markup {
    let (look, errors) = (&room.look, checked.count(Change::Error));
    let figure = |change| look.number(i64::try_from(checked.count(change)).unwrap_or(i64::MAX));
    let (created, updated, unchanged, wrong) = (figure(Change::Created), figure(Change::Updated), figure(Change::Unchanged), figure(Change::Error));
    html! {
        (tiles(&[
            tile(room.t("New", "Neu"), &created, Tone::Good),
            tile(room.t("Changed", "Geändert"), &updated, Tone::Info),
            tile(room.t("Unchanged", "Unverändert"), &unchanged, Tone::Plain),
            tile(room.t("Errors", "Fehler"), &wrong, if errors > 0 { Tone::Bad } else { Tone::Plain }),
        ]))
        @if errors > 0 {
            (note::note(Tone::Bad, room.t("Nothing was changed", "Nichts wurde geändert"), room.t("Correct these lines and check the file again.", "Berichtigen Sie diese Zeilen, und prüfen Sie die Datei erneut."), None))
        } @else if checked.is_to_be_applied() {
            (apply_card(call, room, checked))
        } @else {
            (note::note(Tone::Info, room.t("The file changes nothing", "Die Datei ändert nichts"), room.t("Every product is already as it says.", "Alle Produkte sind schon so, wie sie sagt."), None))
        }
        (lines_card(room, checked))
    }
}

fn apply_card(call: &Call, room: &Room, checked: &Checked<'_>) -> Markup {
    let optional = room.t("the one that was checked", "die geprüfte");
    let fields = html! {
        @if checked.brought.is_carried() {
            (checked.brought.carried())
            p { (room.t("The file has no mistakes.", "Die Datei hat keine Fehler.")) }
        } @else {
            p { (room.t("The file has no mistakes. It is too large to be kept for you: choose it once more.", "Die Datei hat keine Fehler. Sie ist zu groß, um für Sie aufgehoben zu werden: Wählen Sie sie noch einmal.")) }
            (tradepost_design::Field::new("file", room.t("File", "Datei")).optional(optional).whole().input("file"))
        }
    };
    let act = Button::new(room.t("Apply these changes", "Änderungen anwenden")).primary().icon(Icon::Check);
    let form = uploads::form(call, room, &room.path("/products/import"), &fields, &act.submit_as("step", "apply"), &room.path("/products/import"));
    Card::new(room.t("Ready", "Bereit")).with(form)
}

fn lines_card(room: &Room, checked: &Checked<'_>) -> Markup {
    let mut plans: Vec<&LinePlan> = checked.plans.iter().filter(|plan| plan.change != Change::Unchanged).collect();
    plans.sort_by_key(|plan| (plan.change != Change::Error, plan.line));
    let hidden = plans.len().saturating_sub(SHOWN);
    let row = |plan: &&LinePlan| {
        let (tone, change) = words::change(&room.look, plan.change);
        vec![html! { span class="number" { (room.look.number(plan.line)) } }, html! { code { (plan.sku) } }, badge(tone, change), notes(room, plan)]
    };
    let table = Table {
        caption: room.t("Line by line", "Zeile für Zeile"),
        columns: vec![Column::right(room.t("Line", "Zeile")), Column::new(room.t("SKU", "SKU")), Column::new(""), Column::new(room.t("What", "Was"))],
        rows: plans.iter().take(SHOWN).map(row).collect(),
        foot: None,
    };
    let more = match room.look.language {
        Language::English => format!("{hidden} further lines are not shown."),
        Language::German => format!("{hidden} weitere Zeilen sind nicht gezeigt."),
    };
    html! {
        @if !table.rows.is_empty() {
            (Card::new(room.t("Line by line", "Zeile für Zeile")).around(html! { (table.draw()) @if hidden > 0 { div class="inside" { p class="muted" { (more) } } } }))
        }
    }
}

/// The columns that a line changes, or what is wrong with it.
fn notes(room: &Room, plan: &LinePlan) -> Markup {
    if plan.change != Change::Error {
        let columns: Vec<&str> = plan.notes.iter().map(|note| note.column.as_str()).collect();
        return html! { span class="muted" { (columns.join(", ")) } };
    }
    html! {
        @for note in &plan.notes {
            div { @if !note.column.is_empty() { code { (note.column) } " " } (refusals::of_field(&room.look, "invalid_field", &note.detail)) }
        }
    }
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let upload = call.upload()?;
    let Some(brought) = uploads::brought(&upload) else {
        let text = room.t("Choose a file, or paste its text.", "Wählen Sie eine Datei, oder fügen Sie ihren Text ein.");
        return Ok(page(&call, &room, &uploads::wrong(&upload, "file", text), None).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    match done_with(&call, &brought, upload.value("step") == "apply").await {
        Ok(Outcome::Applied(counts)) => Ok(done(&call, &room.path("/products"), &said(&room, counts))),
        Ok(Outcome::Checked(plans)) => {
            let checked = Checked { brought: &brought, plans: &plans };
            let status = if checked.count(Change::Error) > 0 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            Ok(page(&call, &room, &Typed::default(), Some(&checked)).with_status(status))
        }
        Err(no) => again(&call, &room, &upload, no),
    }
}

/// What became of a file.
enum Outcome {
    Checked(Vec<LinePlan>),
    Applied(ImportCounts),
}

/// Checks the file, and applies it where that is asked for and no line is wrong.
async fn done_with(call: &Call, brought: &Brought, applies: bool) -> Result<Outcome, Problem> {
    let scope = call.merchant()?;
    let file = ProductFile::read(&brought.bytes)?;
    let asked = file.clone();
    let plans = call.read(move |reader| Box::pin(async move { preview(reader, scope, &asked).await })).await?;
    if !applies || plans.iter().any(|plan| plan.change == Change::Error) {
        return Ok(Outcome::Checked(plans));
    }
    Ok(Outcome::Applied(call.execute(ImportProducts { scope, file }).await?.outcome))
}

fn again(call: &Call, room: &Room, upload: &Upload, no: Problem) -> Result<Answer, Problem> {
    let status = no.status();
    Ok(page(call, room, &uploads::refused(room, upload, no)?, None).with_status(status))
}

fn said(room: &Room, counts: ImportCounts) -> String {
    let (created, updated) = (room.look.number(counts.created), room.look.number(counts.updated));
    match room.look.language {
        Language::English => format!("Products imported: {created} new, {updated} changed."),
        Language::German => format!("Produkte eingelesen: {created} neu, {updated} geändert."),
    }
}

/// The whole catalog, as the file that reads in again.
async fn catalog(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let file = call.read(move |reader| Box::pin(async move { export(reader, scope).await })).await?;
    Ok(Answer::csv("products.csv", file))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/products/import", "merchantImportProductsPage", begin).needs(Right::CatalogManage).page();
    r.post("/m/{merchant}/products/import", "merchantImportProductsForm", import)
        .needs(Right::CatalogManage)
        .page()
        .upload(LARGEST_FORM)
        .refuses(&["invalid_header", "too_many_lines"])
        .command::<ImportProducts>();
    r.get("/m/{merchant}/products/catalog.csv", "merchantCatalogPage", catalog).needs(Right::MerchantRead).page();
}
