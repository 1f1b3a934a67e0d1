//! Saving a view, changing one, deleting one.

use super::{Keeper, ListName, SavedView, queries, store};
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{SavedViewId, nobody};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tradepost_kernel::Refusal;
use tradepost_store::Tx;

/// Views that a person keeps of one list.
const MOST: usize = 50;

/// Either side: what both workspaces can do.
const NEED: Need = Need::Either(Right::MerchantRead, Right::ProgramRead);

/// The view that was saved, changed or deleted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ViewChanged {
    /// Which.
    pub view: SavedViewId,
}

fn name_taken() -> Refusal {
    Refusal::conflict("name_taken", "Another view of this list has this name.").at("/name")
}

fn may_not_share() -> Refusal {
    Refusal::forbidden("forbidden", "Only owners and admins share views with the house, and change or delete what is shared.")
}

fn too_many_views() -> Refusal {
    Refusal::conflict("too_many_views", "You keep 50 views of this list; delete one first.")
}

fn told(view: &SavedView) -> Json {
    json!({"list": view.list.name(), "name": view.name, "query": view.query, "shared": view.shared})
}

fn entry(keeper: Keeper, action: &'static str, view: &SavedView) -> AuditEntry {
    let entry = AuditEntry::new(keeper.workspace.merchant, action, view.id);
    if keeper.workspace.partnership == nobody() { entry } else { entry.of(keeper.workspace.partnership) }
}

/// Saves the filters of a list under a name.
#[derive(Clone, Debug)]
pub struct SaveView {
    /// Of which list.
    pub list: ListName,
    /// What it is called; unique among one's own of this list.
    pub name: String,
    /// The filters, as they stand in the address of the page.
    pub query: String,
    /// Whether everybody of the house sees it.
    pub shared: bool,
}

#[async_trait::async_trait]
impl Command for SaveView {
    const NAME: &'static str = "saved_views.save";
    const REFUSALS: &'static [&'static str] = &["forbidden", "name_taken", "too_many_views"];
    type Outcome = ViewChanged;

    fn need(&self) -> Need {
        NEED
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ViewChanged, No> {
        let keeper = Keeper::of(ctx.caller())?;
        if self.shared && !keeper.may_share {
            return Err(may_not_share().into());
        }
        store::lock_person(tx, keeper.person).await?;
        let (count, taken) = queries::known(tx, keeper.workspace, keeper.person, self.list, &self.name, None).await?;
        if taken {
            return Err(name_taken().into());
        }
        if count >= MOST {
            return Err(too_many_views().into());
        }
        let (name, query) = (self.name.clone(), self.query.clone());
        let view = SavedView { id: ctx.id(), person: keeper.person, list: self.list, name, query, shared: self.shared, version: 1 };
        // From here on it must succeed.
        store::insert(tx, keeper.workspace, &view, ctx.now).await?;
        ctx.audit(entry(keeper, "view.saved", &view).after(told(&view)));
        Ok(ViewChanged { view: view.id })
    }
}

/// Changes what is given of a view. One that is not shared any more is its person's own again; who takes back the view of somebody who left the house
/// keeps it, or nobody would see it.
#[derive(Clone, Debug)]
pub struct ChangeView {
    /// Which.
    pub view: SavedViewId,
    /// What it is called.
    pub name: Option<String>,
    /// The filters.
    pub query: Option<String>,
    /// Whether everybody of the house sees it.
    pub shared: Option<bool>,
}

#[async_trait::async_trait]
impl Command for ChangeView {
    const NAME: &'static str = "saved_views.change";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "name_taken", "too_many_views"];
    type Outcome = ViewChanged;

    fn need(&self) -> Need {
        NEED
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ViewChanged, No> {
        let keeper = Keeper::of(ctx.caller())?;
        let before = one(keeper, tx, self.view).await?;
        let mut after = before.clone();
        after.name = self.name.clone().unwrap_or(after.name);
        after.query = self.query.clone().unwrap_or(after.query);
        after.shared = self.shared.unwrap_or(after.shared);
        if after.shared && !keeper.may_share {
            return Err(may_not_share().into());
        }
        if !after.shared && after.person != keeper.person && !queries::is_member(tx, keeper.workspace, after.person).await? {
            after.person = keeper.person;
        }
        store::lock_person(tx, after.person).await?;
        let (count, taken) = queries::known(tx, keeper.workspace, after.person, before.list, &after.name, Some(before.id)).await?;
        if taken {
            return Err(name_taken().into());
        }
        if after.person != before.person && count >= MOST {
            return Err(too_many_views().into());
        }
        // From here on it must succeed.
        if after != before {
            store::update(tx, keeper.workspace, &after).await?;
            ctx.audit(entry(keeper, "view.changed", &after).before(told(&before)).after(told(&after)));
        }
        Ok(ViewChanged { view: self.view })
    }
}

/// Deletes a view.
#[derive(Clone, Copy, Debug)]
pub struct DeleteView {
    /// Which.
    pub view: SavedViewId,
}

#[async_trait::async_trait]
impl Command for DeleteView {
    const NAME: &'static str = "saved_views.delete";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = ViewChanged;

    fn need(&self) -> Need {
        NEED
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<ViewChanged, No> {
        let keeper = Keeper::of(ctx.caller())?;
        let view = one(keeper, tx, self.view).await?;
        // From here on it must succeed.
        store::delete(tx, keeper.workspace, view.id).await?;
        ctx.audit(entry(keeper, "view.deleted", &view).before(told(&view)));
        Ok(ViewChanged { view: view.id })
    }
}

/// A view that the person may change: an own one, or one that is shared where they may share. What is shared is the house's: who may not share (any more)
/// leaves also that alone which they once shared.
async fn one(keeper: Keeper, tx: &mut Tx<'_>, id: SavedViewId) -> Result<SavedView, No> {
    let found = store::lock(tx, keeper.workspace, id).await?.filter(|view| view.shared || view.person == keeper.person).ok_or_else(Refusal::not_found)?;
    if found.shared && !keeper.may_share { Err(may_not_share().into()) } else { Ok(found) }
}
