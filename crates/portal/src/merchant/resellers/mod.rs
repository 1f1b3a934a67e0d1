//! The resellers of a merchant: the list of them, and what every tab of one has above it (PAR-1 … PAR-6, PAR-17).

mod balance;
mod create;
mod keys;
mod new_key;
mod overview;
mod prices;
mod products;
mod records;
mod steps;

use crate::files::Plain;
use crate::lists::{Cell, List, fetch};
use crate::merchant::program::terms::{self, Kind};
use crate::names;
use crate::room::{Room, Spot};
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::table::{Column, tabs};
use tradepost_design::{Button, Icon, badge, note};
use tradepost_domain::partners::queries::{self, PartnershipFilter, PartnershipSort, PartnershipView};
use tradepost_domain::partners::{Status, Step};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::{ChannelId, PartnershipId, Right};
use tradepost_web::api::partnerships::listed;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let manages = room.may(Right::PartnersManage);
    let waiting = room.waiting();
    let create = Button::new(room.t("Add reseller", "Reseller anlegen")).primary().icon(Icon::Add).to(&room.path("/resellers/new"));
    let views = views::of(&call, ListName::Resellers).await?;
    let list = List::new(&room, &call, "resellers").searches().views(views).empty(
        Icon::Reseller,
        room.t("No resellers yet", "Noch keine Reseller"),
        room.t("They sign up themselves, or you add them by hand.", "Sie melden sich selbst an, oder Sie legen sie von Hand an."),
        manages.then(|| create.clone()),
    );
    let channel: Option<ChannelId> = list.asked("channel").and_then(|id| id.parse().ok());
    let wanted = PartnershipFilter {
        status: list.asked("status").and_then(Status::from_name),
        channel,
        search: list.searched(),
        sort: list.asked("sort").and_then(PartnershipSort::from_name).unwrap_or_default(),
    };
    let list = list.tabs(status_tabs(&room, waiting, wanted.status));
    let list = if waiting > 0 && manages && wanted.status.is_none() { list.before(waiting_note(&room, waiting)) } else { list };
    let list = match channel {
        Some(id) => list.filter("channel", vec![(id.to_string(), room.t("One channel", "Ein Kanal").to_owned())]),
        None => list,
    };
    let found = list.rows(&call, fetch!(|page| [call, wanted] listed(call, wanted.clone(), page).await)).await?;
    let deciding = manages && wanted.status == Some(Status::Pending);
    let mut columns = vec![
        list.sorting(Column::new(room.t("Company", "Firma")).with(room.t("E-mail", "E-Mail")), PartnershipSort::Company.name(), true),
        Column::new(room.t("Status", "Status")).with(room.t("Balance", "Saldo")),
        Column::new(room.t("Code", "Code")),
        Column::new(room.t("Channel", "Kanal")),
        Column::right(room.t("Orders", "Bestellungen")),
        list.sorting(Column::new(room.t("Since", "Seit")), "", false),
    ];
    if deciding {
        columns.push(Column::new(""));
    }
    let rows = found.rows.iter().map(|p| row(&room, p, deciding)).collect();
    let head = Head { crumbs: &[], title: room.t("Resellers", "Reseller"), state: None, text: None, acts: manages.then_some(create) };
    list.answer(&call, Spot::Resellers, &head, columns, rows, found.next)
}

fn row(room: &Room, p: &PartnershipView, deciding: bool) -> Vec<Cell> {
    let path = room.path(&format!("/resellers/{}", p.id));
    let (tone, status) = names::partnership_status(&room.look, p.status);
    let due = room.t("Balance due", "Saldo fällig");
    let state = html! { (badge(tone, status)) @if p.balance_due { " " (badge(Tone::Bad, due)) } };
    let mut cells = vec![
        Cell::link(&p.reseller.company, &path, Some(&p.reseller.email)),
        Cell::shown_as(state, Plain::Exact(status.to_owned())).and(if p.balance_due { Plain::Exact(due.to_owned()) } else { Plain::Empty }),
        Cell::code(room, &p.code),
        Cell::maybe(p.channel_name.as_deref()),
        Cell::number(room, p.orders_placed),
        Cell::moment(room, p.created),
    ];
    if deciding {
        cells.push(Cell::acts(html! {
            div class="button-row" {
                (Button::new(room.t("Approve", "Annehmen")).small().opens_dialog().to(&format!("{path}/approve")))
                (Button::new(room.t("Deny", "Ablehnen")).small().quiet().opens_dialog().to(&format!("{path}/deny")))
            }
        }));
    }
    cells
}

/// All, and those of each status; where sign-ups wait, they stand first.
fn status_tabs(room: &Room, waiting: usize, here: Option<Status>) -> Markup {
    let tab = |status: &Status| {
        let (_, name) = names::partnership_status(&room.look, *status);
        let count = if *status == Status::Pending { waiting } else { 0 };
        (name, room.path(&format!("/resellers?status={}", status.name())), count, here == Some(*status))
    };
    let all = (room.t("All", "Alle"), room.path("/resellers"), 0, here.is_none());
    let mut shown: Vec<(&str, String, usize, bool)> = std::iter::once(all).chain(Status::ALL.iter().map(tab)).collect();
    if waiting > 0 {
        // `Pending` is the first status, right behind all.
        shown.swap(0, 1);
    }
    tabs(room.t("Status", "Status"), &shown)
}

fn waiting_note(room: &Room, waiting: usize) -> Markup {
    let count = i64::try_from(waiting).unwrap_or(i64::MAX);
    let title = room.look.n(count, ("sign-up waits for you", "sign-ups wait for you"), ("Anmeldung wartet auf Sie", "Anmeldungen warten auf Sie"));
    let text = room.t(
        "Until you approve it, a reseller sees no products and cannot order.",
        "Bis Sie annehmen, sieht ein Reseller keine Produkte und kann nicht bestellen.",
    );
    let review = Button::new(room.t("Review", "Prüfen")).small().to(&room.path("/resellers?status=pending"));
    note::note(Tone::Warn, &title, text, Some(&review))
}

/// The tabs of a reseller's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Overview,
    Profile,
    Terms,
    Products,
    Orders,
    Licenses,
    Invoices,
    Balance,
    Fulfillments,
    Keys,
    Timeline,
}

/// The reseller that the path names.
async fn one(call: &Call) -> Result<PartnershipView, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<PartnershipId>("id")?);
    call.read(move |reader| Box::pin(async move { queries::partnership(reader, scope, id).await })).await?.or_not_found()
}

/// What every tab has above it.
struct Frame {
    back: String,
    path: String,
    title: String,
    under: String,
    state: Markup,
    acts: Option<Markup>,
    tabs: Markup,
}

impl Frame {
    fn new(room: &Room, p: &PartnershipView, here: Tab) -> Self {
        let (tone, status) = names::partnership_status(&room.look, p.status);
        let path = room.path(&format!("/resellers/{}", p.id));
        Self {
            back: room.path("/resellers"),
            title: p.reseller.company.clone(),
            under: format!("{} · {}", p.reseller.email, p.code),
            state: html! { (badge(tone, status)) @if p.balance_due { (badge(Tone::Bad, room.t("Balance due", "Saldo fällig"))) } },
            acts: room.may(Right::PartnersManage).then(|| acts(room, p, &path)),
            tabs: own_tabs(room, &path, here),
            path,
        }
    }

    fn head<'a>(&'a self, crumbs: &'a [(&'a str, &'a str)]) -> Head<'a> {
        Head { crumbs, title: &self.title, state: Some(self.state.clone()), text: Some(&self.under), acts: self.acts.clone() }
    }

    /// The page of a tab.
    fn page(&self, room: &Room, inside: &Markup) -> Answer {
        let crumbs = [(room.t("Resellers", "Reseller"), self.back.as_str())];
        room.page(Spot::Resellers, &self.head(&crumbs), &html! { (self.tabs) (inside) })
    }

    /// The page of a tab that is a list, or its file.
    fn list(
        &self,
        call: &Call,
        room: &Room,
        list: List<'_>,
        columns: Vec<Column<'_>>,
        rows: Vec<Vec<Cell>>,
        next: Option<[u8; 16]>,
    ) -> Result<Answer, Problem> {
        let crumbs = [(room.t("Resellers", "Reseller"), self.back.as_str())];
        list.tabs(self.tabs.clone()).answer(call, Spot::Resellers, &self.head(&crumbs), columns, rows, next)
    }
}

fn own_tabs(room: &Room, path: &str, here: Tab) -> Markup {
    let all = [
        (Tab::Overview, room.t("Overview", "Übersicht"), "", true),
        (Tab::Profile, room.t("Profile", "Profil"), "/profile", true),
        (Tab::Terms, room.t("Terms", "Konditionen"), "/terms", true),
        (Tab::Products, room.t("Products and prices", "Produkte und Preise"), "/products", true),
        (Tab::Orders, room.t("Orders", "Bestellungen"), "/orders", true),
        (Tab::Licenses, room.t("Licenses", "Lizenzen"), "/licenses", true),
        (Tab::Invoices, room.t("Invoices", "Rechnungen"), "/invoices", true),
        (Tab::Balance, room.t("Balance", "Guthaben"), "/balance", true),
        (Tab::Fulfillments, room.t("External shops", "Externe Shops"), "/fulfillments", true),
        (Tab::Keys, room.t("API keys", "API-Schlüssel"), "/api-keys", room.may(Right::KeysManage)),
        (Tab::Timeline, room.t("Timeline", "Verlauf"), "/timeline", true),
    ];
    let shown: Vec<(&str, String, usize, bool)> =
        all.into_iter().filter(|(_, _, _, may)| *may).map(|(tab, name, rest, _)| (name, format!("{path}{rest}"), 0, tab == here)).collect();
    tabs(room.t("Reseller", "Reseller"), &shown)
}

/// What can be done to it now: what it most likely needs as a button, the rest in a menu.
fn acts(room: &Room, p: &PartnershipView, path: &str) -> Markup {
    let can = |step: Step| p.status.after(step, None).is_some();
    let waits = p.status == Status::Pending;
    let act = |text, rest: &str| Button::new(text).opens_dialog().to(&format!("{path}/{rest}"));
    html! {
        @if waits { (act(room.t("Deny", "Ablehnen"), "deny")) }
        @if can(Step::Suspend) { (act(room.t("Suspend", "Aussetzen"), "suspend")) }
        @if can(Step::Reactivate) { (Button::new(room.t("Reactivate", "Wieder zulassen")).primary().icon(Icon::Play).opens_dialog().to(&format!("{path}/reactivate"))) }
        @if can(Step::Approve) { (Button::new(room.t("Approve", "Annehmen")).primary().icon(Icon::Check).opens_dialog().to(&format!("{path}/approve"))) }
        (more(room, p, path))
    }
}

fn more(room: &Room, p: &PartnershipView, path: &str) -> Markup {
    let can = |step: Step| p.status.after(step, None).is_some();
    let item = |class: &str, shown, text: &str, rest: &str| html! { a class=(class) href={ (path) "/" (rest) } data-dialog { (icon(shown)) (text) } };
    let (moves, denies) = (p.status != Status::Closed && p.status != Status::Pending, can(Step::Deny) && p.status != Status::Pending);
    let (closes, deletes) = (can(Step::Close), p.approved.is_none());
    html! {
        @if moves || denies || closes || deletes {
            details class="menu" {
                summary class="button bare" title=(room.t("More", "Mehr")) { (icon(Icon::More)) span class="unseen" { (room.t("More", "Mehr")) } }
                div class="list" {
                    @if moves { (item("item", Icon::Program, room.t("Move to another channel", "In einen anderen Kanal verschieben"), "move")) }
                    @if denies { (item("item", Icon::Bad, room.t("Deny", "Ablehnen"), "deny")) }
                    @if closes { (item("item bad", Icon::Close, room.t("Close permanently", "Endgültig beenden"), "close")) }
                    @if deletes { (item("item bad", Icon::Delete, room.t("Delete sign-up", "Anmeldung löschen"), "delete")) }
                }
            }
        }
    }
}

async fn show_terms(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    let inside = terms::overview(&call, &room, Kind::Reseller.owner(&call)?).await?;
    Ok(Frame::new(&room, &p, Tab::Terms).page(&room, &inside))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/resellers", "merchantResellersPage", list).needs(Right::MerchantRead).page();
    create::routes(r);
    overview::routes(r);
    steps::routes(r);
    r.get("/m/{merchant}/resellers/{id}/terms", "merchantResellerTermsPage", show_terms).needs(Right::MerchantRead).page();
    terms::reseller_routes(r);
    products::routes(r);
    prices::routes(r);
    records::routes(r);
    balance::routes(r);
    keys::routes(r);
    new_key::routes(r);
}
