//! Lists of payments: filtered, searched and sorted where the rows are (PAY-3). Each statement has one index that it goes by.

use super::PaymentRow;
use crate::access::MerchantScope;
use crate::billing::PaymentMethod;
use crate::ids::{InvoiceId, PartnershipId};
use crate::listing::{ByAge, Page, PageRequest, Turned};
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, Reader, Value, params, sql};

/// Which payments a list shows.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// Only of this partnership.
    pub partnership: Option<PartnershipId>,
    /// Only for this invoice.
    pub invoice: Option<InvoiceId>,
    /// Only those that came so.
    pub method: Option<PaymentMethod>,
    /// Only with exactly this reference, or for the invoice with this number.
    pub search: Option<String>,
    /// Recorded at or after.
    pub created_from: Option<Timestamp>,
    /// Recorded before.
    pub created_to: Option<Timestamp>,
    /// In what order.
    pub sort: ByAge,
}

/// `$1` merchant, `$2` before, `$3` rows, `$4` the smallest id that is wanted, `$5` from, `$6` to, `$7` partnership, `$8` invoice, `$9` method (each empty:
/// any).
macro_rules! payments_sql {
    ($bounds:literal, $by:literal, $turn:literal) => {
        sql!(concat!(
            "SELECT p.id, p.partnership, p.invoice, p.method, p.currency, p.amount_minor, p.allocated_minor, p.received_on, p.reference, p.created_ms
             FROM payment p WHERE p.merchant = $1 ",
            $bounds,
            $by,
            " AND p.created_ms >= $5 AND p.created_ms < $6 AND (p.partnership = $7 OR length($7) = 0) AND (p.invoice = $8 OR length($8) = 0)
             AND ($9 = '' OR p.method = $9) ORDER BY p.id",
            $turn,
            " LIMIT $3"
        ))
    };
}

/// Those that something leads to. The end where a page begins is a bound, the other is asked as an OR: with both as bounds SQLite would walk through the key of
/// the table.
macro_rules! led_sql {
    ($by:literal) => {
        Turned {
            newest: payments_sql!("AND p.id < $2 AND (p.id >= $4 OR length($4) = 0) ", $by, " DESC"),
            oldest: payments_sql!("AND p.id >= $4 AND (p.id < $2 OR length($2) = 0) ", $by, ""),
        }
    };
}

/// A page of a merchant's payments.
pub const PAYMENTS: Turned =
    Turned { newest: payments_sql!("AND p.id < $2 AND p.id >= $4", "", " DESC"), oldest: payments_sql!("AND p.id < $2 AND p.id >= $4", "", "") };
/// Those of one partnership.
pub const PAYMENTS_OF_PARTNERSHIP: Turned = led_sql!("AND p.partnership = $7");
/// Those for one invoice.
pub const PAYMENTS_OF_INVOICE: Turned = led_sql!("AND p.invoice = $8");
/// Those that came in one way.
pub const PAYMENTS_OF_METHOD: Turned = led_sql!("AND p.method = $9");
/// Those with a reference, `$10`, or for the invoice with that number.
pub const PAYMENTS_OF_NAME: Turned = led_sql!(
    "AND p.id IN (SELECT x.id FROM payment x WHERE x.merchant = $1 AND x.reference = $10
       UNION SELECT x.id FROM invoice v CROSS JOIN payment x WHERE v.merchant = $1 AND v.number = $11 AND x.merchant = v.merchant AND x.invoice = v.id)"
);

/// A page of payments.
///
/// # Errors
/// The store's.
pub async fn payments(reader: &mut Reader<'_>, scope: MerchantScope, filter: &PaymentFilter, page: PageRequest) -> Result<Page<PaymentRow>, Fault> {
    let (first, before) = page.span_by(filter.sort, filter.created_from, filter.created_to);
    let (from, to) = (filter.created_from.map_or(i64::MIN, Timestamp::ms), filter.created_to.map_or(i64::MAX, Timestamp::ms));
    let of = filter.partnership.map_or_else(Vec::new, |partnership| partnership.bytes().to_vec());
    let invoice = filter.invoice.map_or_else(Vec::new, |invoice| invoice.bytes().to_vec());
    let method = filter.method.map_or("", PaymentMethod::name);
    let mut values = params![scope.merchant, before, page.fetch(), first, from, to, of, invoice, method].to_vec();
    let word = filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = match (word, filter) {
        (Some(word), _) => {
            values.extend([Value::from(word), Value::from(word.to_ascii_uppercase())]);
            PAYMENTS_OF_NAME
        }
        (None, PaymentFilter { invoice: Some(_), .. }) => PAYMENTS_OF_INVOICE,
        (None, PaymentFilter { partnership: Some(_), .. }) => PAYMENTS_OF_PARTNERSHIP,
        (None, PaymentFilter { method: Some(_), .. }) => PAYMENTS_OF_METHOD,
        (None, _) => PAYMENTS,
    };
    let rows = reader.query(text.by(filter.sort), &values).await?;
    Ok(page.page(rows, |row: &PaymentRow| row.id))
}
