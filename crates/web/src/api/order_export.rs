//! All orders that a filter finds as a file, however many: read and sent page by page, in bounded memory (ORD-10, PAR-17).

use crate::api::orders::sides;
use crate::{Answer, Call, Problem};
use axum::body::{Body, Bytes};
use futures_util::stream;
use std::collections::{BTreeSet, HashMap};
use std::io;
use tradepost_documents::table::{self, Cell};
use tradepost_domain::ids::PartnershipId;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::orders::OrderRow;
use tradepost_domain::orders::queries::{self, OrderFilter};
use tradepost_domain::{Engine, MerchantScope, partners};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader};

/// Orders of a part of the file.
const AT_ONCE: i64 = 500;

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

/// What is left of a file.
struct Rest {
    engine: Engine,
    merchant: MerchantScope,
    of: Option<PartnershipId>,
    filter: OrderFilter,
    head: Option<Bytes>,
    /// Before which order it goes on; `None` behind the last.
    next: Option<PageRequest>,
}

/// The file of the side that asks; a merchant names a partnership or gets those of all. `head` names its columns, in the order of [`HEAD`].
///
/// # Errors
/// 403.
pub fn exported(call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, head: &[&str]) -> Result<Answer, Problem> {
    let (merchant, of) = sides(call)?;
    let rest = Rest {
        engine: call.engine().clone(),
        merchant,
        of: of.or(partnership),
        filter,
        head: Some(Bytes::from(table::report(head, &[]))),
        next: Some(PageRequest { limit: AT_ONCE, before: None }),
    };
    // A file that breaks off must not look whole: an error cuts the connection.
    let body = stream::try_unfold(rest, |mut rest| async move {
        if let Some(head) = rest.head.take() {
            return Ok::<_, io::Error>(Some((head, rest)));
        }
        let Some(page) = rest.next else { return Ok(None) };
        let (merchant, of, filter) = (rest.merchant, rest.of, rest.filter.clone());
        let read = rest.engine.store.read(move |reader| Box::pin(async move { part(reader, merchant, of, &filter, page).await }));
        let (bytes, before) = read.await.map_err(|fault| {
            tracing::error!(%fault, "an export of orders breaks off");
            io::Error::other("the file breaks off")
        })?;
        rest.next = before.map(|before| PageRequest { limit: AT_ONCE, before: Some(before) });
        Ok(Some((bytes, rest)))
    });
    Ok(Answer::download("orders.csv", "text/csv; charset=utf-8", Body::from_stream(body)))
}

async fn part(
    reader: &mut Reader<'_>,
    merchant: MerchantScope,
    of: Option<PartnershipId>,
    filter: &OrderFilter,
    page: PageRequest,
) -> Result<(Bytes, Option<[u8; 16]>), Fault> {
    let found = queries::list(&mut *reader, merchant, of, filter, page).await?;
    let wanted: BTreeSet<PartnershipId> = found.rows.iter().map(|order| order.partnership).collect();
    let wanted: Vec<PartnershipId> = wanted.into_iter().collect();
    let partnerships = partners::queries::partnerships_by_id(reader, merchant, &wanted).await?;
    let companies: HashMap<PartnershipId, String> = partnerships.into_iter().map(|partnership| (partnership.id, partnership.reseller.company)).collect();
    let rows: Vec<Vec<Cell>> = found.rows.iter().map(|order| row(order, companies.get(&order.partnership).map_or("", String::as_str))).collect();
    Ok((Bytes::from(table::rows(&rows)), found.next))
}

fn row(order: &OrderRow, company: &str) -> Vec<Cell> {
    let money = |minor| Cell::Exact(order.currency.minor(minor).amount_text());
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
