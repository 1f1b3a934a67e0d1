//! The merchant's word that it delivered, over licenses of any orders: what was ticked in the list is shown once more, and confirmed as a whole (FUL-4).

use super::companies;
use crate::forms::{Typed, question};
use crate::names;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::table::Column;
use tradepost_design::{Button, Table, badge, note};
use tradepost_domain::ids::LicenseId;
use tradepost_domain::licenses::Status;
use tradepost_domain::orders::confirm_fulfillment::ConfirmFulfillment;
use tradepost_domain::{PartnershipId, Right};
use tradepost_web::api::licenses::{LicenseView, chosen};
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// Licenses that are shown and confirmed at once; a page of the list has fewer.
const AT_ONCE: usize = 200;

input! {
    /// The form that confirms licenses of any orders.
    pub struct MerchantConfirmLicensesForm {
        /// Which of them.
        pub licenses: Vec<LicenseId>,
    }
}

/// The licenses that a value names, by commas as a form sends boxes of one name.
fn named(values: &str) -> Vec<LicenseId> {
    let mut ids: Vec<LicenseId> = values.split(',').filter_map(|text| text.trim().parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(AT_ONCE);
    ids
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let ticked: Vec<&str> = call.query_pairs().iter().filter(|(name, _)| name == "licenses").map(|(_, value)| value.as_str()).collect();
    let ids = named(&ticked.join(","));
    review(&call, &room, ids, &Typed::default()).await
}

async fn review(call: &Call, room: &Room, ids: Vec<LicenseId>, typed: &Typed) -> Result<Answer, Problem> {
    let licenses = if ids.is_empty() { Vec::new() } else { chosen(call, ids).await? };
    let back = room.path(&format!("/licenses?status={}", Status::WaitingForConfirmation.name()));
    let title = room.t("Confirm delivery", "Lieferung bestätigen");
    if licenses.is_empty() {
        let text = room.t("Tick licenses in the list first.", "Kreuzen Sie zuerst Lizenzen in der Liste an.");
        let list = Button::new(room.t("Back to the list", "Zurück zur Liste")).to(&back);
        let inside = html! {
            header { h2 { (title) } }
            div class="inside" { (typed.mistakes(&room.look)) (note::note(Tone::Info, room.t("Nothing is ticked", "Nichts ist angekreuzt"), text, Some(&list))) }
        };
        return Ok(room.dialog(Spot::Orders, title, &inside));
    }
    let names = companies(call, licenses.iter().map(|license| license.partnership).collect()).await?;
    let count = room.look.n(i64::try_from(licenses.len()).unwrap_or(i64::MAX), ("license", "licenses"), ("Lizenz", "Lizenzen"));
    let text = html! {
        p { strong { (count) } }
        p { (room.t("Confirm that you delivered these licenses. Their orders proceed with it; this can't be undone.", "Bestätigen Sie, dass Sie diese Lizenzen geliefert haben. Ihre Bestellungen gehen damit weiter; das lässt sich nicht zurücknehmen.")) }
        div class="field whole" id="licenses" { (table(room, typed, &licenses, &names)) }
    };
    let act = Button::new(title).primary();
    Ok(room.dialog(Spot::Orders, title, &question(call, &room.look, title, &text, typed, &room.path("/licenses/confirm"), &act, &back)))
}

/// Each with a box. One that does not wait any more is told, and not ticked: it would refuse the whole.
fn table(room: &Room, typed: &Typed, licenses: &[LicenseView], names: &HashMap<PartnershipId, String>) -> Markup {
    let row = |license: &LicenseView| {
        let id = license.id.to_string();
        let waits = license.status == Status::WaitingForConfirmation;
        let ticked = waits && (!typed.is_wrong() || typed.has("licenses", &id));
        let company = names.get(&license.partnership).map_or("", String::as_str);
        vec![
            html! { input type="checkbox" name="licenses" value=(id) checked[ticked] data-row="" aria-label=(id); },
            html! {
                span { (license.sku) } span class="under" { (company) }
                @if !waits { (badge(Tone::Warn, names::license_status(&room.look, license.status))) }
            },
            html! { code { (id) } },
        ]
    };
    let columns = vec![Column::new(""), Column::new(room.t("Product, reseller", "Produkt, Reseller")), Column::new(room.t("License", "Lizenz"))];
    Table { caption: room.t("Licenses", "Lizenzen"), columns, rows: licenses.iter().map(row).collect(), foot: None }.draw()
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let confirmed = match call.form::<MerchantConfirmLicensesForm>() {
        Ok(form) => call.execute(ConfirmFulfillment { licenses: form.licenses }).await.map(|done| done.outcome.confirmed),
        Err(no) => Err(no),
    };
    match confirmed {
        Ok(count) => {
            let said = room.look.n(count, ("delivery confirmed.", "deliveries confirmed."), ("Lieferung bestätigt.", "Lieferungen bestätigt."));
            Ok(done(&call, &room.path(&format!("/licenses?status={}", Status::WaitingForConfirmation.name())), &said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let ids = named(typed.value("licenses"));
            Ok(review(&call, &room, ids, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/licenses/confirm", "merchantConfirmLicensesPage", ask).needs(Right::FulfillmentConfirm).page();
    r.post("/m/{merchant}/licenses/confirm", "merchantConfirmLicensesForm", confirm)
        .needs(Right::FulfillmentConfirm)
        .page()
        .form::<MerchantConfirmLicensesForm>()
        .command::<ConfirmFulfillment>();
}
