//! The first tabs of a reseller's page: what waits, what it owes and may owe, and what it says of itself (PAR-17, CRD-1, CRD-6).

use super::{Frame, Tab, one};
use crate::access::countries;
use crate::merchant::invoices;
use crate::names;
use crate::room::Room;
use crate::shared::orders as shared;
use crate::shared::terms::mode;
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::{Card, facts, meter};
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, Table, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::billing::InvoiceStatus;
use tradepost_domain::billing::queries::{InvoiceFilter, InvoiceRow};
use tradepost_domain::fulfillments::RequestState;
use tradepost_domain::fulfillments::requests::{self, CancelRequestRow, RequestFilter};
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::detail::{self, CreditDetail};
use tradepost_domain::orders::queries::{self as orders, OrderFilter};
use tradepost_domain::orders::{OrderRow, State};
use tradepost_domain::partners::Status;
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_kernel::Currency;
use tradepost_web::api::balance::{self, BalanceView};
use tradepost_web::{Answer, Call, Problem, Routes};

/// States in which an order waits, the merchant's own first.
const WAITING: [State; 4] = [State::AwaitingConfirmation, State::NeedsInfo, State::AwaitingStock, State::AwaitingPayment];
/// Rows of each kind that the first page shows.
const FEW: PageRequest = PageRequest { limit: 5, before: None };

/// What the first page shows beside the partnership itself.
struct Seen {
    credit: CreditDetail,
    balance: BalanceView,
    orders: Vec<OrderRow>,
    overdue: Vec<InvoiceRow>,
    requests: Vec<CancelRequestRow>,
}

async fn seen(call: &Call, room: &Room, p: &PartnershipView) -> Result<Seen, Problem> {
    let scope = p.scope();
    let (credit, orders, requests) = call
        .read(move |reader| {
            Box::pin(async move {
                let (merchant, of) = (scope.of_merchant(), Some(scope.partnership));
                let credit = detail::credit(reader, scope).await?;
                let mut waiting = Vec::new();
                for state in WAITING {
                    let filter = OrderFilter { state: Some(state), ..OrderFilter::default() };
                    waiting.extend(orders::list(reader, merchant, of, &filter, FEW).await?.rows);
                }
                let pending = RequestFilter { partnership: of, state: Some(RequestState::Pending), ..RequestFilter::default() };
                let requests = requests::list(reader, merchant, &pending, FEW).await?.rows;
                Ok((credit, waiting, requests))
            })
        })
        .await?;
    let today = room.look.now.date_in(&room.look.zone);
    let overdue = InvoiceFilter { partnership: Some(p.id), status: Some((InvoiceStatus::Overdue, today)), ..InvoiceFilter::default() };
    let overdue = invoices::found(call, overdue, FEW).await?.rows;
    Ok(Seen { credit, balance: balance::shown(call, scope).await?, orders, overdue, requests })
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let seen = seen(&call, &room, &p).await?;
    let frame = Frame::new(&room, &p, Tab::Overview);
    let inside = html! {
        (notes(&room, &p, &seen, &frame.path))
        div class="columns" {
            div { (waits_card(&room, &seen, &frame.path)) (facts_card(&room, &p)) }
            div { (credit_card(&room, &seen.credit, &frame.path)) (balance_card(&room, &seen.balance, &frame.path)) }
        }
    };
    Ok(frame.page(&room, &inside))
}

/// What somebody should do now.
fn notes(room: &Room, p: &PartnershipView, seen: &Seen, path: &str) -> Markup {
    let manages = room.may(Right::PartnersManage);
    let button = |text, rest: &str| Button::new(text).small().opens_dialog().to(&format!("{path}/{rest}"));
    let approve = button(room.t("Approve", "Annehmen"), "approve");
    let pick = button(room.t("Pick a channel", "Kanal wählen"), "move");
    let due = Button::new(room.t("Show invoices", "Rechnungen zeigen")).small().to(&format!("{path}/invoices"));
    let asks = room.look.n(
        i64::try_from(seen.requests.len()).unwrap_or(0),
        ("request to take back waits", "requests to take back wait"),
        ("Anfrage zur Rücknahme wartet", "Anfragen zur Rücknahme warten"),
    );
    html! {
        @if p.status == Status::Pending {
            (note::note(Tone::Warn, room.t("Waiting for your decision", "Er wartet auf Ihre Entscheidung"), room.t("Until you approve it, the reseller sees no products and cannot order.", "Bis Sie annehmen, sieht der Reseller keine Produkte und kann nicht bestellen."), manages.then_some(&approve)))
        } @else if p.channel.is_none() && p.status.may_trade() {
            (note::note(Tone::Warn, room.t("It has no channel", "Er hat keinen Kanal"), room.t("Without one it cannot order: the channel's price list says what and at which prices.", "Ohne Kanal kann er nicht bestellen: Dessen Preisliste sagt, was und zu welchen Preisen."), manages.then_some(&pick)))
        }
        @if seen.credit.currency.is_none() && p.status.may_trade() {
            (note::note(Tone::Warn, room.t("It has no currency", "Er hat keine Währung"), room.t("Set one in its terms, in its channel's or in the program's; until then it cannot order.", "Setzen Sie eine in seinen Konditionen, denen seines Kanals oder denen des Programms; bis dahin kann er nicht bestellen."), None))
        }
        @if p.balance_due {
            (note::note(Tone::Bad, room.t("The balance is due now", "Der Saldo ist jetzt fällig"), room.t("The credit limit is reached. Documents and their dates stay as they are.", "Der Kreditrahmen ist erreicht. Dokumente und ihre Daten bleiben, wie sie sind."), Some(&due)))
        }
        @if let Some(first) = seen.requests.first() {
            @let show = Button::new(room.t("Decide", "Entscheiden")).small().to(&room.path(&format!("/cancel-requests/{}", first.id)));
            (note::note(Tone::Warn, &asks, room.t("A shop refunded its customer and wants codes taken back.", "Ein Shop hat seinem Kunden erstattet und möchte Codes zurückgeben."), Some(&show)))
        }
    }
}

fn waits_card(room: &Room, seen: &Seen, path: &str) -> Markup {
    let look = &room.look;
    let order = |order: &OrderRow| {
        let (tone, state) = names::order_state(look, order.state);
        let name = shared::number(room, order.number.as_deref(), order.id);
        let held = order.is_held().then(|| badge(Tone::Warn, room.t("Held", "Gehalten")));
        vec![
            html! { a class="row" href=(room.path(&format!("/orders/{}", order.id))) { (name) } },
            html! { (badge(tone, state)) @if let Some(held) = held { " " (held) } },
            look.money(&order.currency.minor(order.open_minor())),
        ]
    };
    let invoice = |invoice: &InvoiceRow| {
        vec![
            html! { a class="row" href=(room.path(&format!("/invoices/{}", invoice.id))) { (room.t("Invoice", "Rechnung")) " " (invoice.number) } span class="under" { (room.t("due", "fällig")) " " (look.date(invoice.due_on)) } },
            badge(Tone::Bad, room.t("Overdue", "Überfällig")),
            look.money(&invoice.currency.minor(invoice.open_minor())),
        ]
    };
    let rows: Vec<Vec<Markup>> = seen.overdue.iter().map(invoice).chain(seen.orders.iter().map(order)).collect();
    let empty = rows.is_empty();
    let table = Table {
        caption: room.t("Needs attention", "Offene Vorgänge"),
        columns: vec![Column::new(room.t("Item", "Vorgang")), Column::new(room.t("Status", "Status")), Column::right(room.t("Outstanding", "Offen"))],
        rows,
        foot: None,
    };
    let all = Button::new(room.t("All orders", "Alle Bestellungen")).small().to(&format!("{path}/orders"));
    Card::new(room.t("Needs attention", "Offene Vorgänge")).acts(all).around(html! {
        @if empty { (note::empty(Icon::Good, room.t("All done", "Alles erledigt"), room.t("No order is held or unpaid, and no invoice is overdue.", "Keine Bestellung ist gehalten oder unbezahlt, und keine Rechnung ist überfällig."), None)) } @else { (table.draw()) }
    })
}

/// Limit, used, available, over (CRD-1). What is below zero is shown as zero and how far over.
fn credit_card(room: &Room, credit: &CreditDetail, path: &str) -> Markup {
    let look = &room.look;
    let change = Button::new(room.t("Change limit", "Rahmen ändern")).small().opens_dialog().to(&format!("{path}/terms/credit_limit"));
    let card = Card::new(room.t("Credit", "Kredit"));
    let card = if room.may(Right::PartnersManage) { card.acts(change) } else { card };
    let Some(currency) = credit.currency else {
        return card.with(html! { p class="muted" { (room.t("There is no currency yet.", "Es gibt noch keine Währung.")) } });
    };
    let money = |minor: i64| look.money(&currency.minor(minor));
    let view = credit.credit;
    let mut rows: Vec<(&str, Markup)> = Vec::new();
    match view.available_minor {
        Some(available) => rows.push((room.t("Available", "Verfügbar"), money(available.max(0)))),
        None => rows.push((room.t("Used", "Genutzt"), money(view.used_minor))),
    }
    if view.over_minor > 0 {
        rows.push((room.t("Over the limit", "Über dem Rahmen"), html! { strong { (money(view.over_minor)) } }));
    }
    rows.push((room.t("Account balance", "Verrechnungskonto"), money(credit.account_balance_minor)));
    card.with(html! {
        @match view.limit_minor {
            Some(limit) => (used_of(room, currency, view.used_minor, limit)),
            None => p class="muted" { (room.t("No credit limit: every order is paid before anything of it is released.", "Kein Kreditrahmen: Jede Bestellung wird bezahlt, bevor etwas davon frei wird.")) },
        }
        (facts(&rows))
    })
}

fn used_of(room: &Room, currency: Currency, used: i64, limit: i64) -> Markup {
    let text = |minor| room.look.money_text(&currency.minor(minor));
    let (left, right) = match room.look.language {
        Language::English => (format!("{} used", text(used)), format!("of {}", text(limit))),
        Language::German => (format!("{} genutzt", text(used)), format!("von {}", text(limit))),
    };
    meter(room.t("Used credit", "Genutzter Kredit"), (left.as_str(), used), (right.as_str(), limit))
}

fn balance_card(room: &Room, balance: &BalanceView, path: &str) -> Markup {
    let look = &room.look;
    let dash = || html! { span class="muted" { "–" } };
    let mut rows: Vec<(&str, Markup)> = vec![(room.t("Prepaid", "Guthaben"), balance.balance.as_ref().map_or_else(dash, |money| look.money(money)))];
    if let Some(threshold) = &balance.threshold {
        rows.push((room.t("Topped up below", "Aufgeladen unter"), look.money(threshold)));
    }
    let open = html! {
        @for top_up in &balance.open_top_ups {
            div { a href=(room.path(&format!("/invoices/{}", top_up.invoice))) { (top_up.number) } " · " (look.money(&top_up.amount_open)) }
        }
    };
    if !balance.open_top_ups.is_empty() {
        rows.push((room.t("Open top-ups", "Offene Aufladungen"), open));
    }
    let statement = Button::new(room.t("Statement", "Auszug")).small().to(&format!("{path}/balance"));
    Card::new(room.t("Prepaid balance", "Guthaben"))
        .text(room.t("It pays what external shops sell.", "Daraus wird bezahlt, was externe Shops verkaufen."))
        .acts(statement)
        .with(facts(&rows))
}

fn facts_card(room: &Room, p: &PartnershipView) -> Markup {
    let look = &room.look;
    let channel = html! {
        @match p.channel.zip(p.channel_name.as_deref()) {
            Some((id, name)) => a href=(room.path(&format!("/channels/{id}"))) { (name) },
            None => span class="muted" { "–" },
        }
    };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("ID", "ID"), value::copyable(&p.id.to_string(), look.language)),
        (room.t("Code", "Code"), value::copyable(&p.code, look.language)),
        (room.t("Channel", "Kanal"), channel),
        (room.t("Mode", "Modus"), tag(mode(look, &p.mode).0)),
        (room.t("Orders placed", "Bestellungen"), html! { span class="number" { (look.number(p.orders_placed)) } }),
        (room.t("Signed up", "Angemeldet"), look.moment(p.created)),
    ];
    let moments = [(room.t("Approved", "Angenommen"), p.approved), (room.t("First order", "Erste Bestellung"), p.activated)];
    rows.extend(moments.into_iter().filter_map(|(name, at)| at.map(|at| (name, look.moment(at)))));
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// The company as it keeps itself: the reseller's to change.
async fn profile(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let (reseller, language) = (&p.reseller, room.look.language);
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Company", "Firma"), html! { (reseller.company) }),
        (room.t("ID", "ID"), value::copyable(&reseller.id.to_string(), language)),
        (room.t("E-mail", "E-Mail"), value::copyable(&reseller.email, language)),
    ];
    let texts = [
        (room.t("Phone", "Telefon"), &reseller.phone),
        (room.t("Street and number", "Straße und Hausnummer"), &reseller.street),
        (room.t("Postal code", "Postleitzahl"), &reseller.postal_code),
        (room.t("City", "Ort"), &reseller.city),
        (room.t("State or region", "Bundesland oder Region"), &reseller.region),
    ];
    rows.extend(texts.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| (name, html! { (text) }))));
    rows.push((room.t("Country", "Land"), html! { (countries::name(language, &reseller.country).unwrap_or(reseller.country.as_str())) }));
    if let Some(vat_id) = &reseller.vat_id {
        rows.push((room.t("VAT ID", "USt-IdNr."), value::copyable(vat_id, language)));
    }
    rows.push((room.t("Known since", "Bekannt seit"), room.look.moment(reseller.created)));
    let text = room.t(
        "The reseller keeps these details itself; invoices that are issued from now on bear them.",
        "Diese Angaben pflegt der Reseller selbst; Rechnungen tragen sie, wie sie beim Ausstellen sind.",
    );
    let inside = Card::new(room.t("Profile", "Profil")).text(text).with(facts(&rows));
    Ok(Frame::new(&room, &p, Tab::Profile).page(&room, &inside))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/resellers/{id}", "merchantResellerPage", show).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/resellers/{id}/profile", "merchantResellerProfilePage", profile).needs(Right::MerchantRead).page();
}
