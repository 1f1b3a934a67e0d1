//! Every writing statement on saved views.

use super::{SavedView, Workspace};
use crate::ids::{PersonId, SavedViewId};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Tx, params, sql};

/// A new view.
pub(super) async fn insert(tx: &mut Tx<'_>, of: Workspace, view: &SavedView, now: Timestamp) -> Result<(), Fault> {
    let sql =
        sql!("INSERT INTO saved_view (merchant, partnership, id, person, list, name, query, shared, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values = params![of.merchant, of.partnership, view.id, view.person, view.list.name(), &view.name, &view.query, view.shared, now];
    tx.execute_exactly(1, sql, values).await
}

/// A view, locked until the commit.
pub(super) async fn lock(tx: &mut Tx<'_>, of: Workspace, id: SavedViewId) -> Result<Option<SavedView>, Fault> {
    let sql = sql!("SELECT id, person, list, name, query, shared, version FROM saved_view WHERE merchant = $1 AND partnership = $2 AND id = $3 FOR UPDATE");
    tx.query_opt(sql, params![of.merchant, of.partnership, id]).await
}

/// Changes a view that is still as it was read.
///
/// # Errors
/// [`Fault::Rows`] where it is not; the store's.
pub(super) async fn update(tx: &mut Tx<'_>, of: Workspace, view: &SavedView) -> Result<(), Fault> {
    let sql = sql!(
        "UPDATE saved_view SET name = $5, query = $6, shared = $7, person = $8, version = version + 1 WHERE merchant = $1 AND partnership = $2 AND id = $3 AND version = $4"
    );
    tx.execute_exactly(1, sql, params![of.merchant, of.partnership, view.id, view.version, &view.name, &view.query, view.shared, view.person]).await
}

/// Removes a view.
pub(super) async fn delete(tx: &mut Tx<'_>, of: Workspace, id: SavedViewId) -> Result<(), Fault> {
    let sql = sql!("DELETE FROM saved_view WHERE merchant = $1 AND partnership = $2 AND id = $3");
    tx.execute_exactly(1, sql, params![of.merchant, of.partnership, id]).await
}

/// Locks whose views are counted and named: one view of a person is saved after the other.
pub(super) async fn lock_person(tx: &mut Tx<'_>, person: PersonId) -> Result<(), Fault> {
    let _: Option<(PersonId,)> = tx.query_opt(sql!("SELECT id FROM person WHERE id = $1 FOR UPDATE"), params![person]).await?;
    Ok(())
}
