//! Lists of invoices: filtered and sorted where the rows are. Those that are open have an index of their own: they are few among many.

use super::InvoiceRow;
use crate::access::MerchantScope;
use crate::billing::{InvoiceKind, InvoiceStatus};
use crate::ids::PartnershipId;
use crate::listing::{Page, PageRequest};
use tradepost_kernel::Date;
use tradepost_store::{Fault, Reader, Sql, Value, params, sql};

/// In what order invoices are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvoiceSort {
    /// The newest first.
    #[default]
    Newest,
    /// What is due first comes first.
    DueDate,
}
crate::access::named!(InvoiceSort { Newest = "-issued_on", DueDate = "due_on" });

/// Which invoices a list shows.
#[derive(Clone, Debug, Default)]
pub struct InvoiceFilter {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only over this.
    pub kind: Option<InvoiceKind>,
    /// Only with this status on that day of the merchant's time zone.
    pub status: Option<(InvoiceStatus, Date)>,
    /// Only with exactly this number.
    pub number: Option<String>,
    /// In what order.
    pub sort: InvoiceSort,
}

/// `$1` merchant, `$2` rows, `$3` partnership (empty: any), `$4` kind (empty: any).
macro_rules! list_sql {
    ($by:literal, $order:literal) => {
        invoice_sql!("WHERE merchant = $1 AND (partnership = $3 OR length($3) = 0) AND ($4 = '' OR kind = $4) ", $by, " ORDER BY ", $order, " LIMIT $2")
    };
}

/// A page, newest first, before `$5`.
pub const LIST: Sql = list_sql!("AND id < $5", "id DESC");
/// Those of one partnership.
pub const LIST_OF_PARTNERSHIP: Sql = list_sql!("AND partnership = $3 AND id < $5", "id DESC");
/// The top-ups of one partnership: few among many.
pub const LIST_OF_TOP_UPS: Sql = list_sql!("AND partnership = $3 AND kind = 'top_up' AND id < $5", "id DESC");
/// The one with a number, `$6`.
pub const LIST_OF_NUMBER: Sql = list_sql!("AND id < $5 AND number = $6", "id DESC");
/// Top-ups of all.
pub const LIST_TOP_UPS: Sql = list_sql!("AND id < $5 AND kind = 'top_up'", "id DESC");
/// Paid ones.
pub const LIST_PAID: Sql = list_sql!("AND id < $5 AND canceled_ms IS NULL AND paid_minor >= total_minor", "id DESC");
/// Canceled ones.
pub const LIST_CANCELED: Sql = list_sql!("AND id < $5 AND canceled_ms IS NOT NULL", "id DESC");
/// Open ones that are not yet due on `$6`.
pub const LIST_UNPAID: Sql = list_sql!("AND id < $5 AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on >= $6", "id DESC");
/// Open ones that were due before `$6`.
pub const LIST_OVERDUE: Sql = list_sql!("AND id < $5 AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on < $6", "id DESC");
/// Paid ones of one partnership.
pub const LIST_PAID_OF_PARTNERSHIP: Sql = list_sql!("AND partnership = $3 AND id < $5 AND canceled_ms IS NULL AND paid_minor >= total_minor", "id DESC");
/// Paid top-ups.
pub const LIST_PAID_TOP_UPS: Sql = list_sql!("AND id < $5 AND kind = 'top_up' AND canceled_ms IS NULL AND paid_minor >= total_minor", "id DESC");
/// Paid top-ups of one partnership.
pub const LIST_PAID_TOP_UPS_OF_PARTNERSHIP: Sql =
    list_sql!("AND partnership = $3 AND kind = 'top_up' AND id < $5 AND canceled_ms IS NULL AND paid_minor >= total_minor", "id DESC");
/// Canceled ones of one partnership.
pub const LIST_CANCELED_OF_PARTNERSHIP: Sql = list_sql!("AND partnership = $3 AND id < $5 AND canceled_ms IS NOT NULL", "id DESC");
/// Open ones that are not yet due on `$6` of one partnership.
pub const LIST_UNPAID_OF_PARTNERSHIP: Sql =
    list_sql!("AND partnership = $3 AND id < $5 AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on >= $6", "id DESC");
/// Open ones that were due before `$6` of one partnership.
pub const LIST_OVERDUE_OF_PARTNERSHIP: Sql =
    list_sql!("AND partnership = $3 AND id < $5 AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on < $6", "id DESC");
/// All by the day on which they are due, behind `$5` and `$6`.
pub const LIST_BY_DUE: Sql = list_sql!("AND (due_on, id) > ($5, $6)", "due_on, id");
/// Paid ones by that day.
pub const PAID_BY_DUE: Sql = list_sql!("AND (due_on, id) > ($5, $6) AND canceled_ms IS NULL AND paid_minor >= total_minor", "due_on, id");
/// Canceled ones by that day.
pub const CANCELED_BY_DUE: Sql = list_sql!("AND (due_on, id) > ($5, $6) AND canceled_ms IS NOT NULL", "due_on, id");
/// Open ones, not yet due on `$7`, by that day.
pub const UNPAID_BY_DUE: Sql = list_sql!("AND (due_on, id) > ($5, $6) AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on >= $7", "due_on, id");
/// Open ones, due before `$7`, by that day.
pub const OVERDUE_BY_DUE: Sql = list_sql!("AND (due_on, id) > ($5, $6) AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on < $7", "due_on, id");
/// All of one partnership by the day on which they are due, behind `$5` and `$6`.
pub const LIST_OF_PARTNERSHIP_BY_DUE: Sql = list_sql!("AND partnership = $3 AND (due_on, id) > ($5, $6)", "due_on, id");
/// Paid ones of one partnership by that day.
pub const PAID_OF_PARTNERSHIP_BY_DUE: Sql =
    list_sql!("AND partnership = $3 AND (due_on, id) > ($5, $6) AND canceled_ms IS NULL AND paid_minor >= total_minor", "due_on, id");
/// Canceled ones of one partnership by that day.
pub const CANCELED_OF_PARTNERSHIP_BY_DUE: Sql = list_sql!("AND partnership = $3 AND (due_on, id) > ($5, $6) AND canceled_ms IS NOT NULL", "due_on, id");
/// Open ones, not yet due on `$7`, of one partnership by that day.
pub const UNPAID_OF_PARTNERSHIP_BY_DUE: Sql =
    list_sql!("AND partnership = $3 AND (due_on, id) > ($5, $6) AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on >= $7", "due_on, id");
/// Open ones, due before `$7`, of one partnership by that day.
pub const OVERDUE_OF_PARTNERSHIP_BY_DUE: Sql =
    list_sql!("AND partnership = $3 AND (due_on, id) > ($5, $6) AND paid_minor < total_minor AND canceled_ms IS NULL AND due_on < $7", "due_on, id");

/// A page of a merchant's invoices.
///
/// # Errors
/// The store's.
pub async fn search(reader: &mut Reader<'_>, scope: MerchantScope, filter: &InvoiceFilter, page: PageRequest) -> Result<Page<InvoiceRow>, Fault> {
    let partnership = filter.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
    let mut values = params![scope.merchant, page.fetch(), partnership, filter.kind.map_or("", InvoiceKind::name)].to_vec();
    let text = if filter.sort == InvoiceSort::DueDate && filter.number.is_none() {
        let (due_on, id) = behind(&mut *reader, scope, page).await?;
        values.extend([due_on.into(), Value::from(id)]);
        by_due(filter, &mut values)
    } else {
        values.push(page.bound().into());
        newest(filter, &mut values)
    };
    let mut rows: Vec<InvoiceRow> = reader.query(text, &values).await?;
    if let (Some(_), Some((status, today))) = (&filter.number, filter.status) {
        rows.retain(|row| row.status(today) == status);
    }
    Ok(page.page(rows, |row| row.id))
}

/// The partnership decides first: what one has is few among what the merchant has.
fn newest(filter: &InvoiceFilter, values: &mut Vec<Value>) -> Sql {
    if let Some(number) = &filter.number {
        values.push(number.into());
        return LIST_OF_NUMBER;
    }
    values.extend(day(filter));
    match (filter.partnership.is_some(), filter.status.map(|(status, _)| status)) {
        (false, Some(InvoiceStatus::Paid)) if filter.kind == Some(InvoiceKind::TopUp) => LIST_PAID_TOP_UPS,
        (true, Some(InvoiceStatus::Paid)) if filter.kind == Some(InvoiceKind::TopUp) => LIST_PAID_TOP_UPS_OF_PARTNERSHIP,
        (false, Some(InvoiceStatus::Paid)) => LIST_PAID,
        (false, Some(InvoiceStatus::Canceled)) => LIST_CANCELED,
        (false, Some(InvoiceStatus::Unpaid)) => LIST_UNPAID,
        (false, Some(InvoiceStatus::Overdue)) => LIST_OVERDUE,
        (true, Some(InvoiceStatus::Paid)) => LIST_PAID_OF_PARTNERSHIP,
        (true, Some(InvoiceStatus::Canceled)) => LIST_CANCELED_OF_PARTNERSHIP,
        (true, Some(InvoiceStatus::Unpaid)) => LIST_UNPAID_OF_PARTNERSHIP,
        (true, Some(InvoiceStatus::Overdue)) => LIST_OVERDUE_OF_PARTNERSHIP,
        (true, None) if filter.kind == Some(InvoiceKind::TopUp) => LIST_OF_TOP_UPS,
        (true, None) => LIST_OF_PARTNERSHIP,
        (false, None) if filter.kind == Some(InvoiceKind::TopUp) => LIST_TOP_UPS,
        (false, None) => LIST,
    }
}

fn by_due(filter: &InvoiceFilter, values: &mut Vec<Value>) -> Sql {
    values.extend(day(filter));
    match (filter.partnership.is_some(), filter.status.map(|(status, _)| status)) {
        (false, None) => LIST_BY_DUE,
        (false, Some(InvoiceStatus::Paid)) => PAID_BY_DUE,
        (false, Some(InvoiceStatus::Canceled)) => CANCELED_BY_DUE,
        (false, Some(InvoiceStatus::Unpaid)) => UNPAID_BY_DUE,
        (false, Some(InvoiceStatus::Overdue)) => OVERDUE_BY_DUE,
        (true, None) => LIST_OF_PARTNERSHIP_BY_DUE,
        (true, Some(InvoiceStatus::Paid)) => PAID_OF_PARTNERSHIP_BY_DUE,
        (true, Some(InvoiceStatus::Canceled)) => CANCELED_OF_PARTNERSHIP_BY_DUE,
        (true, Some(InvoiceStatus::Unpaid)) => UNPAID_OF_PARTNERSHIP_BY_DUE,
        (true, Some(InvoiceStatus::Overdue)) => OVERDUE_OF_PARTNERSHIP_BY_DUE,
    }
}

/// The day by which open ones are told from overdue ones.
fn day(filter: &InvoiceFilter) -> Option<Value> {
    filter.status.filter(|(status, _)| matches!(status, InvoiceStatus::Unpaid | InvoiceStatus::Overdue)).map(|(_, today)| today.into())
}

/// Where a page by due dates begins: behind the invoice of the cursor, or before all.
async fn behind(reader: &mut Reader<'_>, scope: MerchantScope, page: PageRequest) -> Result<(String, Vec<u8>), Fault> {
    let Some(cursor) = page.before else { return Ok((String::new(), Vec::new())) };
    let due_on: Option<String> = reader.query_opt(sql!("SELECT due_on FROM invoice WHERE merchant = $1 AND id = $2"), params![scope.merchant, cursor]).await?;
    Ok((due_on.unwrap_or_default(), cursor.to_vec()))
}
