//! All orders that a filter finds as a file, however many (ORD-10, PAR-17).

use crate::api::orders::sides;
use crate::export::{AT_ONCE, Form, Part, Source, sent};
use crate::{Answer, Call, Problem};
use std::collections::{BTreeSet, HashMap};
use tradepost_documents::table::Cell;
use tradepost_domain::ids::PartnershipId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::OrderRow;
use tradepost_domain::orders::queries::{self, OrderFilter};
use tradepost_domain::{MerchantScope, partners};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader};

/// The columns of the file: the API's names.
pub const HEAD: [&str; 14] = [
    "id",
    "number",
    "partnership",
    "company",
    "state",
    "reference",
    "currency",
    "total",
    "paid",
    "open",
    "created_at",
    "placed_at",
    "completed_at",
    "canceled_at",
];

/// The file of the side that asks; a merchant names a partnership or gets those of all. `head` names its columns, in the order of [`HEAD`].
///
/// # Errors
/// 403; faults of the store.
pub async fn exported(call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, head: &[&str], form: Form<'_>) -> Result<Answer, Problem> {
    let (merchant, of) = sides(call)?;
    let (engine, of) = (call.engine().clone(), of.or(partnership));
    let mut source: Source = Box::new(move |before| {
        let (engine, filter, page) = (engine.clone(), filter.clone(), PageRequest { limit: AT_ONCE, before });
        Box::pin(async move {
            let read = engine.store.read(move |reader| Box::pin(async move { part(reader, merchant, of, &filter, page).await }));
            Ok(read.await?)
        })
    });
    let first = source(None).await?;
    Ok(sent("orders", head, form, first, source))
}

async fn part(reader: &mut Reader<'_>, merchant: MerchantScope, of: Option<PartnershipId>, filter: &OrderFilter, page: PageRequest) -> Result<Part, Fault> {
    let found = queries::list(&mut *reader, merchant, of, filter, page).await?;
    let wanted: BTreeSet<PartnershipId> = found.rows.iter().map(|order| order.partnership).collect();
    let wanted: Vec<PartnershipId> = wanted.into_iter().collect();
    let partnerships = partners::queries::partnerships_by_id(reader, merchant, &wanted).await?;
    let companies: HashMap<PartnershipId, String> = partnerships.into_iter().map(|partnership| (partnership.id, partnership.reseller.company)).collect();
    let rows = found.rows.iter().map(|order| row(order, companies.get(&order.partnership).map_or("", String::as_str))).collect();
    Ok(Part { rows, next: found.next })
}

fn row(order: &OrderRow, company: &str) -> Vec<Cell> {
    let money = |minor| Cell::Number(order.currency.minor(minor).amount_text());
    let moment = |at: Option<Timestamp>| Cell::Exact(at.map(|at| at.to_string()).unwrap_or_default());
    vec![
        Cell::Exact(order.id.to_string()),
        Cell::Exact(order.number.clone().unwrap_or_default()),
        Cell::Exact(order.partnership.to_string()),
        Cell::Text(company.to_owned()),
        Cell::Exact(order.state.name().to_owned()),
        Cell::Text(order.reference.clone().unwrap_or_default()),
        Cell::Exact(order.currency.code().to_owned()),
        order.placed.map_or_else(|| Cell::Exact(String::new()), |_| money(order.total_minor)),
        money(order.paid_minor),
        money(order.open_minor()),
        moment(Some(order.created)),
        moment(order.placed),
        moment(order.completed),
        moment(order.canceled),
    ]
}
