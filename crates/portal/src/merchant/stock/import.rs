//! Bringing keys: a file or pasted text, checked first or taken in at once (STK-1).
//!
//! What was checked goes along unseen to the form that takes it in, where it is small enough; a larger file is chosen once more. An import that
//! takes longer than a moment goes on by itself, and its page tells how far it is.

use super::{batch, report, words};
use crate::forms::Typed;
use crate::merchant::orders::asked;
use crate::merchant::products::uploads::{self, Brought};
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::form::unseen;
use tradepost_design::frame::Head;
use tradepost_design::{Button, Field, Icon, Language, note, value};
use tradepost_domain::Right;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::stock::import::{BeginKeyImport, Format, ImportSettings, Mode, Report, StageKeys, TakeInKeys};
use tradepost_domain::stock::queries::{self, StockFilter};
use tradepost_kernel::{Date, Money};
use tradepost_web::api::license_keys::{FileImport, import_file};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, Upload, input};

input! {
    /// How keys are imported, beside the file itself.
    pub struct MerchantImportKeysForm {
        /// The product of every line, by SKU or id; none where the lines name theirs.
        pub product: Option<Line<64>>,
        /// What becomes of a file with mistakes.
        pub mode: Option<Mode>,
        /// A note for people.
        pub note: Option<Line<500>>,
        /// What all of it cost.
        pub cost: Option<Line<40>>,
        /// The last day on which its keys are sold.
        pub expires_on: Option<Date>,
    }
}

/// Bytes of the form: a million codes of forty bytes. What is larger comes by the API or the command line, which read it piece by piece.
const LARGEST_FORM: usize = 48 << 20;
/// Products that can be chosen from; of more, the SKU is typed.
const CHOICES: i64 = 200;

/// A product's SKU and name.
pub(super) type Choice = (String, String);

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = asked(&call, "product").unwrap_or("").to_owned();
    let typed = Typed::new([("product", product), ("mode", Mode::AllOrNothing.name().to_owned())]);
    page(&call, &room, &typed, None).await
}

/// A file that was checked, or refused as a whole.
struct Found<'a> {
    brought: &'a Brought,
    report: &'a Report,
}

async fn page(call: &Call, room: &Room, typed: &Typed, found: Option<&Found<'_>>) -> Result<Answer, Problem> {
    let (choices, all) = products(call).await?;
    let inside = html! {
        (typed.mistakes(&room.look))
        @if let Some(found) = found { (verdict(call, room, typed, found)) (report::draw(room, found.report)) }
        div class="columns" {
            div { (form_card(call, room, typed, all.then_some(choices.as_slice()), found.is_none())) }
            div { (help_card(room)) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Stock", "Bestand"), &room.path("/stock"))],
        title: room.t("Import keys", "Schlüssel importieren"),
        state: None,
        text: Some(room.t(
            "The keys of a file come into stock all at once. Codes are encrypted, and masked in every list.",
            "Die Schlüssel einer Datei kommen auf einmal in den Bestand. Codes werden verschlüsselt und in jeder Liste verdeckt.",
        )),
        acts: None,
    };
    // It may carry codes back to who brought them.
    Ok(room.page(Spot::Stock, &head, &inside).raw())
}

/// The products that take keys, and whether these are all of them.
pub(super) async fn products(call: &Call) -> Result<(Vec<Choice>, bool), Problem> {
    let (scope, page) = (call.merchant()?, PageRequest { limit: CHOICES, before: None });
    let found = call.read(move |reader| Box::pin(async move { queries::stock(reader, scope, &StockFilter::default(), page).await })).await?;
    let all = found.next.is_none();
    Ok((found.rows.into_iter().map(|stock| (stock.sku, stock.name)).collect(), all))
}

fn form_card(call: &Call, room: &Room, typed: &Typed, choices: Option<&[Choice]>, first: bool) -> Markup {
    let modes: Vec<(&str, &str, &str)> = Mode::ALL
        .iter()
        .map(|mode| {
            let (name, text) = words::mode(&room.look, *mode);
            (mode.name(), name, text)
        })
        .collect();
    let fields = html! {
        (product_field(room, typed, choices))
        (typed.field("file", room.t("File", "Datei")).hint(room.t("Text or CSV in UTF-8, at most 48 MB.", "Text oder CSV in UTF-8, höchstens 48 MB.")).optional(room.t("or paste the keys", "oder Schlüssel einfügen")).whole().input("file"))
        (typed.field("text", room.t("Keys", "Schlüssel")).example("ABCD-EFGH-IJKL").optional(room.t("instead of a file", "statt einer Datei")).whole().lines())
        (typed.field("mode", room.t("If lines are wrong", "Wenn Zeilen falsch sind")).whole().radios(&modes))
        (typed.field("note", room.t("Note", "Notiz")).hint(room.t("Kept with the import, such as the supplier or the order.", "Steht beim Import, etwa der Lieferant oder die Bestellung.")).optional(room.t("optional", "optional")).whole().text())
        (batch::cost_field(room, typed))
        (batch::last_day_field(room, typed).hint(room.t("After it they are not sold. A line of a CSV may say another.", "Danach werden sie nicht verkauft. Eine Zeile einer CSV darf einen anderen nennen.")).input("date"))
    };
    let take_in = Button::new(room.t("Import", "Importieren")).icon(Icon::Import);
    let take_in = if first { take_in.primary() } else { take_in };
    let ends = html! {
        (Button::new(room.t("Check first", "Erst prüfen")).icon(Icon::Search).submit_as("step", "check"))
        (take_in.submit_as("step", "import"))
    };
    let title = if first { room.t("Your keys", "Ihre Schlüssel") } else { room.t("Other keys", "Andere Schlüssel") };
    Card::new(title).with(uploads::form(call, room, &room.path("/stock/import"), &fields, &ends, &room.path("/stock")))
}

fn product_field(room: &Room, typed: &Typed, choices: Option<&[Choice]>) -> Markup {
    let none = room.t("The lines name it: sku,code", "Die Zeilen nennen es: sku,code");
    let field = typed.field("product", room.t("Product", "Produkt")).optional(room.t("of every line", "jeder Zeile")).whole();
    let Some(choices) = choices else {
        return field
            .hint(room.t(
                "Its SKU. Leave it empty where the file begins with the line sku,code.",
                "Seine SKU. Leer lassen, wenn die Datei mit der Zeile sku,code beginnt.",
            ))
            .text();
    };
    let named: Vec<(&str, String)> = choices.iter().map(|(sku, name)| (sku.as_str(), format!("{name} · {sku}"))).collect();
    let mut all = vec![("", none)];
    all.extend(named.iter().map(|(sku, text)| (*sku, text.as_str())));
    field.select(&all)
}

fn help_card(room: &Room) -> Markup {
    let inside = html! {
        p { (room.t("With a product chosen, each line is one code of it.", "Ist ein Produkt gewählt, ist jede Zeile ein Code davon.")) }
        p { (room.t("For several products, the file is a CSV that begins with this line:", "Für mehrere Produkte ist die Datei eine CSV, die mit dieser Zeile beginnt:")) }
        (value::snippet("sku,code\nKEY-PRO,ABCD-EFGH-IJKL\nKEY-HOME,MNOP-QRST-UVWX", room.look.language))
        p { (room.t("A third column expires_on names the last day on which a key is sold, such as 2026-12-31.", "Eine dritte Spalte expires_on nennt den letzten Tag, an dem ein Schlüssel verkauft wird, etwa 2026-12-31.")) }
        p class="muted" { (room.t("A code is unique per product: importing a file twice adds nothing twice.", "Ein Code ist je Produkt einmalig: Zweimal importiert, kommt nichts doppelt.")) }
    };
    Card::new(room.t("How the file looks", "So sieht die Datei aus")).with(inside)
}

/// What a check or a refused import means, and the button that goes on.
fn verdict(call: &Call, room: &Room, typed: &Typed, found: &Found<'_>) -> Markup {
    let report = found.report;
    let stopped = report.has_errors() && typed.value("mode") != Mode::SkipBad.name();
    let (tone, title, text) = match (report.dry_run, stopped, report.new_keys()) {
        (false, ..) => (
            Tone::Bad,
            room.t("Nothing was imported", "Nichts wurde übernommen"),
            room.t(
                "The file has the mistakes below. Correct it, or import the rest.",
                "Die Datei hat die Fehler unten. Berichtigen Sie sie, oder übernehmen Sie den Rest.",
            ),
        ),
        (true, _, 0) => (Tone::Warn, room.t("The file has no new keys", "Die Datei bringt keinen neuen Schlüssel"), ""),
        (true, true, _) => (
            Tone::Warn,
            room.t("As it is, nothing would be imported", "So würde nichts übernommen"),
            room.t(
                "The file has the mistakes below. Correct it, or import the rest.",
                "Die Datei hat die Fehler unten. Berichtigen Sie sie, oder übernehmen Sie den Rest.",
            ),
        ),
        (true, false, _) => (
            Tone::Good,
            room.t("The file can be imported", "Die Datei kann übernommen werden"),
            room.t("Nothing was written yet.", "Noch wurde nichts geschrieben."),
        ),
    };
    html! {
        (note::note(tone, title, text, None))
        @if report.new_keys() > 0 { (go_on_card(call, room, typed, found, stopped)) }
    }
}

/// The form that takes in what was checked: all of it, or without the lines that are wrong.
fn go_on_card(call: &Call, room: &Room, typed: &Typed, found: &Found<'_>, stopped: bool) -> Markup {
    let mode = if stopped { Mode::SkipBad.name() } else { typed.value("mode") };
    let keys = room.look.n(found.report.new_keys(), ("key", "keys"), ("Schlüssel", "Schlüssel"));
    let title = match (room.look.language, stopped) {
        (Language::English, false) => format!("Import {keys}"),
        (Language::English, true) => format!("Import the other {keys}"),
        (Language::German, false) => format!("{keys} einlesen"),
        (Language::German, true) => format!("Die übrigen {keys} einlesen"),
    };
    let fields = html! {
        (unseen(&[("product", typed.value("product")), ("mode", mode), ("note", typed.value("note")), ("cost", typed.value("cost")), ("expires_on", typed.value("expires_on"))]))
        @if found.brought.is_carried() {
            (found.brought.carried())
            p { (room.t("The keys that you brought are still here.", "Die gebrachten Schlüssel sind noch da.")) }
        } @else {
            p { (room.t("The file is too large to be kept for you: choose it once more.", "Die Datei ist zu groß, um für Sie aufgehoben zu werden: Wählen Sie sie noch einmal.")) }
            (Field::new("file", room.t("File", "Datei")).optional(room.t("the one that was checked", "die geprüfte")).whole().input("file"))
        }
    };
    let act = Button::new(&title).primary().icon(Icon::Import);
    Card::new(&title).with(uploads::form(call, room, &room.path("/stock/import"), &fields, &act.submit_as("step", "import"), &room.path("/stock")))
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let upload = call.upload()?;
    let Some(brought) = uploads::brought(&upload) else {
        let text = room.t("Choose a file, or paste the keys.", "Wählen Sie eine Datei, oder fügen Sie die Schlüssel ein.");
        let typed = uploads::wrong(&upload, "file", text);
        return Ok(page(&call, &room, &typed, None).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    let cost = match batch::typed_cost(&room, upload.value("cost")) {
        Ok(cost) => cost,
        Err(text) => {
            let typed = uploads::wrong(&upload, "cost", &text);
            return Ok(page(&call, &room, &typed, None).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    match imported(&call, &upload, &brought, cost).await {
        Ok(FileImport::UnderWay(id)) => Ok(done(&call, &room.path(&format!("/stock/imports/{id}")), room.t("The import is under way.", "Der Import läuft."))),
        Ok(FileImport::Over(report)) => over(&call, &room, &upload, &brought, &report).await,
        Err(no) => {
            let (status, typed) = (no.status(), uploads::refused(&room, &upload, no)?);
            Ok(page(&call, &room, &typed, None).await?.with_status(status))
        }
    }
}

async fn imported(call: &Call, upload: &Upload, brought: &Brought, cost: Option<Money>) -> Result<FileImport, Problem> {
    let form: MerchantImportKeysForm = upload.form()?;
    let settings = ImportSettings {
        scope: call.merchant()?,
        source: brought.source.clone(),
        note: form.note.map(String::from),
        cost,
        expires_on: form.expires_on,
        format: form.product.map_or(Format::Separated, |product| Format::Lines { product: product.into() }),
        mode: form.mode.unwrap_or(Mode::AllOrNothing),
        dry_run: upload.value("step") != "import",
    };
    import_file(call, settings, brought.bytes.clone()).await
}

/// After an import that ended while its page was waited for, or a check.
async fn over(call: &Call, room: &Room, upload: &Upload, brought: &Brought, report: &Report) -> Result<Answer, Problem> {
    if let (true, Some(id)) = (report.taken_in, report.import) {
        let keys = room.look.n(
            report.new_keys(),
            ("key is in stock now.", "keys are in stock now."),
            ("Schlüssel ist jetzt im Bestand.", "Schlüssel sind jetzt im Bestand."),
        );
        return Ok(done(call, &room.path(&format!("/stock/imports/{id}")), &keys));
    }
    // What is shown of the form are its settings: the keys themselves go along beside them.
    let settings = upload.fields().iter().filter(|(name, _)| name != "text" && name != "source").cloned().collect();
    let status = if report.dry_run { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page(call, room, &Typed::of(settings), Some(&Found { brought, report })).await?.with_status(status))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/stock/import", "merchantImportKeysPage", begin).needs(Right::StockManage).page();
    r.post("/m/{merchant}/stock/import", "merchantImportKeysForm", import)
        .needs(Right::StockManage)
        .page()
        .upload(LARGEST_FORM)
        .refuses(&["invalid_header", "product_not_found", "not_key_pool", "too_many_lines"])
        .command::<BeginKeyImport>()
        .command::<StageKeys>()
        .command::<TakeInKeys>();
}
