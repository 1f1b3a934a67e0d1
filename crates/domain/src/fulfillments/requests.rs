//! Requests to take fulfillments back, as they are read (EXT-9).

use super::queries::FulfillmentRow;
use super::units;
use crate::access::{MerchantScope, PartnershipScope, named};
use crate::ids::{CancelRequestId, FulfillmentId, LicenseId, PartnershipId};
use crate::listing::{Page, PageRequest};
use tradepost_kernel::{Currency, Refusal, Timestamp, sabotage};
use tradepost_store::{Fault, FromRow, Reader, Row, Sql, params, sql};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// The merchant has not decided yet. At most one of a fulfillment.
    Pending,
    /// The licenses were taken back.
    Approved,
    /// Nothing changed.
    Rejected,
    /// The reseller took the request back.
    Withdrawn,
}
named!(RequestState { Pending = "pending", Approved = "approved", Rejected = "rejected", Withdrawn = "withdrawn" });

/// One request, as stored.
#[derive(Clone, Debug)]
pub struct CancelRequestRow {
    /// Its id.
    pub id: CancelRequestId,
    /// Who asks.
    pub partnership: PartnershipId,
    /// About which fulfillment.
    pub fulfillment: FulfillmentId,
    /// The shop's order id of that.
    pub external_order_id: String,
    /// Of every amount.
    pub currency: Currency,
    /// Where it stands.
    pub state: RequestState,
    /// Whether it is about everything that was not taken back before; else it names its licenses.
    pub whole: bool,
    /// About how many licenses.
    pub quantity: i64,
    /// Why, in the reseller's words.
    pub reason: String,
    /// What went back to the prepaid balance, minor units; 0 until it is approved.
    pub refund_minor: i64,
    /// What the merchant said to it.
    pub note: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was decided or withdrawn.
    pub decided: Option<Timestamp>,
}

impl CancelRequestRow {
    /// Whether it can still be decided or withdrawn.
    ///
    /// # Errors
    /// `not_pending`, with its state.
    pub fn must_be_pending(&self) -> Result<(), Refusal> {
        match self.state {
            RequestState::Pending => Ok(()),
            // Whoever waited for another decision goes by what stood before it.
            _ if sabotage::is("cancel_request.stale") => Ok(()),
            state => Err(Refusal::conflict("not_pending", "The request was decided or withdrawn before.").in_state(state.name())),
        }
    }
}

impl FromRow for CancelRequestRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        Ok(Self {
            id: columns.next()?,
            partnership: columns.next()?,
            fulfillment: columns.next()?,
            external_order_id: columns.next()?,
            currency: columns.next()?,
            state: RequestState::from_name(&columns.next::<String>()?).ok_or(Fault::Column("a state of requests"))?,
            whole: columns.next()?,
            quantity: columns.next()?,
            reason: columns.next()?,
            refund_minor: columns.next()?,
            note: columns.next()?,
            created: columns.next()?,
            decided: columns.next()?,
        })
    }
}

macro_rules! request_columns {
    () => {
        "SELECT c.id, c.partnership, c.fulfillment, f.external_order_id, f.currency, c.state, c.whole, c.quantity, c.reason, c.refund_minor, \
         c.note, c.created_ms, c.decided_ms "
    };
}

macro_rules! request_sql {
    ($rest:literal) => {
        sql!(concat!(request_columns!(), "FROM cancel_request c JOIN fulfillment f ON f.merchant = c.merchant AND f.id = c.fulfillment ", $rest))
    };
}

/// One request of a merchant; of one partnership, where it is named.
///
/// # Errors
/// The store's.
pub async fn request(
    reader: &mut Reader<'_>,
    scope: MerchantScope,
    partnership: Option<PartnershipId>,
    id: CancelRequestId,
) -> Result<Option<CancelRequestRow>, Fault> {
    let row: Option<CancelRequestRow> = reader.query_opt(request_sql!("WHERE c.merchant = $1 AND c.id = $2"), params![scope.merchant, id]).await?;
    Ok(row.filter(|row| partnership.is_none_or(|partnership| partnership == row.partnership)))
}

/// The request about a fulfillment that is not decided yet.
///
/// # Errors
/// The store's.
pub async fn open_of(reader: &mut Reader<'_>, merchant: i64, fulfillment: FulfillmentId) -> Result<Option<CancelRequestRow>, Fault> {
    let sql = request_sql!("WHERE c.merchant = $1 AND c.fulfillment = $2 AND c.state = 'pending'");
    reader.query_opt(sql, params![merchant, fulfillment]).await
}

/// Whether a request of a partnership about a sale in this currency is not decided yet.
///
/// # Errors
/// The store's.
pub async fn any_pending_in(reader: &mut Reader<'_>, scope: PartnershipScope, currency: Currency) -> Result<bool, Fault> {
    let sql = sql!(
        "SELECT c.id FROM cancel_request c JOIN fulfillment f ON f.merchant = c.merchant AND f.id = c.fulfillment
         WHERE c.merchant = $1 AND c.partnership = $2 AND c.state = 'pending' AND f.currency = $3 LIMIT 1"
    );
    let found: Option<(CancelRequestId,)> = reader.query_opt(sql, params![scope.merchant, scope.partnership, currency]).await?;
    Ok(found.is_some())
}

/// The licenses that a request names, in order of id; none where it is about the whole.
///
/// # Errors
/// The store's.
pub async fn named_by(reader: &mut Reader<'_>, merchant: i64, request: CancelRequestId) -> Result<Vec<LicenseId>, Fault> {
    let sql = sql!("SELECT license FROM cancel_request_license WHERE merchant = $1 AND cancel_request = $2 ORDER BY license");
    let rows: Vec<(LicenseId,)> = reader.query(sql, params![merchant, request]).await?;
    Ok(rows.into_iter().map(|(license,)| license).collect())
}

/// Which requests a list shows.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only about this fulfillment.
    pub fulfillment: Option<FulfillmentId>,
    /// Only in this state.
    pub state: Option<RequestState>,
    /// Only about what stands under this id of a shop's order, typed in full.
    pub external_order_id: Option<String>,
}

/// Requests about what stands under one id of shops' orders, `$8`: looked up in each partnership, or in `$7` alone (empty: any), as fulfillments are.
pub const LIST_OF_EXTERNAL_ORDER: Sql = sql!(concat!(
    request_columns!(),
    "FROM partnership q CROSS JOIN fulfillment f CROSS JOIN cancel_request c
     WHERE q.merchant = $1 AND (q.id = $7 OR length($7) = 0) AND f.merchant = q.merchant AND f.partnership = q.id AND f.external_order_id = $8
     AND c.merchant = f.merchant AND c.fulfillment = f.id AND (c.id < $2 OR length($2) = 0) AND ($4 = 1 OR c.fulfillment = $5) AND ($6 = '' OR c.state = $6)
     ORDER BY c.id DESC LIMIT $3"
));

/// A page of requests, newest first.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, filter: &RequestFilter, page: PageRequest) -> Result<Page<CancelRequestRow>, Fault> {
    let (any_fulfillment, fulfillment) = (filter.fulfillment.is_none(), filter.fulfillment.unwrap_or(crate::ids::nobody()));
    let state = filter.state.map_or("", RequestState::name);
    let mut values = params![scope.merchant, page.bound(), page.fetch(), any_fulfillment, fulfillment, state].to_vec();
    // Three statements, so that each goes by its own index.
    let external = filter.external_order_id.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let rows = if let Some(external) = external {
        values.push(filter.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec()).into());
        values.push(external.into());
        reader.query(LIST_OF_EXTERNAL_ORDER, &values).await?
    } else if let Some(partnership) = filter.partnership {
        values.push(partnership.into());
        let text = request_sql!(
            "WHERE c.merchant = $1 AND c.partnership = $7 AND c.id < $2 AND ($4 = 1 OR c.fulfillment = $5) AND ($6 = '' OR c.state = $6)
             ORDER BY c.id DESC LIMIT $3"
        );
        reader.query(text, &values).await?
    } else {
        let text =
            request_sql!("WHERE c.merchant = $1 AND c.id < $2 AND ($4 = 1 OR c.fulfillment = $5) AND ($6 = '' OR c.state = $6) ORDER BY c.id DESC LIMIT $3");
        reader.query(text, &values).await?
    };
    Ok(page.page(rows, |row| row.id))
}

/// What an approval of a request would come to, right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Licenses whose codes were shown: they are revoked.
    pub shown: i64,
    /// Units whose codes nobody saw: they go back to stock.
    pub unshown: i64,
    /// What must go back at least: the cost of what nobody saw. Minor units.
    pub least_minor: i64,
    /// What may go back at most: the cost of all of it, less what was given back before. Minor units.
    pub most_minor: i64,
}

impl Stake {
    pub(super) fn of(row: &FulfillmentRow, shown: i64, unshown: i64) -> Self {
        // Never more than what is left of the debit, whatever was decided before.
        let left = row.total_minor - row.refunded_minor;
        let cost = |units: i64| row.unit_minor.saturating_mul(units).min(left);
        Self { shown, unshown, least_minor: cost(unshown), most_minor: cost(shown.saturating_add(unshown)) }
    }
}

/// What an approval of a request would come to. `None`: there is nothing left to take back.
///
/// # Errors
/// The store's.
pub async fn stake(reader: &mut Reader<'_>, merchant: i64, request: &CancelRequestRow, row: &FulfillmentRow) -> Result<Option<Stake>, Fault> {
    let (shown, unshown) = units::standing_counts(reader, merchant, row, (!request.whole).then_some(request.id)).await?;
    Ok((shown + unshown > 0).then(|| Stake::of(row, shown, unshown)))
}
