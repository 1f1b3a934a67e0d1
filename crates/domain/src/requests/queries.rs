//! What was asked, as its owner sees it.

use super::{LogOwner, LoggedRequest};
use crate::ids::{ApiKeyId, PartnershipId, RequestId};
use crate::listing::{Page, PageRequest};
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// Which requests are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The class of the status: 2 for 200–299.
    pub class: Option<i64>,
    /// Those that came with this key.
    pub key: Option<ApiKeyId>,
    /// Those whose path begins with this.
    pub path: Option<String>,
}

impl FromRow for LoggedRequest {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (merchant, owner): (i64, [u8; 16]) = (columns.next()?, columns.next()?);
        let partnership = (owner != [0; 16]).then(|| PartnershipId::from_bytes(owner));
        Ok(Self {
            owner: LogOwner { merchant, partnership },
            id: columns.next()?,
            key: columns.next()?,
            key_name: columns.next()?,
            method: columns.next()?,
            path: columns.next()?,
            status: columns.next()?,
            code: columns.next()?,
            duration_ms: columns.next()?,
            address: columns.next()?,
            at: columns.next()?,
        })
    }
}

/// A page of an owner's requests. It reads past what a filter leaves out, at most all that is kept of one owner.
pub const LIST: Sql = sql!(
    "SELECT merchant, owner, id, api_key, key_name, method, path, status, code, duration_ms, address, at_ms FROM request_log
     WHERE merchant = $1 AND owner = $2 AND id < $3 AND status >= $5 AND status < $6 AND (api_key = $7 OR length($7) = 0)
     AND ($8 = '' OR $8 = substr(path, 1, length($8))) ORDER BY id DESC LIMIT $4"
);

/// What an owner's keys asked for, newest first.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, owner: LogOwner, wanted: &Wanted, page: PageRequest) -> Result<Page<LoggedRequest>, Fault> {
    let (from, to) = wanted.class.map_or((0, 1_000), |class| (class * 100, class * 100 + 100));
    let key = wanted.key.map_or_else(Vec::new, |key| key.bytes().to_vec());
    let path = wanted.path.as_deref().unwrap_or("");
    let rows = reader.query(LIST, params![owner.merchant, owner.bytes(), page.bound(), page.fetch(), from, to, key, path]).await?;
    Ok(page.page(rows, |row: &LoggedRequest| row.id))
}

/// One request of an owner.
///
/// # Errors
/// The store's.
pub async fn one(reader: &mut Reader<'_>, owner: LogOwner, id: RequestId) -> Result<Option<LoggedRequest>, Fault> {
    let select = sql!(
        "SELECT merchant, owner, id, api_key, key_name, method, path, status, code, duration_ms, address, at_ms FROM request_log
         WHERE merchant = $1 AND owner = $2 AND id = $3"
    );
    reader.query_opt(select, params![owner.merchant, owner.bytes(), id]).await
}
