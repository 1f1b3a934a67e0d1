//! Saved views: the chips above a list, and the pages that save, change and delete one.

use crate::forms::{Typed, question};
use crate::lists::{hides, is_of_one_page};
use crate::room::{Room, Spot, done, encoded};
use maud::{Markup, html};
use tradepost_design::form::unseen;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon};
use tradepost_domain::Right;
use tradepost_domain::access::Side;
use tradepost_domain::ids::{PartnershipId, SavedViewId};
use tradepost_domain::saved_views::{self, ChangeView, DeleteView, ListName, SaveView};
use tradepost_web::api::saved_views::{Filters, SavedViewView, listed, one};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input, query};

/// The views of a list that somebody sees.
#[derive(Debug)]
pub struct Views {
    list: ListName,
    shown: Vec<SavedViewView>,
    /// The reseller whose tab this is.
    tab: Option<Tab>,
}

/// A reseller's tab of a list that is there for all resellers, too.
#[derive(Debug)]
struct Tab {
    partnership: String,
    path: String,
}

/// The parameter that narrows such a list to one reseller.
const OF_RESELLER: &str = "partnership";

impl Tab {
    fn narrowed(&self) -> (String, String) {
        (OF_RESELLER.to_owned(), self.partnership.clone())
    }
}

/// The views of a list that the person sees.
///
/// # Errors
/// Faults of the store.
pub async fn of(call: &Call, list: ListName) -> Result<Views, Problem> {
    Ok(Views { list, shown: listed(call, Some(list)).await?, tab: None })
}

/// Where a list is, and where in the navigation.
const fn place(side: Side, list: ListName) -> (&'static str, Spot) {
    match (side, list) {
        (_, ListName::Orders) => ("/orders", Spot::Orders),
        (_, ListName::Invoices) => ("/invoices", Spot::Invoices),
        (_, ListName::Resellers) => ("/resellers", Spot::Resellers),
        (_, ListName::Messages) => ("/messages", Spot::Messages),
        (_, ListName::Audit) => ("/audit", Spot::Audit),
        (_, ListName::Products) => ("/products", Spot::Products),
        (Side::Merchant, ListName::Licenses) => ("/licenses", Spot::Orders),
        (Side::Reseller, ListName::Licenses) => ("/licenses", Spot::Licenses),
        (_, ListName::Fulfillments) => ("/fulfillments", Spot::Fulfillments),
        (Side::Merchant, ListName::CancelRequests) => ("/cancel-requests", Spot::Fulfillments),
        (Side::Reseller, ListName::CancelRequests) => ("/fulfillments/requests", Spot::Fulfillments),
        (Side::Merchant, ListName::Payments) => ("/payments", Spot::Payments),
        (Side::Reseller, ListName::Payments) => ("/payments", Spot::Invoices),
        (_, ListName::Stock) => ("/stock", Spot::Stock),
        (_, ListName::LicenseKeys) => ("/stock/keys", Spot::Stock),
        (_, ListName::KeyImports) => ("/stock/imports", Spot::Stock),
        (_, ListName::People) => ("/people", Spot::People),
        (Side::Merchant, ListName::Requests) => ("/api-keys/requests", Spot::ApiKeys),
        (Side::Reseller, ListName::Requests) => ("/developers/requests", Spot::Developers),
    }
}

/// Filters as they stand in an address: each once, in one order, escaped in one way; neither page nor file.
#[must_use]
pub fn in_order(pairs: &[(String, String)]) -> String {
    let mut kept: Vec<(&str, &str)> =
        pairs.iter().filter(|(name, value)| !is_of_one_page(name) && !value.trim().is_empty()).map(|(name, value)| (name.as_str(), value.trim())).collect();
    kept.sort_unstable();
    kept.dedup_by_key(|(name, _)| *name);
    kept.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

/// What a view filters. It was typed by somebody: what cannot be read filters nothing.
fn filters(view: &SavedViewView) -> String {
    query::pairs(&view.query).map(|pairs| in_order(&pairs)).unwrap_or_default()
}

fn with(path: &str, filters: &str) -> String {
    if filters.is_empty() { path.to_owned() } else { format!("{path}?{filters}") }
}

impl Views {
    /// Those of one reseller's tab, which is at this path: the views of the list of all that are narrowed to this reseller. What is saved here is one of them.
    #[must_use]
    pub fn of_tab(mut self, partnership: PartnershipId, path: &str) -> Self {
        let tab = Tab { partnership: partnership.to_string(), path: path.to_owned() };
        self.shown.retain(|view| query::pairs(&view.query).is_ok_and(|pairs| pairs.contains(&tab.narrowed())));
        self.tab = Some(tab);
        self
    }

    /// What is filtered now, and the whole of it: where that is, and what its filters are.
    fn seen(&self, asked: &[(String, String)], path: &str) -> (String, String, String) {
        match &self.tab {
            Some(tab) => {
                // The columns of a tab are others.
                let of_tab = asked.iter().filter(|(name, _)| !hides(name)).cloned().chain([tab.narrowed()]).collect::<Vec<_>>();
                (in_order(&of_tab), tab.path.clone(), in_order(&[tab.narrowed()]))
            }
            None => (in_order(asked), path.to_owned(), String::new()),
        }
    }

    /// The line above a list: all of it, each view, and what can be done with the one that is looked at. `asked` are the parameters of the page.
    #[must_use]
    pub fn draw(&self, room: &Room, asked: &[(String, String)]) -> Markup {
        let path = room.path(place(room.side, self.list).0);
        let (now, whole, all) = self.seen(asked, &path);
        let here = self.shown.iter().find(|view| filters(view) == now);
        let save = format!("{}?list={}&query={}", room.path("/views/new"), self.list.name(), encoded(&now));
        if self.shown.is_empty() && now == all {
            return html! {};
        }
        html! {
            nav class="tools" aria-label=(room.t("Saved views", "Gespeicherte Ansichten")) {
                a class="chip" href=(whole) aria-current=[(now == all).then_some("true")] { (room.t("All", "Alle")) }
                @for view in &self.shown {
                    a class="chip" href=(with(&path, &filters(view))) aria-current=[(filters(view) == now).then_some("true")] {
                        @if view.shared { (icon(Icon::People)) }
                        (view.name)
                    }
                }
                div class="apart" {
                    @match here {
                        Some(view) => {
                            @if (view.own && !view.shared) || saved_views::may_share(&room.caller) {
                                (Button::new(room.t("Edit view", "Ansicht bearbeiten")).small().quiet().icon(Icon::Edit).opens_dialog().to(&room.path(&format!("/views/{}/edit", view.id))))
                            }
                        }
                        None if now == all => {}
                        None => (Button::new(room.t("Save view", "Ansicht speichern")).small().quiet().icon(Icon::Add).opens_dialog().to(&save)),
                    }
                }
            }
        }
    }
}

input! {
    /// A view.
    pub struct ViewForm {
        /// Of which list.
        pub list: ListName,
        /// What it is called.
        pub name: Line<60>,
        /// The filters.
        pub query: Filters,
        /// Whether everybody of the house sees it.
        pub shared: Option<bool>,
    }
}

fn fields(room: &Room, typed: &Typed) -> Markup {
    let hint = room.t("Your whole team sees it above the list.", "Ihr ganzes Team sieht sie über der Liste.");
    html! {
        (typed.field("name", room.t("Name", "Name")).whole().text())
        @if saved_views::may_share(&room.caller) {
            (typed.field("shared", room.t("Share with your team", "Mit dem Team teilen")).hint(hint).whole().switch())
        }
        (unseen(&[("list", typed.value("list")), ("query", typed.value("query"))]))
    }
}

/// The list that a form or an address names; the orders where it names none.
fn list_of(name: &str) -> ListName {
    ListName::from_name(name).unwrap_or(ListName::Orders)
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let asked = |name: &str| call.query_pairs().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let typed = Typed::new([("list", list_of(&asked("list")).name().to_owned()), ("query", asked("query")), ("name", String::new())]);
    Ok(new_page(&call, &room, &typed))
}

fn new_page(call: &Call, room: &Room, typed: &Typed) -> Answer {
    let (path, spot) = place(room.side, list_of(typed.value("list")));
    let title = room.t("Save view", "Ansicht speichern");
    let text = html! {
        p class="muted" { (room.t("The search and the filters of the list under a name, to come back to.", "Suche und Filter der Liste unter einem Namen, um dahin zurückzukehren.")) }
        (fields(room, typed))
    };
    let (act, back) = (Button::new(room.t("Save", "Speichern")).primary(), room.path(path));
    room.dialog(spot, title, &question(call, &room.look, title, &text, typed, &room.path("/views"), &act, &back))
}

async fn save(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let saved = match call.form::<ViewForm>() {
        Ok(form) => {
            let to = with(&room.path(place(room.side, form.list).0), &form.query);
            let command = SaveView { list: form.list, name: form.name.into(), query: form.query.into(), shared: form.shared.unwrap_or(false) };
            call.execute(command).await.map(|_| to)
        }
        Err(no) => Err(no),
    };
    match saved {
        Ok(to) => Ok(done(&call, &to, room.t("View saved.", "Ansicht gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(new_page(&call, &room, &typed).with_status(status))
        }
    }
}

async fn ask_edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (view, _) = one(&call, call.path("id")?).await?;
    let values = [("name", view.name.clone()), ("shared", view.shared.to_string()), ("list", view.list.name().to_owned()), ("query", view.query.clone())];
    Ok(edit_page(&call, &room, &view, &Typed::new(values)))
}

fn edit_page(call: &Call, room: &Room, view: &SavedViewView, typed: &Typed) -> Answer {
    let (path, spot) = place(room.side, view.list);
    let title = room.t("Edit view", "Ansicht bearbeiten");
    let its = room.path(&format!("/views/{}", view.id));
    let text = html! {
        (fields(room, typed))
        p { a href={ (its) "/delete" } data-dialog { (room.t("Delete this view", "Diese Ansicht löschen")) } }
    };
    let (act, back) = (Button::new(room.t("Save", "Speichern")).primary(), with(&room.path(path), &filters(view)));
    room.dialog(spot, title, &question(call, &room.look, title, &text, typed, &format!("{its}/edit"), &act, &back))
}

async fn edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (view, _) = one(&call, call.path("id")?).await?;
    let changed = match call.form::<ViewForm>() {
        Ok(form) => {
            // A box that is not ticked is not sent, and who may not share sees none.
            let shared = saved_views::may_share(&room.caller).then(|| form.shared.unwrap_or(false));
            call.execute(ChangeView { view: view.id, name: Some(form.name.into()), query: None, shared }).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(done(&call, &with(&room.path(place(room.side, view.list).0), &filters(&view)), room.t("View changed.", "Ansicht geändert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(edit_page(&call, &room, &view, &typed).with_status(status))
        }
    }
}

async fn ask_delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (view, _) = one(&call, call.path("id")?).await?;
    Ok(delete_page(&call, &room, &view, &Typed::default()))
}

fn delete_page(call: &Call, room: &Room, view: &SavedViewView, typed: &Typed) -> Answer {
    let (path, spot) = place(room.side, view.list);
    let title = room.t("Delete view", "Ansicht löschen");
    let shared = room.t("Nobody in your team will see it any more.", "Niemand im Team sieht sie mehr.");
    let text = html! { p { strong { (view.name) } } @if view.shared { p { (shared) } } };
    let (act, action) = (Button::new(title).danger(), room.path(&format!("/views/{}/delete", view.id)));
    room.dialog(spot, title, &question(call, &room.look, title, &text, typed, &action, &act, &room.path(path)))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let id: SavedViewId = call.path("id")?;
    let (view, _) = one(&call, id).await?;
    match call.execute(DeleteView { view: id }).await {
        Ok(_) => Ok(done(&call, &room.path(place(room.side, view.list).0), room.t("View deleted.", "Ansicht gelöscht."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(delete_page(&call, &room, &view, &typed).with_status(status))
        }
    }
}

/// The pages of views, in both workspaces.
pub fn routes(r: &mut Routes) {
    let right = Right::MerchantRead;
    r.get("/m/{merchant}/views/new", "merchantNewViewPage", begin).needs(right).page();
    r.post("/m/{merchant}/views", "merchantSaveViewForm", save).needs(right).page().form::<ViewForm>().command::<SaveView>();
    r.get("/m/{merchant}/views/{id}/edit", "merchantEditViewPage", ask_edit).needs(right).page();
    r.post("/m/{merchant}/views/{id}/edit", "merchantEditViewForm", edit).needs(right).page().form::<ViewForm>().command::<ChangeView>();
    r.get("/m/{merchant}/views/{id}/delete", "merchantDeleteViewPage", ask_delete).needs(right).page();
    r.post("/m/{merchant}/views/{id}/delete", "merchantDeleteViewForm", delete).needs(right).page().command::<DeleteView>();
    let right = Right::ProgramRead;
    r.get("/r/{partnership}/views/new", "newViewPage", begin).needs(right).page();
    r.post("/r/{partnership}/views", "saveViewForm", save).needs(right).page().form::<ViewForm>().command::<SaveView>();
    r.get("/r/{partnership}/views/{id}/edit", "editViewPage", ask_edit).needs(right).page();
    r.post("/r/{partnership}/views/{id}/edit", "editViewForm", edit).needs(right).page().form::<ViewForm>().command::<ChangeView>();
    r.get("/r/{partnership}/views/{id}/delete", "deleteViewPage", ask_delete).needs(right).page();
    r.post("/r/{partnership}/views/{id}/delete", "deleteViewForm", delete).needs(right).page().command::<DeleteView>();
}
