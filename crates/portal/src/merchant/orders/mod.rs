//! Orders as the merchant sees them: the list, the page of one and its final steps (ORD-4, ORD-7, ORD-10), and the licenses that
//! they brought (FUL-1 … FUL-4).

mod attach;
mod confirm;
mod license;
pub(super) mod licenses;
pub(super) mod list;
mod show;

use std::collections::{BTreeSet, HashMap};
use tradepost_domain::{PartnershipId, partners};
use tradepost_web::{Call, Problem, Routes};

pub(super) fn routes(r: &mut Routes) {
    list::routes(r);
    show::routes(r);
    licenses::routes(r);
    confirm::routes(r);
    license::routes(r);
    attach::routes(r);
}

/// What a parameter of the query asks for; nothing where it is empty.
pub(in crate::merchant) fn asked<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query_pairs().iter().find(|(known, _)| known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
}

/// What the resellers of partnerships are called.
pub(in crate::merchant) async fn companies(call: &Call, wanted: BTreeSet<PartnershipId>) -> Result<HashMap<PartnershipId, String>, Problem> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let scope = call.merchant()?;
    let wanted: Vec<PartnershipId> = wanted.into_iter().collect();
    let found = call.read(move |reader| Box::pin(async move { partners::queries::partnerships_by_id(reader, scope, &wanted).await })).await?;
    Ok(found.into_iter().map(|partnership| (partnership.id, partnership.reseller.company)).collect())
}
