//! The reseller's licenses: what lies in the inventory, the page of one, and how they reach customers (FUL-1 … FUL-7, ORD-9).

mod activate;
mod show;

use crate::forms::Typed;
use crate::lists::{List, fetch};
use crate::room::{Room, Spot};
use crate::shared::{licenses as shared, views};
use activate::ActivationForm;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, note};
use tradepost_domain::Right;
use tradepost_domain::ids::{OrderId, nobody};
use tradepost_domain::licenses::queries::LicenseFilter;
use tradepost_domain::licenses::{Stage, Status};
use tradepost_domain::orders::activate::{ActivateNextLicense, SendLicense};
use tradepost_domain::orders::attach::AttachInformation;
use tradepost_domain::orders::download::{Download, DownloadLicenses};
use tradepost_domain::orders::queries::LicenseSearch;
use tradepost_domain::orders::reveal::RevealLicense;
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::credit;
use tradepost_web::api::licenses::{self, EndUserInput, SellingCompanyInput};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let before = if call.query_pairs().is_empty() { Some(inventory(&call, &room).await?) } else { None };
    let views = views::of(&call, ListName::Licenses).await?;
    let list = List::new(&room, &call, "licenses").searches().views(views).empty(
        Icon::License,
        room.t("No licenses yet", "Noch keine Lizenzen"),
        room.t(
            "Confirmed orders create licenses; each appears here with its status.",
            "Bestätigte Bestellungen bringen Lizenzen. Jede steht hier mit ihrem Stand.",
        ),
        room.may(Right::OrdersPlace).then(|| Button::new(room.t("New order", "Neue Bestellung")).icon(Icon::Add).to(&room.path("/orders/new"))),
    );
    let order = list.asked("order").map(str::to_owned);
    let product = list.asked("product").map(str::to_owned);
    // A chip for what the way here led to, so that it can be taken off again.
    let list = match &order {
        Some(order) => list.filter("order", vec![(order.clone(), format!("{} …{}", room.t("Order", "Bestellung"), end_of(order)))]),
        None => list,
    };
    let list = match &product {
        Some(product) => list.filter("product", vec![(product.clone(), format!("{} {product}", room.t("Product", "Produkt")))]),
        None => list,
    };
    let list = list.filter("stage", shared::stages(&room)).filter("status", shared::statuses(&room));
    let list = if let Some(before) = before { list.before(before) } else { list };
    // What is no id is the order of no license.
    let order: Option<OrderId> = order.map(|id| id.parse().unwrap_or_else(|_| nobody()));
    let (stage, status) = (list.asked("stage").and_then(Stage::from_name), list.asked("status").and_then(Status::from_name));
    let filter = LicenseFilter { order, product: None, stage, status, sort: list.by_age() };
    let wanted = LicenseSearch { partnership: None, product, search: list.searched(), filter };
    let found = list.rows(&call, fetch!(|page| [call, wanted] licenses::found(call, wanted.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|license| shared::row(&room, license)).collect();
    let acts = room
        .may(Right::LicensesDistribute)
        .then(|| Button::new(room.t("Activate next license", "Nächste Lizenz aktivieren")).primary().icon(Icon::License).to(&room.path("/licenses/activate")));
    let head = Head { crumbs: &[], title: room.t("Licenses", "Lizenzen"), state: None, text: None, acts };
    let columns = shared::columns(&room, &list);
    list.answer(&call, Spot::Licenses, &head, columns, rows, found.next)
}

fn end_of(id: &str) -> String {
    let letters: Vec<char> = id.chars().collect();
    letters[letters.len().saturating_sub(5)..].iter().collect()
}

/// Available licenses by product, with what can be done with them (ORD-9). While the credit limit is reached there is no file (CRD-5).
async fn inventory(call: &Call, room: &Room) -> Result<Markup, Problem> {
    let (held, due) = (credit::held(call).await?, credit::own(call).await?.balance_due);
    if held.is_empty() {
        return Ok(html! {});
    }
    let table = Table {
        caption: room.t("Available licenses", "Verfügbare Lizenzen"),
        columns: vec![Column::new(room.t("Product", "Produkt")), Column::right(room.t("Available", "Verfügbar")), Column::right("")],
        rows: held.iter().map(|product| shared::holding(call, room, product)).collect(),
        foot: None,
    };
    let pay = Button::new(room.t("Show what is open", "Offenes zeigen")).small().to(&room.path("/invoices"));
    let text = room.t("Codes cannot be downloaded until something is paid.", "Bis etwas bezahlt ist, lassen sich keine Codes herunterladen.");
    Ok(html! {
        @if due { (note::note(Tone::Warn, room.t("Your credit limit is reached", "Ihr Kreditrahmen ist erreicht"), text, Some(&pay))) }
        (Card::new(room.t("Available licenses", "Verfügbare Lizenzen")).around(table.draw()))
    })
}

async fn download(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let product = call.path_text("id")?.to_owned();
    match licenses::download(&call, Download::Product(product), "licenses.csv").await {
        Ok(file) => Ok(file),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let title = room.t("Download active licenses", "Aktive Lizenzen herunterladen");
            let back = Button::new(room.t("Back to the licenses", "Zurück zu den Lizenzen")).primary().to(&room.path("/licenses"));
            let inside = html! {
                header { h2 { (title) } }
                div class="inside" { (typed.mistakes(&room.look)) div class="button-row" { (back) } }
            };
            Ok(room.dialog(Spot::Licenses, title, &inside).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/licenses", "licensesPage", list).needs(Right::OrdersRead).page();
    r.post("/r/{partnership}/products/{id}/licenses.csv", "downloadActiveLicensesForm", download)
        .needs(Right::LicensesDistribute)
        .fresh()
        .page()
        .command::<DownloadLicenses>();
    r.get("/r/{partnership}/licenses/activate", "activateLicensePage", activate::begin).needs(Right::LicensesDistribute).page();
    r.post("/r/{partnership}/licenses/activate", "activateLicenseForm", activate::activate)
        .needs(Right::LicensesDistribute)
        .page()
        .form::<ActivationForm>()
        .command::<ActivateNextLicense>()
        .command::<RevealLicense>();
    r.get("/r/{partnership}/licenses/{id}", "licensePage", show::show).needs(Right::OrdersRead).page();
    r.get("/r/{partnership}/licenses/{id}/reveal", "revealLicensePage", show::ask_reveal).needs(Right::LicensesDistribute).page();
    r.post("/r/{partnership}/licenses/{id}/reveal", "revealLicenseForm", show::reveal).needs(Right::LicensesDistribute).page().command::<RevealLicense>();
    r.get("/r/{partnership}/licenses/{id}/send", "sendLicensePage", show::ask_send).needs(Right::LicensesDistribute).page();
    r.post("/r/{partnership}/licenses/{id}/send", "sendLicenseForm", show::send).needs(Right::LicensesDistribute).page().command::<SendLicense>();
    r.get("/r/{partnership}/licenses/{id}/end-user", "attachEndUserPage", show::ask_end_user).needs(Right::LicensesDistribute).page();
    r.post("/r/{partnership}/licenses/{id}/end-user", "attachEndUserForm", show::end_user)
        .needs(Right::LicensesDistribute)
        .page()
        .form::<EndUserInput>()
        .command::<AttachInformation>();
    r.get("/r/{partnership}/licenses/{id}/reseller", "attachSellingCompanyPage", show::ask_company).needs(Right::LicensesDistribute).page();
    r.post("/r/{partnership}/licenses/{id}/reseller", "attachSellingCompanyForm", show::company)
        .needs(Right::LicensesDistribute)
        .page()
        .form::<SellingCompanyInput>()
        .command::<AttachInformation>();
}
