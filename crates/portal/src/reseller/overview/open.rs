//! What of a partnership waits for payment.

use tradepost_domain::billing;
use tradepost_domain::ids::{InvoiceId, OrderId};
use tradepost_domain::orders::OrderRow;
use tradepost_domain::orders::queries as orders;
use tradepost_kernel::{Date, Money};
use tradepost_web::api::orders::OrderSummary;
use tradepost_web::{Call, Problem};

/// How many unpaid orders the overview shows, the oldest first: the others stand in the lists.
const SHOWN: usize = 10;

/// What is open.
pub(super) struct Open {
    /// Orders that are not paid, newest first.
    pub(super) orders: Vec<OrderSummary>,
    /// Invoices that are not paid, those first that are due first.
    pub(super) invoices: Vec<OpenInvoice>,
}

/// An invoice that is not paid.
pub(super) struct OpenInvoice {
    pub(super) id: InvoiceId,
    pub(super) number: String,
    pub(super) due_on: Date,
    pub(super) open: Money,
    /// Over prepaid balance: nothing of it counts for credit.
    pub(super) top_up: bool,
}

/// Reads it by the index of open orders, never by a walk through all that was ever ordered.
pub(super) async fn read(call: &Call) -> Result<Open, Problem> {
    let scope = call.partnership()?;
    let (unpaid, billed, top_ups) = call
        .read(move |reader| {
            Box::pin(async move {
                let oldest: Vec<OrderId> = orders::open(reader, scope).await?.iter().take(SHOWN).map(|open| open.order).collect();
                let unpaid = orders::by_ids(reader, scope.merchant, &oldest).await?;
                let mut billed = Vec::with_capacity(oldest.len());
                for order in oldest {
                    billed.extend(billing::queries::of_order(reader, scope.merchant, order).await?.map(|invoice| (order, invoice)));
                }
                let top_ups = billing::queries::open_top_ups(reader, scope).await?;
                Ok((unpaid, billed, top_ups))
            })
        })
        .await?;
    let mut invoices: Vec<OpenInvoice> = Vec::new();
    for (order, (id, number, due_on)) in billed {
        let Some(part) = unpaid.iter().find(|row| row.id == order).map(open_of) else { continue };
        // Several orders may stand on one invoice.
        match invoices.iter_mut().find(|known| known.id == id) {
            Some(known) => known.open = known.open.checked_add(part).unwrap_or(known.open),
            None => invoices.push(OpenInvoice { id, number, due_on, open: part, top_up: false }),
        }
    }
    invoices.extend(top_ups.into_iter().take(SHOWN).map(|row| OpenInvoice {
        id: row.id,
        open: row.currency.minor(row.open_minor()),
        due_on: row.due_on,
        number: row.number,
        top_up: true,
    }));
    invoices.sort_by_key(|invoice| (invoice.due_on, invoice.id));
    let mut orders: Vec<OrderSummary> = unpaid.into_iter().map(OrderSummary::from).collect();
    orders.sort_by_key(|order| std::cmp::Reverse(order.id));
    Ok(Open { orders, invoices })
}

fn open_of(order: &OrderRow) -> Money {
    order.currency.minor(order.open_minor())
}
