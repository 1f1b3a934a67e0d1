//! Saved views of lists, in both workspaces.

use crate::fields::Line;
use crate::view::ListView;
use crate::{Answer, Call, OrNotFound, Problem, Routes, input, named_choice, view};
use tradepost_domain::ids::{PersonId, SavedViewId};
use tradepost_domain::saved_views::{ChangeView, DeleteView, ListName, SaveView, SavedView, Workspace, queries};
use tradepost_domain::{Caller, Right};

named_choice!(ListName);

/// The filters, as they stand in the address of a page.
pub type Filters = Line<1000>;

input! {
    /// Which views are wanted.
    pub struct SavedViewQuery {
        /// Only those of this list.
        pub list: Option<ListName>,
    }

    /// The filters of a list under a name.
    pub struct NewSavedView {
        /// Of which list.
        pub list: ListName,
        /// What it is called; unique among your own of this list.
        pub name: Line<60>,
        /// The filters, as they stand in the address of the page: `state=draft&q=PO`.
        pub query: Filters,
        /// Whether everybody of the house sees it: for owners and admins.
        pub shared: Option<bool>,
    }

    /// What changes of a view.
    pub struct SavedViewChange read_only [list] {
        /// What it is called.
        pub name: Option<Line<60>>,
        /// The filters.
        pub query: Option<Filters>,
        /// Whether everybody of the house sees it.
        pub shared: Option<bool>,
    }
}

view! {
    /// A saved view.
    pub struct SavedViewView {
        /// Its id.
        pub id: SavedViewId,
        /// Of which list.
        pub list: ListName,
        /// What it is called.
        pub name: String,
        /// The filters, as they stand in the address of the page.
        pub query: String,
        /// Whether everybody of the house sees it.
        pub shared: bool,
        /// Whether it is your own.
        pub own: bool,
        /// Who saved it.
        pub person: PersonId,
    }
}

fn shown(caller: &Caller, view: SavedView) -> SavedViewView {
    let own = caller.person() == Some(view.person);
    SavedViewView { id: view.id, list: view.list, name: view.name, query: view.query, shared: view.shared, own, person: view.person }
}

/// The views that the caller sees: a person's own ones and those that are shared, oldest first.
///
/// # Errors
/// Faults of the store.
pub async fn listed(call: &Call, list: Option<ListName>) -> Result<Vec<SavedViewView>, Problem> {
    let (workspace, person) = (Workspace::of(call.caller())?, call.caller().person());
    let found = call.read(move |reader| Box::pin(async move { queries::list(reader, workspace, person, list).await })).await?;
    Ok(found.into_iter().map(|view| shown(call.caller(), view)).collect())
}

/// One view that the caller sees, and its version.
///
/// # Errors
/// 404; faults of the store.
pub async fn one(call: &Call, id: SavedViewId) -> Result<(SavedViewView, i64), Problem> {
    let (workspace, person) = (Workspace::of(call.caller())?, call.caller().person());
    let found = call.read(move |reader| Box::pin(async move { queries::view(reader, workspace, person, id).await })).await?.or_not_found()?;
    let version = found.version;
    Ok((shown(call.caller(), found), version))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let SavedViewQuery { list } = call.query()?;
    Ok(Answer::ok(&ListView { data: listed(&call, list).await?, next_cursor: None }))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (view, version) = one(&call, call.path("id")?).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn save(call: Call) -> Result<Answer, Problem> {
    let body: NewSavedView = call.body()?;
    let command = SaveView { list: body.list, name: body.name.into(), query: body.query.into(), shared: body.shared.unwrap_or(false) };
    let id = call.execute(command).await?.outcome.view;
    let (view, version) = one(&call, id).await?;
    Ok(Answer::created(&view, &call.location(id)).etag(version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: SavedViewChange = call.body()?;
    let command = ChangeView { view: call.path("id")?, name: body.name.map(String::from), query: body.query.map(String::from), shared: body.shared };
    let (workspace, id) = (Workspace::of(call.caller())?, call.execute(command).await?.outcome.view);
    let found = call.read(move |reader| Box::pin(async move { queries::changed(reader, workspace, id).await })).await?.or_not_found()?;
    let version = found.version;
    Ok(Answer::ok(&shown(call.caller(), found)).etag(version))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.execute(DeleteView { view: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

/// Every route of saved views.
pub fn routes(r: &mut Routes) {
    let (tag, right) = ("Saved views (merchant)", Right::MerchantRead);
    r.get("/v1/merchant/saved-views", "listMerchantSavedViews", list)
        .tag(tag)
        .doc("Lists your own saved views and those that are shared with the house, oldest first; all at once.")
        .needs(right)
        .query::<SavedViewQuery>()
        .lists::<SavedViewView>();
    r.post("/v1/merchant/saved-views", "saveMerchantView", save)
        .tag(tag)
        .doc("Saves the filters of a list under a name. Views are people's: a key has none.")
        .needs(right)
        .body::<NewSavedView>()
        .answers::<SavedViewView>(201)
        .command::<SaveView>();
    r.get("/v1/merchant/saved-views/{id}", "getMerchantSavedView", show).tag(tag).doc("One saved view.").needs(right).answers::<SavedViewView>(200);
    r.patch("/v1/merchant/saved-views/{id}", "changeMerchantSavedView", change)
        .tag(tag)
        .doc("Renames a view, changes its filters, or shares it. What is shared only owners and admins change.")
        .needs(right)
        .body::<SavedViewChange>()
        .answers::<SavedViewView>(200)
        .command::<ChangeView>();
    r.delete("/v1/merchant/saved-views/{id}", "deleteMerchantSavedView", delete)
        .tag(tag)
        .doc("Deletes a view. What is shared only owners and admins delete.")
        .needs(right)
        .answers_nothing(204)
        .command::<DeleteView>();
    reseller_routes(r);
}

fn reseller_routes(r: &mut Routes) {
    let (tag, right) = ("Saved views", Right::ProgramRead);
    r.get("/v1/reseller/saved-views", "listSavedViews", list)
        .tag(tag)
        .doc("Lists your own saved views and those that are shared with your company in this program, oldest first; all at once.")
        .needs(right)
        .query::<SavedViewQuery>()
        .lists::<SavedViewView>();
    r.post("/v1/reseller/saved-views", "saveView", save)
        .tag(tag)
        .doc("Saves the filters of a list under a name. Views are people's: a key has none.")
        .needs(right)
        .body::<NewSavedView>()
        .answers::<SavedViewView>(201)
        .command::<SaveView>();
    r.get("/v1/reseller/saved-views/{id}", "getSavedView", show).tag(tag).doc("One saved view.").needs(right).answers::<SavedViewView>(200);
    r.patch("/v1/reseller/saved-views/{id}", "changeSavedView", change)
        .tag(tag)
        .doc("Renames a view, changes its filters, or shares it. What is shared only owners and admins change.")
        .needs(right)
        .body::<SavedViewChange>()
        .answers::<SavedViewView>(200)
        .command::<ChangeView>();
    r.delete("/v1/reseller/saved-views/{id}", "deleteSavedView", delete)
        .tag(tag)
        .doc("Deletes a view. What is shared only owners and admins delete.")
        .needs(right)
        .answers_nothing(204)
        .command::<DeleteView>();
}
