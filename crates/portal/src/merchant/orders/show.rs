//! The page of one order, canceling it, and the merchant's word that it delivered.

use crate::forms::{Typed, question};
use crate::names;
use crate::room::{Room, Spot, done};
use crate::shared::history::{self, Stands};
use crate::shared::orders as shared;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, badge, note, value};
use tradepost_domain::ids::{LicenseId, OrderId};
use tradepost_domain::licenses::queries::LicenseFilter;
use tradepost_domain::licenses::{LockReason, Status};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::orders::State;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::confirm_fulfillment::ConfirmFulfillment;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::{Right, partners};
use tradepost_web::api::licenses::LicenseView;
use tradepost_web::api::orders::{OrderView, shown};
use tradepost_web::api::{licenses, timelines};
use tradepost_web::fields::Paragraph;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes, input};

input! {
    /// The form that cancels an order.
    pub struct MerchantCancelOrderForm {
        /// Why; the reseller reads it.
        pub note: Paragraph<1000>,
    }

    /// The form that confirms deliveries.
    pub struct MerchantConfirmDeliveryForm {
        /// The licenses that were delivered.
        pub licenses: Vec<LicenseId>,
    }
}

/// Licenses that are confirmed at once.
const AT_ONCE: i64 = 200;

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (order, _) = shown(&call, call.path("id")?).await?;
    let scope = call.merchant()?;
    let partnership = order.partnership;
    let reseller = call.read(move |reader| Box::pin(async move { partners::queries::partnership(reader, scope, partnership).await })).await?.or_not_found()?;
    let timeline = timelines::order_timeline(&call, order.id, history::asked(&call)?).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let (tone, state) = names::order_state(&room.look, order.state);
    let inside = html! {
        (shared::lock_notes(&room, &order, &path))
        div class="columns" {
            div {
                (shared::items(&room, &order))
                (history::card(&call, &room, room.t("Timeline", "Verlauf"), &timeline, Stands { path: &path, operation: "merchantOrderPage" }))
            }
            div {
                (reseller_card(&room, &reseller))
                (shared::amounts(&room, &order))
                (shared::licenses(&room, &order))
                (shared::facts_card(&room, &order))
            }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Orders", "Bestellungen"), &room.path("/orders"))],
        title: &shared::number(&room, order.number.as_deref(), order.id),
        state: Some(badge(tone, state)),
        text: None,
        acts: Some(acts(&room, &order, &path)),
    };
    Ok(room.page(Spot::Orders, &head, &inside))
}

/// What can be done. What waits for the merchant is the primary button: the delivery first, then the money.
fn acts(room: &Room, order: &OrderView, path: &str) -> Markup {
    let placed = order.placed_at.is_some() && order.state != State::Canceled;
    let delivery = waits_for_delivery(order) && room.may(Right::FulfillmentConfirm);
    let payment = order.invoice.as_ref().filter(|_| placed && order.open.minor > 0 && room.may(Right::BillingManage));
    let free = order.total.as_ref().is_some_and(|total| total.minor == 0);
    html! {
        @if placed && !free && room.may(Right::OrdersManage) {
            (Button::new(room.t("Cancel order", "Bestellung stornieren")).opens_dialog().to(&format!("{path}/cancel")))
        }
        @if let Some(invoice) = &order.invoice {
            (Button::new(room.t("Invoice", "Rechnung")).icon(Icon::Invoice).to(&room.path(&format!("/invoices/{}", invoice.id))))
        }
        @if let Some(invoice) = payment {
            @let record = Button::new(room.t("Record payment", "Zahlung erfassen")).icon(Icon::Card);
            @let record = if delivery { record } else { record.primary() };
            (record.to(&room.path(&format!("/invoices/{}/payments/new", invoice.id))))
        }
        @if delivery {
            (Button::new(room.t("Confirm delivery", "Lieferung bestätigen")).primary().icon(Icon::Check).opens_dialog().to(&format!("{path}/confirm-delivery")))
        }
    }
}

fn waits_for_delivery(order: &OrderView) -> bool {
    order.lock_reasons.iter().any(|reason| reason.code == LockReason::RequiredVendorDeliveryConfirmation.name())
}

fn reseller_card(room: &Room, partnership: &PartnershipView) -> Markup {
    let reseller = &partnership.reseller;
    let (tone, status) = names::partnership_status(&room.look, partnership.status);
    let inside = html! {
        a href=(room.path(&format!("/resellers/{}", partnership.id))) { (value::person(&reseller.company, None)) }
        (facts(&[
            (room.t("Partnership", "Partnerschaft"), badge(tone, status)),
            (room.t("Code", "Kennung"), value::copyable(&partnership.code, room.look.language)),
            (room.t("E-mail", "E-Mail"), html! { a href={ "mailto:" (reseller.email) } { (reseller.email) } }),
        ]))
    };
    let all = Button::new(room.t("All orders", "Alle Bestellungen")).small().quiet().to(&room.path(&format!("/orders?partnership={}", partnership.id)));
    Card::new(room.t("Reseller", "Reseller")).acts(all).with(inside)
}

/// The last question before an order is canceled: what happens, and the note that the reseller gets (DEL-7).
async fn ask_cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    cancel_page(&call, &room, &Typed::default()).await
}

async fn cancel_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (order, _) = shown(call, call.path("id")?).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let text = html! {
        p {
            (room.t(
                "Codes that nobody saw go back to stock. The debt is reversed, what was paid becomes account balance, and the invoice is canceled. The reseller is told by e-mail, with your note. This can't be undone.",
                "Codes, die niemand gesehen hat, gehen zurück in den Bestand. Die Forderung wird aufgehoben, Bezahltes wird zu Guthaben, und die Rechnung wird storniert. Der Reseller erfährt es per E-Mail, mit Ihrer Notiz. Das lässt sich nicht zurücknehmen.",
            ))
        }
        (typed.field("note", room.t("Note to the reseller", "Notiz an den Reseller")).whole().lines())
    };
    let title = match room.look.language {
        tradepost_design::Language::English => format!("Cancel order {}", shared::number(room, order.number.as_deref(), order.id)),
        tradepost_design::Language::German => format!("Bestellung {} stornieren", shared::number(room, order.number.as_deref(), order.id)),
    };
    let act = Button::new(room.t("Cancel order", "Bestellung stornieren")).danger();
    Ok(room.dialog(Spot::Orders, &title, &question(call, &room.look, &title, &text, typed, &format!("{path}/cancel"), &act, &path)))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    let canceled = match call.form::<MerchantCancelOrderForm>() {
        Ok(form) => call.execute(CancelOrder { order, note: form.note.into() }).await.map(drop),
        Err(no) => Err(no),
    };
    match canceled {
        Ok(()) => Ok(done(&call, &room.path(&format!("/orders/{order}")), room.t("Order canceled.", "Bestellung storniert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(cancel_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

/// Which licenses were delivered: those that wait for the merchant's word, all ticked at first (FUL-4).
async fn ask_confirm(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    confirm_page(&call, &room, &Typed::default()).await
}

async fn confirm_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (order, _) = shown(call, call.path("id")?).await?;
    let filter = LicenseFilter { order: Some(order.id), status: Some(Status::WaitingForConfirmation), ..LicenseFilter::default() };
    let waiting = licenses::listed(call, filter, PageRequest { limit: AT_ONCE, before: None }).await?;
    let path = room.path(&format!("/orders/{}", order.id));
    let title = room.t("Confirm delivery", "Lieferung bestätigen");
    if waiting.rows.is_empty() {
        let text = room.t("No license of this order waits for your confirmation.", "Keine Lizenz dieser Bestellung wartet auf Ihre Bestätigung.");
        let back = Button::new(room.t("Back to the order", "Zurück zur Bestellung")).to(&path);
        let inside = html! { header { h2 { (title) } } div class="inside" { (typed.mistakes(&room.look)) (note::note(Tone::Info, text, "", Some(&back))) } };
        return Ok(room.dialog(Spot::Orders, title, &inside));
    }
    let text = html! {
        p { (room.t("Confirm that you delivered these licenses. The order proceeds with it; this can't be undone.", "Bestätigen Sie, dass Sie diese Lizenzen geliefert haben. Die Bestellung geht damit weiter; das lässt sich nicht zurücknehmen.")) }
        div class="field whole" id="licenses" { (waiting_table(room, typed, &waiting)) }
    };
    let act = Button::new(room.t("Confirm delivery", "Lieferung bestätigen")).primary();
    Ok(room.dialog(Spot::Orders, title, &question(call, &room.look, title, &text, typed, &format!("{path}/confirm-delivery"), &act, &path)))
}

fn waiting_table(room: &Room, typed: &Typed, waiting: &Page<LicenseView>) -> Markup {
    let row = |license: &LicenseView| {
        let id = license.id.to_string();
        let ticked = !typed.is_wrong() || typed.has("licenses", &id);
        let owner = license.owner.as_ref().map(|owner| format!("{} {}", owner.first_name, owner.last_name));
        vec![
            html! { input type="checkbox" name="licenses" value=(id) checked[ticked] data-row="" aria-label=(id); },
            html! { span { (license.sku) } span class="under" { (owner.as_deref().unwrap_or("")) } },
            html! { code { (id) } },
        ]
    };
    let table = Table {
        caption: room.t("Licenses", "Lizenzen"),
        columns: vec![Column::new(""), Column::new(room.t("Product", "Produkt")), Column::new(room.t("License", "Lizenz"))],
        rows: waiting.rows.iter().map(row).collect(),
        foot: None,
    };
    html! {
        (table.draw())
        @if waiting.next.is_some() {
            p class="muted" { (room.t("These are the newest 200; the others appear once these are confirmed.", "Das sind die neuesten 200; die übrigen stehen hier, sobald diese bestätigt sind.")) }
        }
    }
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let order: OrderId = call.path("id")?;
    let confirmed = match call.form::<MerchantConfirmDeliveryForm>() {
        Ok(form) => call.execute(ConfirmFulfillment { licenses: form.licenses }).await.map(|done| done.outcome.confirmed),
        Err(no) => Err(no),
    };
    match confirmed {
        Ok(count) => {
            let said = room.look.n(count, ("delivery confirmed.", "deliveries confirmed."), ("Lieferung bestätigt.", "Lieferungen bestätigt."));
            Ok(done(&call, &room.path(&format!("/orders/{order}")), &said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(confirm_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/orders/{id}", "merchantOrderPage", show).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/orders/{id}/cancel", "merchantCancelOrderPage", ask_cancel).needs(Right::OrdersManage).page();
    r.post("/m/{merchant}/orders/{id}/cancel", "merchantCancelOrderForm", cancel)
        .needs(Right::OrdersManage)
        .page()
        .form::<MerchantCancelOrderForm>()
        .command::<CancelOrder>();
    r.get("/m/{merchant}/orders/{id}/confirm-delivery", "merchantConfirmDeliveryPage", ask_confirm).needs(Right::FulfillmentConfirm).page();
    r.post("/m/{merchant}/orders/{id}/confirm-delivery", "merchantConfirmDeliveryForm", confirm)
        .needs(Right::FulfillmentConfirm)
        .page()
        .form::<MerchantConfirmDeliveryForm>()
        .command::<ConfirmFulfillment>();
}
