//! What is done with all keys of a batch: note, cost and last day, revoking, moving, exporting; each asks first (STK-6).

use super::import::products;
use super::words;
use crate::forms::{Typed, question};
use crate::money;
use crate::room::{Room, Spot, done};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::{Button, Field, Icon, Language, note};
use tradepost_domain::Right;
use tradepost_domain::stock::KeyState;
use tradepost_domain::stock::batches::{ExportBatch, MoveBatch, RevokeBatch, UpdateBatch};
use tradepost_domain::stock::queries::{BatchView, Work, WorkKind};
use tradepost_kernel::{Date, Money};
use tradepost_web::api::key_batches::{exported, shown};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// What is known of a batch.
    pub struct MerchantBatchForm {
        /// A note for people.
        pub note: Option<Line<500>>,
        /// What all of it cost.
        pub cost: Option<Line<40>>,
        /// The last day on which its keys are sold.
        pub expires_on: Option<Date>,
    }

    /// Where the keys of a batch go.
    pub struct MerchantMoveBatchForm {
        /// The product, by SKU or id.
        pub product: Line<64>,
    }

    /// Which codes of a batch are exported.
    pub struct MerchantExportBatchForm {
        /// Only keys in this state.
        pub state: Option<KeyState>,
    }
}

/// The field for what a batch cost.
pub(super) fn cost_field(room: &Room, typed: &Typed) -> Markup {
    typed.field("cost", room.t("Cost", "Kosten")).before(room.currency.code()).optional(room.t("of all keys", "aller Schlüssel")).numeric().text()
}

/// The field for the last day of a batch.
pub(super) fn last_day_field<'a>(room: &'a Room, typed: &'a Typed) -> Field<'a> {
    typed.field("expires_on", room.t("Last day", "Letzter Tag")).optional(room.t("optional", "optional"))
}

/// What was typed as cost; nothing where nothing was.
pub(super) fn typed_cost(room: &Room, text: &str) -> Result<Option<Money>, String> {
    if text.trim().is_empty() { Ok(None) } else { money::typed(&room.look, room.currency, text).map(Some) }
}

/// The buttons of a batch.
pub(super) fn acts(room: &Room, batch: &BatchView, path: &str) -> Markup {
    let act = |text, icon, rest: &str| Button::new(text).icon(icon).opens_dialog().to(&format!("{path}/{rest}"));
    let idle = batch.at_work().is_none();
    html! {
        @if room.may(Right::LicensesReveal) { (act(room.t("Export codes", "Codes ausgeben"), Icon::Download, "export")) }
        @if room.may(Right::StockManage) {
            (act(room.t("Edit", "Bearbeiten"), Icon::Edit, "edit"))
            @if idle {
                (act(room.t("Move", "Verschieben"), Icon::Package, "move"))
                (act(room.t("Revoke", "Zurücknehmen"), Icon::Close, "revoke"))
            }
        }
    }
}

/// Where the keys came from.
pub(super) fn origin_card(room: &Room, batch: &BatchView) -> Markup {
    let mut rows: Vec<(&str, Markup)> = Vec::new();
    if let Some(by) = &batch.by {
        rows.push((room.t("Brought by", "Gebracht von"), html! { (by) }));
    }
    if let Some(cost) = &batch.cost {
        rows.push((room.t("Cost", "Kosten"), room.look.money(cost)));
    }
    let last_day = batch.expires.map(|expires| words::last_day(&room.look, expires));
    rows.push((room.t("Last day", "Letzter Tag"), html! { (last_day.unwrap_or_else(|| room.t("None", "Keiner").to_owned())) }));
    Card::new(room.t("Batch", "Charge")).with(facts(&rows))
}

/// What is being done with the keys, or was done last.
pub(super) fn work_note(room: &Room, work: &Work) -> Markup {
    let keys = |count: i64| room.look.n(count, ("key", "keys"), ("Schlüssel", "Schlüssel"));
    let (changed, left) = (keys(work.changed), keys(work.left));
    let done = match (work.kind, room.look.language) {
        (WorkKind::Revoke, Language::English) => format!("{changed} revoked"),
        (WorkKind::Revoke, Language::German) => format!("{changed} zurückgenommen"),
        (WorkKind::Move, Language::English) => format!("{changed} moved to another product"),
        (WorkKind::Move, Language::German) => format!("{changed} zu einem anderen Produkt verschoben"),
        (WorkKind::Expiry, Language::English) => format!("{changed} got another last day"),
        (WorkKind::Expiry, Language::German) => format!("{changed} mit neuem letzten Tag"),
    };
    let why = match work.kind {
        WorkKind::Move => {
            room.t("left alone: sold, or in the stock of the other product already.", "unberührt: verkauft, oder schon im Bestand des anderen Produkts.")
        }
        WorkKind::Revoke | WorkKind::Expiry => room.t("left alone: sold, or out of stock before.", "unberührt: verkauft, oder schon nicht mehr im Bestand."),
    };
    let text = format!("{left} {why}");
    match work.ended {
        Some(_) => note::note(Tone::Good, &done, &text, None),
        None => html! {
            (note::note(Tone::Info, &done, room.t("It goes on; this page shows every two seconds how far it is.", "Es geht weiter; diese Seite zeigt alle zwei Sekunden, wie weit es ist."), None))
            progress class="progress" data-refreshes="" aria-label=(room.t("Under way", "Läuft")) {}
        },
    }
}

fn place(room: &Room, batch: &BatchView) -> String {
    room.path(&format!("/stock/imports/{}", batch.id))
}

async fn ask_edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    let cost = batch.cost.as_ref().map(|cost| money::in_field(&room.look, cost));
    let last_day = batch.expires.map(|expires| expires.plus_ms(-1).date_in(&room.look.zone).to_string());
    let values = [("note", batch.note.clone().unwrap_or_default()), ("cost", cost.unwrap_or_default()), ("expires_on", last_day.unwrap_or_default())];
    Ok(edit_page(&call, &room, &batch, &Typed::new(values)))
}

fn edit_page(call: &Call, room: &Room, batch: &BatchView, typed: &Typed) -> Answer {
    let title = room.t("Edit batch", "Charge bearbeiten");
    let text = html! {
        (typed.field("note", room.t("Note", "Notiz")).optional(room.t("optional", "optional")).whole().text())
        (cost_field(room, typed))
        (last_day_field(room, typed).hint(room.t("Another one counts for all of its keys that are not sold.", "Ein anderer gilt für alle ihre unverkauften Schlüssel.")).input("date"))
    };
    let act = Button::new(room.t("Save", "Sichern")).primary();
    let path = place(room, batch);
    room.dialog(Spot::Stock, title, &question(call, &room.look, title, &text, typed, &format!("{path}/edit"), &act, &path))
}

async fn edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    let edited = match call.form::<MerchantBatchForm>() {
        Ok(form) => match typed_cost(&room, &form.cost.map(String::from).unwrap_or_default()) {
            Ok(cost) => {
                // The day that stands there already is none that was set: keys whose lines said another keep it.
                let last_day = batch.expires.map(|expires| expires.plus_ms(-1).date_in(&room.look.zone));
                let expires_on = (form.expires_on != last_day).then_some(form.expires_on);
                let (scope, note) = (call.merchant()?, Some(form.note.map(String::from)));
                call.execute(UpdateBatch { scope, batch: batch.id, version: None, note, cost: Some(cost), expires_on }).await.map(drop)
            }
            Err(text) => {
                let typed = Typed::of(call.typed()?).wrong_with("cost", &text);
                return Ok(edit_page(&call, &room, &batch, &typed).with_status(StatusCode::UNPROCESSABLE_ENTITY));
            }
        },
        Err(no) => Err(no),
    };
    match edited {
        Ok(()) => Ok(done(&call, &place(&room, &batch), room.t("Batch saved.", "Charge gesichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(edit_page(&call, &room, &batch, &typed).with_status(status))
        }
    }
}

async fn ask_revoke(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    Ok(revoke_page(&call, &room, &batch, &Typed::default()))
}

fn revoke_page(call: &Call, room: &Room, batch: &BatchView, typed: &Typed) -> Answer {
    let title = room.t("Revoke batch", "Charge zurücknehmen");
    let text = html! {
        p { strong { (batch.source) } }
        p { (room.t("Every key of this batch that is not sold is taken out of stock for good. This can't be taken back.", "Jeder unverkaufte Schlüssel dieser Charge kommt endgültig aus dem Bestand. Das lässt sich nicht zurücknehmen.")) }
        p class="muted" { (room.t("Keys that are reserved, with a reseller or delivered are left alone, and counted.", "Schlüssel, die reserviert, beim Reseller oder ausgeliefert sind, bleiben unberührt und werden gezählt.")) }
    };
    let act = Button::new(title).danger();
    let path = place(room, batch);
    room.dialog(Spot::Stock, title, &question(call, &room.look, title, &text, typed, &format!("{path}/revoke"), &act, &path))
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    match call.execute(RevokeBatch { scope: call.merchant()?, batch: batch.id }).await {
        Ok(_) => Ok(done(&call, &place(&room, &batch), room.t("Its unsold keys are being revoked.", "Ihre unverkauften Schlüssel werden zurückgenommen."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(revoke_page(&call, &room, &batch, &typed).with_status(status))
        }
    }
}

async fn ask_move(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    move_page(&call, &room, &batch, &Typed::default()).await
}

async fn move_page(call: &Call, room: &Room, batch: &BatchView, typed: &Typed) -> Result<Answer, Problem> {
    let (choices, all) = products(call).await?;
    let title = room.t("Move batch", "Charge verschieben");
    let field = typed.field("product", room.t("To the product", "Zum Produkt")).whole();
    let named: Vec<(&str, String)> = choices.iter().map(|(sku, name)| (sku.as_str(), format!("{name} · {sku}"))).collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(sku, text)| (*sku, text.as_str())).collect();
    let text = html! {
        p { strong { (batch.source) } }
        p { (room.t("Every key of this batch that is not sold becomes the other product's, behind the keys that it has.", "Jeder unverkaufte Schlüssel dieser Charge gehört dann zum anderen Produkt, hinter dessen Schlüsseln.")) }
        @if all { (field.select(&named)) } @else { (field.hint(room.t("Its SKU.", "Seine SKU.")).text()) }
        p class="muted" { (room.t("Sold keys, and codes that the product has already, are left alone and counted.", "Verkaufte Schlüssel, und Codes, die das Produkt schon hat, bleiben unberührt und werden gezählt.")) }
    };
    let act = Button::new(title).primary();
    let path = place(room, batch);
    Ok(room.dialog(Spot::Stock, title, &question(call, &room.look, title, &text, typed, &format!("{path}/move"), &act, &path)))
}

async fn move_keys(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    let moved = match call.form::<MerchantMoveBatchForm>() {
        Ok(form) => call.execute(MoveBatch { scope: call.merchant()?, batch: batch.id, product: form.product.into() }).await.map(drop),
        Err(no) => Err(no),
    };
    match moved {
        Ok(()) => Ok(done(&call, &place(&room, &batch), room.t("Its unsold keys are being moved.", "Ihre unverkauften Schlüssel werden verschoben."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(move_page(&call, &room, &batch, &typed).await?.with_status(status))
        }
    }
}

async fn ask_export(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let batch = shown(&call).await?;
    Ok(export_page(&call, &room, &batch, &Typed::default()))
}

fn export_page(call: &Call, room: &Room, batch: &BatchView, typed: &Typed) -> Answer {
    let title = room.t("Export codes", "Codes ausgeben");
    let choices = [
        ("", room.t("All keys of the batch", "Alle Schlüssel der Charge"), ""),
        (KeyState::Available.name(), room.t("Only those that are not sold", "Nur die unverkauften"), ""),
    ];
    let text = html! {
        p { (room.t("The file holds the codes in full. Keep it as you keep the keys themselves, and delete it when it is used.", "Die Datei enthält die Codes in voller Länge. Bewahren Sie sie auf wie die Schlüssel selbst, und löschen Sie sie nach Gebrauch.")) }
        (typed.field("state", room.t("Keys", "Schlüssel")).whole().radios(&choices))
        p class="muted" { (room.t("This look is noted in the audit trail. The keys may still be sold.", "Dieser Blick steht im Protokoll. Die Schlüssel dürfen weiter verkauft werden.")) }
    };
    let act = Button::new(room.t("Download", "Laden")).primary().icon(Icon::Download);
    let path = place(room, batch);
    room.dialog(Spot::Stock, title, &question(call, &room.look, title, &text, typed, &format!("{path}/codes.csv"), &act, &path))
}

async fn export(call: Call) -> Result<Answer, Problem> {
    let state = call.form::<MerchantExportBatchForm>()?.state;
    exported(call, state).await
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::StockManage;
    r.get("/m/{merchant}/stock/imports/{id}/edit", "merchantEditBatchPage", ask_edit).needs(right).page();
    r.post("/m/{merchant}/stock/imports/{id}/edit", "merchantEditBatchForm", edit).needs(right).page().form::<MerchantBatchForm>().command::<UpdateBatch>();
    r.get("/m/{merchant}/stock/imports/{id}/revoke", "merchantRevokeBatchPage", ask_revoke).needs(right).page();
    r.post("/m/{merchant}/stock/imports/{id}/revoke", "merchantRevokeBatchForm", revoke).needs(right).page().command::<RevokeBatch>();
    r.get("/m/{merchant}/stock/imports/{id}/move", "merchantMoveBatchPage", ask_move).needs(right).page();
    r.post("/m/{merchant}/stock/imports/{id}/move", "merchantMoveBatchForm", move_keys)
        .needs(right)
        .page()
        .form::<MerchantMoveBatchForm>()
        .command::<MoveBatch>();
    r.get("/m/{merchant}/stock/imports/{id}/export", "merchantExportBatchPage", ask_export).needs(Right::LicensesReveal).page();
    r.post("/m/{merchant}/stock/imports/{id}/codes.csv", "merchantExportBatchForm", export)
        .needs(Right::LicensesReveal)
        .fresh()
        .page()
        .form::<MerchantExportBatchForm>()
        .command::<ExportBatch>();
}
