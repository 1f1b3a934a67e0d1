//! The mark that a balance is due: raised exactly while the limit is reached (CRD-6).

use super::scan::{Bounds, Finding, Look, Scan, keys, within};
use super::{Check, How};
use crate::access::PartnershipScope;
use crate::credit::Exposure;
use crate::ids::{ChannelId, PartnershipId};
use crate::orders;
use crate::partners::terms;
use tradepost_store::{BoxFuture, Fault, Reader, params, sql};

pub(super) static BALANCE_DUE: Check = Check {
    name: "partnership.balance_due",
    meaning: "The mark that a balance is due is raised exactly while the credit limit is reached, so something is owed and nothing is available (CRD-6); one whose events still wait is left out.",
    how: How::Scans(&[Scan::ids(keys!("partnership"), "par", Look::Code(look)).of_rows(100)]),
};

fn look<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!("SELECT p.merchant, p.id, p.channel, p.balance_due FROM partnership p WHERE ", within!("p"), " ORDER BY p.merchant, p.id"));
        // By its id, so that both engines go by the index of what waits.
        let moving = sql!("SELECT merchant, subject FROM outbox WHERE position IS NULL AND id > $1 AND kind = 'partnership.moved' ORDER BY id");
        let moving: Vec<(i64, PartnershipId)> = reader.query(moving, params![Vec::new()]).await?;
        // Terms above the partnership changed: each is judged again when that event is passed on.
        let changing =
            sql!("SELECT merchant FROM outbox WHERE position IS NULL AND id > $1 AND kind IN ('program.terms_changed', 'channel.terms_changed') ORDER BY id");
        let changing: Vec<i64> = reader.query(changing, params![Vec::new()]).await?;
        let partnerships: Vec<(i64, PartnershipId, Option<ChannelId>, bool)> = reader.query(text, &bounds.0).await?;
        let mut findings = Vec::new();
        for (merchant, id, channel, marked) in partnerships.into_iter().filter(|row| !moving.contains(&(row.0, row.1)) && !changing.contains(&row.0)) {
            let open = orders::queries::open(reader, PartnershipScope { merchant, partnership: id }).await?;
            let limit = terms::effective(reader, merchant, id, channel).await?.credit_limit;
            let exposure = Exposure { limit, open };
            if exposure.limit_reached() != marked {
                let view = exposure.view();
                let limit = view.limit_minor.map_or("no limit".to_owned(), |limit| format!("a limit of {limit}"));
                let said = if marked { "is marked as due" } else { "is not marked as due" };
                findings.push(Finding::new(merchant, id, format!("{said}, with {} used and {limit}", view.used_minor)));
            }
        }
        Ok(findings)
    })
}
