//! All orders that a filter finds as a file, however many: read and sent page by page, in bounded memory (ORD-10, PAR-17).

use crate::api::orders::sides;
use crate::{Answer, Call, Problem};
use axum::body::{Body, Bytes};
use futures_util::stream;
use std::collections::{BTreeSet, HashMap};
use std::io;
use tradepost_documents::sheet::Sheet;
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

/// The media type of a sheet.
pub const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What kind of file is made.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// Comma separated values: it has no end.
    Csv,
    /// A sheet. It ends at 1,048,576 rows; where there are more orders, its last row says this.
    Sheet(&'a str),
}

/// How far a file is.
enum File {
    Csv,
    Sheet(Box<Sheet>, String),
    Done,
}

/// What is left of a file.
struct Rest {
    engine: Engine,
    merchant: MerchantScope,
    of: Option<PartnershipId>,
    filter: OrderFilter,
    head: Option<Bytes>,
    file: File,
    /// Before which order it goes on; `None` behind the last.
    next: Option<PageRequest>,
}

impl Rest {
    /// Further bytes; `None` behind the last.
    async fn more(&mut self) -> Result<Option<Bytes>, Fault> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        let Some(page) = self.next else { return Ok(self.end(false)) };
        if matches!(&self.file, File::Sheet(sheet, _) if sheet.room() == 0) {
            return Ok(self.end(true));
        }
        let (merchant, of, filter) = (self.merchant, self.of, self.filter.clone());
        let (rows, before) = self.engine.store.read(move |reader| Box::pin(async move { part(reader, merchant, of, &filter, page).await })).await?;
        self.next = before.map(|before| PageRequest { limit: AT_ONCE, before: Some(before) });
        match &mut self.file {
            File::Csv => Ok(Some(Bytes::from(table::rows(&rows)))),
            File::Sheet(sheet, _) => {
                let (bytes, taken) = sheet.add(&rows);
                if taken < rows.len() {
                    self.next = None;
                    let end = self.end(true).unwrap_or_default();
                    return Ok(Some(Bytes::from([bytes, end.to_vec()].concat())));
                }
                Ok(Some(Bytes::from(bytes)))
            }
            File::Done => Ok(None),
        }
    }

    /// What ends a file, once; `cut` where there are more orders than it holds.
    fn end(&mut self, cut: bool) -> Option<Bytes> {
        self.next = None;
        match std::mem::replace(&mut self.file, File::Done) {
            File::Sheet(sheet, says) => Some(Bytes::from(sheet.end(cut.then_some(says.as_str())))),
            File::Csv | File::Done => None,
        }
    }
}

/// The file of the side that asks; a merchant names a partnership or gets those of all. `head` names its columns, in the order of [`HEAD`].
///
/// # Errors
/// 403.
pub fn exported(call: &Call, partnership: Option<PartnershipId>, filter: OrderFilter, head: &[&str], form: Form<'_>) -> Result<Answer, Problem> {
    let (merchant, of) = sides(call)?;
    let (name, media_type) = match form {
        Form::Csv => ("orders.csv", "text/csv; charset=utf-8"),
        Form::Sheet(_) => ("orders.xlsx", SHEET),
    };
    let (file, first) = match form {
        Form::Csv => (File::Csv, table::report(head, &[])),
        Form::Sheet(cut) => {
            let (sheet, first) = Sheet::begin(head);
            (File::Sheet(Box::new(sheet), cut.to_owned()), first)
        }
    };
    let next = Some(PageRequest { limit: AT_ONCE, before: None });
    let rest = Rest { engine: call.engine().clone(), merchant, of: of.or(partnership), filter, head: Some(Bytes::from(first)), file, next };
    // A file that breaks off must not look whole: an error cuts the connection.
    let body = stream::try_unfold(rest, |mut rest| async move {
        match rest.more().await {
            Ok(bytes) => Ok(bytes.map(|bytes| (bytes, rest))),
            Err(fault) => {
                tracing::error!(%fault, "an export of orders breaks off");
                Err(io::Error::other("the file breaks off"))
            }
        }
    });
    Ok(Answer::download(name, media_type, Body::from_stream(body)))
}

async fn part(
    reader: &mut Reader<'_>,
    merchant: MerchantScope,
    of: Option<PartnershipId>,
    filter: &OrderFilter,
    page: PageRequest,
) -> Result<(Vec<Vec<Cell>>, Option<[u8; 16]>), Fault> {
    let found = queries::list(&mut *reader, merchant, of, filter, page).await?;
    let wanted: BTreeSet<PartnershipId> = found.rows.iter().map(|order| order.partnership).collect();
    let wanted: Vec<PartnershipId> = wanted.into_iter().collect();
    let partnerships = partners::queries::partnerships_by_id(reader, merchant, &wanted).await?;
    let companies: HashMap<PartnershipId, String> = partnerships.into_iter().map(|partnership| (partnership.id, partnership.reseller.company)).collect();
    let rows = found.rows.iter().map(|order| row(order, companies.get(&order.partnership).map_or("", String::as_str))).collect();
    Ok((rows, found.next))
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
