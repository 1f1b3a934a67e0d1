//! What is read of saved views.

use super::{ListName, SavedView, Workspace};
use crate::ids::{PersonId, SavedViewId, nobody};
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

impl FromRow for SavedView {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self {
            id: c.next()?,
            person: c.next()?,
            list: ListName::from_name(&c.next::<String>()?).ok_or(Fault::Column("a list"))?,
            name: c.next()?,
            query: c.next()?,
            shared: c.next()?,
            version: c.next()?,
        })
    }
}

/// A person's own views and those that are shared, oldest first, 200 at most; without a person only the shared ones.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, of: Workspace, person: Option<PersonId>, list: Option<ListName>) -> Result<Vec<SavedView>, Fault> {
    let sql = sql!(
        "SELECT id, person, list, name, query, shared, version FROM saved_view WHERE merchant = $1 AND partnership = $2 AND person = $3 AND ($4 = '' OR list = $4)
         UNION ALL
         SELECT id, person, list, name, query, shared, version FROM saved_view WHERE merchant = $1 AND partnership = $2 AND shared = 1 AND person <> $3
           AND ($4 = '' OR list = $4)
         ORDER BY 1 LIMIT 200"
    );
    reader.query(sql, params![of.merchant, of.partnership, person.unwrap_or(nobody()), list.map_or("", ListName::name)]).await
}

/// One view that a person sees.
///
/// # Errors
/// The store's.
pub async fn view(reader: &mut Reader<'_>, of: Workspace, person: Option<PersonId>, id: SavedViewId) -> Result<Option<SavedView>, Fault> {
    Ok(changed(reader, of, id).await?.filter(|view| view.shared || Some(view.person) == person))
}

/// One view for who has just changed it: also one that is another person's own from now on.
///
/// # Errors
/// The store's.
pub async fn changed(reader: &mut Reader<'_>, of: Workspace, id: SavedViewId) -> Result<Option<SavedView>, Fault> {
    let sql = sql!("SELECT id, person, list, name, query, shared, version FROM saved_view WHERE merchant = $1 AND partnership = $2 AND id = $3");
    reader.query_opt(sql, params![of.merchant, of.partnership, id]).await
}

/// Whether a person works in a workspace: is in the merchant's staff, or a user of the partnership's reseller.
pub(super) async fn is_member(reader: &mut Reader<'_>, of: Workspace, person: PersonId) -> Result<bool, Fault> {
    let found: Option<(PersonId,)> = if of.partnership == nobody() {
        let sql = sql!("SELECT person FROM merchant_member WHERE merchant = $1 AND person = $2");
        reader.query_opt(sql, params![of.merchant, person]).await?
    } else {
        let sql =
            sql!("SELECT m.person FROM partnership p JOIN reseller_member m ON m.reseller = p.reseller WHERE p.merchant = $1 AND p.id = $2 AND m.person = $3");
        reader.query_opt(sql, params![of.merchant, of.partnership, person]).await?
    };
    Ok(found.is_some())
}

/// How many views a person keeps of a list, and whether one other than `but` has this name.
pub(super) async fn known(
    reader: &mut Reader<'_>,
    of: Workspace,
    person: PersonId,
    list: ListName,
    name: &str,
    but: Option<SavedViewId>,
) -> Result<(usize, bool), Fault> {
    let sql = sql!("SELECT id, name FROM saved_view WHERE merchant = $1 AND partnership = $2 AND person = $3 AND list = $4 LIMIT 101");
    let rows: Vec<(SavedViewId, String)> = reader.query(sql, params![of.merchant, of.partnership, person, list.name()]).await?;
    let taken = rows.iter().any(|(id, known)| known.to_lowercase() == name.to_lowercase() && Some(*id) != but);
    Ok((rows.len(), taken))
}
