//! Lists of licenses: filtered and sorted where the rows are. What is rare among many has an index of its own.

use super::LicenseRow;
use crate::ids::{OrderId, PartnershipId};
use crate::licenses::state::{Stage, Status};
use crate::listing::{ByAge, Page, PageRequest, Turned};
use tradepost_store::{Fault, Reader, Value, params, sql};

/// Which licenses a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LicenseFilter {
    /// Only this order's.
    pub order: Option<OrderId>,
    /// Only of this product.
    pub product: Option<i64>,
    /// Only in this stage.
    pub stage: Option<Stage>,
    /// Only with this status.
    pub status: Option<Status>,
    /// In what order.
    pub sort: ByAge,
}

/// What narrows every list: `$1` merchant, `$2` behind, `$3` rows, `$4` product (0: any), `$5` stage, `$6` status, `$7` partnership (each empty: any).
macro_rules! list_sql {
    ($by:literal) => {
        $crate::listing::Turned {
            newest: $crate::licenses::queries::list_sql!(@ "AND l.id < $2 ", $by, " DESC LIMIT $3"),
            oldest: $crate::licenses::queries::list_sql!(@ "AND l.id > $2 ", $by, " LIMIT $3"),
        }
    };
    (@ $behind:literal, $by:literal, $turn:literal) => {
        $crate::licenses::queries::license_sql!(
            "WHERE l.merchant = $1 ",
            $behind,
            $by,
            " AND (CAST($4 AS bigint) = 0 OR l.product = $4) AND ($5 = '' OR l.stage = $5) AND ($6 = '' OR l.status = $6)
             AND (l.partnership = $7 OR length($7) = 0) ORDER BY l.id",
            $turn
        )
    };
}
pub(crate) use list_sql;

/// A page of a merchant's licenses. Those of one product, whoever has them, are found by walking through all: an index for them would cost every sale, and
/// no other holds them in their order.
pub const LIST: Turned = list_sql!("");
/// Those of one order, `$8`.
pub const LIST_OF_ORDER: Turned = list_sql!("AND l.orders = $8");
/// Those of one partnership.
pub const LIST_OF_PARTNERSHIP: Turned = list_sql!("AND l.partnership = $7");
/// Those of one product in a partnership's inventory.
pub const LIST_AVAILABLE_OF_PRODUCT: Turned = list_sql!("AND l.partnership = $7 AND l.product = $4 AND l.stage = 'available'");
/// Those that wait for the merchant's word: few among many, whoever has them.
pub const LIST_TO_CONFIRM: Turned = list_sql!("AND l.status = 'waiting_for_fulfillment_confirmation'");
/// Those in a stage that few are in, whoever has them.
pub const LIST_OF_RARE_STAGE: Turned = list_sql!("AND l.stage IN ('waiting', 'canceled', 'revoked') AND l.stage = $5");

/// The first seven parameters of every list.
pub(crate) fn narrowing(merchant: i64, partnership: Option<PartnershipId>, filter: LicenseFilter, page: PageRequest) -> Vec<Value> {
    let (stage, status) = (filter.stage.map_or("", Stage::name), filter.status.map_or("", Status::name));
    let of = partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
    params![merchant, page.behind(filter.sort), page.fetch(), filter.product.unwrap_or(0), stage, status, of].to_vec()
}

/// A page of a merchant's licenses, or of one partnership's.
///
/// # Errors
/// The store's.
pub async fn list(
    reader: &mut Reader<'_>,
    merchant: i64,
    partnership: Option<PartnershipId>,
    filter: LicenseFilter,
    page: PageRequest,
) -> Result<Page<LicenseRow>, Fault> {
    let mut values = narrowing(merchant, partnership, filter, page);
    let text = if let Some(order) = filter.order {
        values.push(order.into());
        LIST_OF_ORDER
    } else {
        match (partnership, filter.product, filter.stage, filter.status) {
            (_, _, Some(Stage::Waiting | Stage::Canceled | Stage::Revoked), _) => LIST_OF_RARE_STAGE,
            (_, _, _, Some(Status::WaitingForConfirmation)) => LIST_TO_CONFIRM,
            (Some(_), Some(_), Some(Stage::Available), _) => LIST_AVAILABLE_OF_PRODUCT,
            (Some(_), ..) => LIST_OF_PARTNERSHIP,
            (None, ..) => LIST,
        }
    };
    let rows = reader.query(text.by(filter.sort), &values).await?;
    Ok(page.page(rows, |row: &LicenseRow| row.id))
}
