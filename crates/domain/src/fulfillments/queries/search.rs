//! Lists of fulfillments: filtered and sorted where the rows are. What is rare among many has an index of its own.

use super::FulfillmentRow;
use crate::access::MerchantScope;
use crate::fulfillments::State;
use crate::ids::PartnershipId;
use crate::listing::{ByAge, Page, PageRequest, Turned};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, params, sql};

/// Which fulfillments a list shows.
#[derive(Clone, Debug, Default)]
pub struct FulfillmentFilter {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only this external order id.
    pub external_order_id: Option<String>,
    /// Recorded at or after.
    pub created_from: Option<Timestamp>,
    /// Recorded before.
    pub created_to: Option<Timestamp>,
    /// In what order.
    pub sort: ByAge,
}

/// What narrows every list: `$1` merchant, `$2` before, `$3` rows, `$4` state, `$5` external order id, `$6` from, `$7` to, `$8` partnership (each empty:
/// any), `$9` the smallest id that is wanted.
macro_rules! narrowed {
    () => {
        " AND ($4 = '' OR f.state = $4) AND ($5 = '' OR f.external_order_id = $5) AND f.created_ms >= $6 AND f.created_ms < $7
         AND (f.partnership = $8 OR length($8) = 0)"
    };
}

/// Those that an index of the table itself holds, and what its name for them is.
macro_rules! turned_sql {
    ($from:literal, $by:literal, $order:literal, $turn:literal) => {
        sql!(concat!(
            "SELECT ",
            columns!(),
            " FROM ",
            $from,
            " CROSS JOIN product p WHERE p.merchant = f.merchant AND p.number = f.product ",
            $by,
            narrowed!(),
            " ORDER BY ",
            $order,
            $turn,
            " LIMIT $3"
        ))
    };
}

macro_rules! list_sql {
    ($from:literal, $by:literal, $order:literal) => {
        Turned { newest: turned_sql!($from, $by, $order, " DESC"), oldest: turned_sql!($from, $by, $order, "") }
    };
}

/// A page of a merchant's fulfillments.
pub const LIST: Turned = list_sql!("fulfillment f", "AND f.merchant = $1 AND f.id < $2 AND f.id >= $9", "f.id");
/// Those of one partnership. As with orders, an index that holds all that is asked of `y` is the one that SQLite takes.
pub const LIST_OF_PARTNERSHIP: Turned = list_sql!(
    "fulfillment y CROSS JOIN fulfillment f",
    "AND y.merchant = $1 AND y.partnership = $8 AND y.id < $2 AND y.id >= $9 AND f.merchant = y.merchant AND f.id = y.id",
    "y.id"
);
/// Those in a state that few stay in, whoever has them.
pub const LIST_OF_RARE_STATE: Turned =
    list_sql!("fulfillment f", "AND f.merchant = $1 AND f.id < $2 AND f.id >= $9 AND f.state <> 'delivered' AND f.state = $4", "f.id");
/// Those that stand under one id of shops' orders: looked up in each partnership.
pub const LIST_OF_EXTERNAL_ORDER: Turned = list_sql!(
    "partnership q CROSS JOIN fulfillment f",
    "AND q.merchant = $1 AND f.merchant = q.merchant AND f.partnership = q.id AND f.external_order_id = $5 AND (f.id < $2 OR length($2) = 0)
     AND (f.id >= $9 OR length($9) = 0)",
    "f.id"
);
/// The one that stands under an id of a partnership's shop.
pub const LIST_OF_PARTNERSHIP_EXTERNAL_ORDER: Turned = list_sql!(
    "fulfillment f",
    "AND f.merchant = $1 AND f.partnership = $8 AND f.external_order_id = $5 AND (f.id < $2 OR length($2) = 0) AND (f.id >= $9 OR length($9) = 0)",
    "f.id"
);

/// A page of fulfillments.
///
/// # Errors
/// The store's.
pub async fn list(reader: &mut Reader<'_>, scope: MerchantScope, filter: &FulfillmentFilter, page: PageRequest) -> Result<Page<FulfillmentRow>, Fault> {
    let (state, external) = (filter.state.map_or("", State::name), filter.external_order_id.as_deref().unwrap_or(""));
    let (from, to) = (filter.created_from.map_or(0, Timestamp::ms), filter.created_to.map_or(i64::MAX, Timestamp::ms));
    let partnership = filter.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
    let (first, before) = page.span_by(filter.sort, filter.created_from, filter.created_to);
    let values = params![scope.merchant, before, page.fetch(), state, external, from, to, partnership, first];
    let text = match (filter.partnership, filter.state) {
        (Some(_), _) if !external.is_empty() => LIST_OF_PARTNERSHIP_EXTERNAL_ORDER,
        (None, _) if !external.is_empty() => LIST_OF_EXTERNAL_ORDER,
        (_, Some(state)) if state != State::Delivered => LIST_OF_RARE_STATE,
        (Some(_), _) => LIST_OF_PARTNERSHIP,
        (None, _) => LIST,
    };
    let rows = reader.query(text.by(filter.sort), values).await?;
    Ok(page.page(rows, |row: &FulfillmentRow| row.id))
}
