//! What of a partnership waits for payment, and what was ordered lately.

use std::collections::{HashMap, HashSet};
use tradepost_domain::ids::{InvoiceId, OrderId};
use tradepost_domain::orders::OrderRow;
use tradepost_domain::orders::queries as orders;
use tradepost_domain::{billing, licenses};
use tradepost_kernel::{Date, Money};
use tradepost_web::api::credit::Overview;
use tradepost_web::api::orders::OrderSummary;
use tradepost_web::{Call, Problem};

/// How many unpaid orders the overview shows, the oldest first: the others stand in the lists.
const SHOWN: usize = 10;

/// What is open, and what is new.
pub(super) struct Open {
    /// The newest orders, then those among the older ones that are not paid, newest first.
    pub(super) orders: Vec<OpenOrder>,
    /// Invoices that are not paid, those first that are due first.
    pub(super) invoices: Vec<OpenInvoice>,
}

/// An order with what can be done from here.
pub(super) struct OpenOrder {
    pub(super) order: OrderSummary,
    pub(super) invoice: Option<InvoiceId>,
    /// Its codes can be downloaded now.
    pub(super) has_file: bool,
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
pub(super) async fn read(call: &Call, seen: &Overview) -> Result<Open, Problem> {
    let scope = call.partnership()?;
    let recent: Vec<OrderId> = seen.recent_orders.iter().filter(|order| order.placed_at.is_some()).map(|order| order.id).collect();
    // While the credit limit is reached there is no file, whatever was paid (CRD-5).
    let due = seen.credit.as_ref().is_none_or(|credit| credit.balance_due);
    let (unpaid, billed, top_ups, files) = call
        .read(move |reader| {
            Box::pin(async move {
                let oldest: Vec<OrderId> = orders::open(reader, scope).await?.iter().take(SHOWN).map(|open| open.order).collect();
                let unpaid = orders::by_ids(reader, scope.merchant, &oldest).await?;
                let shown: HashSet<OrderId> = oldest.into_iter().chain(recent).collect();
                let (mut billed, mut files) = (HashMap::new(), HashSet::new());
                for order in shown {
                    billed.extend(billing::queries::of_order(reader, scope.merchant, order).await?.map(|invoice| (order, invoice)));
                    if !due && licenses::queries::has_file(reader, scope.merchant, order).await? {
                        files.insert(order);
                    }
                }
                let top_ups = billing::queries::open_top_ups(reader, scope).await?;
                Ok((unpaid, billed, top_ups, files))
            })
        })
        .await?;
    let mut invoices: Vec<OpenInvoice> = Vec::new();
    for row in &unpaid {
        let Some((id, number, due_on)) = billed.get(&row.id) else { continue };
        let part = open_of(row);
        // Several orders may stand on one invoice.
        match invoices.iter_mut().find(|known| known.id == *id) {
            Some(known) => known.open = known.open.checked_add(part).unwrap_or(known.open),
            None => invoices.push(OpenInvoice { id: *id, number: number.clone(), due_on: *due_on, open: part, top_up: false }),
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
    let mut older: Vec<OrderSummary> = unpaid.into_iter().map(OrderSummary::from).collect();
    older.retain(|order| !seen.recent_orders.iter().any(|one| one.id == order.id));
    older.sort_by_key(|order| std::cmp::Reverse(order.id));
    let with_acts = |order: OrderSummary| OpenOrder {
        invoice: billed.get(&order.id).map(|invoice| invoice.0),
        has_file: order.released_at.is_some() && order.canceled_at.is_none() && files.contains(&order.id),
        order,
    };
    Ok(Open { orders: seen.recent_orders.iter().cloned().chain(older).map(with_acts).collect(), invoices })
}

fn open_of(order: &OrderRow) -> Money {
    order.currency.minor(order.open_minor())
}
