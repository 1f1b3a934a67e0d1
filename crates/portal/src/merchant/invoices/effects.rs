//! What a payment would do, before it is recorded: what it pays, what it releases, what becomes balance (PAY-3, CRD-3, EXT-1).
//!
//! The command decides; this reckons with the domain's own functions over what is read now, so that the page can say it beforehand.

use std::collections::{BTreeSet, HashMap};
use tradepost_domain::billing::queries::{self as billing, InvoiceRow};
use tradepost_domain::billing::{InvoiceKind, allocate};
use tradepost_domain::credit::{Exposure, OpenOrder};
use tradepost_domain::ids::{InvoiceId, OrderId};
use tradepost_domain::orders::{OrderRow, queries as orders};
use tradepost_domain::partners::terms::{self, PaymentWay};
use tradepost_domain::{MerchantScope, PartnershipScope, partners};
use tradepost_kernel::Currency;
use tradepost_store::{Fault, Reader};

/// An invoice with the orders that a payment of it can move.
pub(super) struct Stake {
    pub(super) invoice: InvoiceRow,
    pub(super) company: String,
    /// Ways to pay that the terms exclude.
    pub(super) excluded: BTreeSet<PaymentWay>,
    /// The orders on the invoice, oldest first.
    orders: Vec<OrderRow>,
    /// The credit limit and every open order of the partnership, oldest first.
    exposure: Exposure,
    /// Orders that are held now, by id.
    held: HashMap<OrderId, OrderRow>,
}

/// What a payment does, minor units.
pub(super) struct Effects {
    /// What of it pays the invoice.
    pub(super) pays_minor: i64,
    /// What stays open of the invoice.
    pub(super) open_minor: i64,
    /// What becomes prepaid balance.
    pub(super) prepaid_minor: i64,
    /// What becomes account balance.
    pub(super) beyond_minor: i64,
    /// Held orders whose goods are released, oldest first, and whether they are paid (else they fit the credit).
    pub(super) released: Vec<(OrderId, String, bool)>,
}

/// Everything that is needed, of one snapshot. `None`: there is no such invoice.
pub(super) async fn stake(reader: &mut Reader<'_>, scope: MerchantScope, id: InvoiceId) -> Result<Option<Stake>, Fault> {
    let Some(invoice) = billing::invoice(reader, scope, None, id).await? else { return Ok(None) };
    let Some(p) = partners::queries::partnership(reader, scope, invoice.partnership).await? else { return Ok(None) };
    let of = PartnershipScope { merchant: scope.merchant, partnership: invoice.partnership };
    let ids = billing::orders_of(reader, scope.merchant, id).await?;
    let mut on_it = orders::by_ids(reader, scope.merchant, &ids).await?;
    on_it.sort_unstable_by_key(|order| order.id);
    let terms = terms::effective(reader, scope.merchant, of.partnership, p.channel).await?;
    let open = orders::open(reader, of).await?;
    let held: Vec<OrderId> = open.iter().filter(|order| order.held).map(|order| order.order).collect();
    let held = orders::by_ids(reader, scope.merchant, &held).await?.into_iter().map(|order| (order.id, order)).collect();
    let (limit, excluded) = (terms.credit_limit, terms.excluded_payment_methods);
    Ok(Some(Stake { invoice, company: p.reseller.company, excluded, orders: on_it, exposure: Exposure { limit, open }, held }))
}

impl Stake {
    pub(super) fn currency(&self) -> Currency {
        self.invoice.currency
    }

    /// The orders on the invoice.
    pub(super) fn orders(&self) -> &[OrderRow] {
        &self.orders
    }

    /// What a payment of so much does.
    pub(super) fn effects(&self, amount_minor: i64) -> Effects {
        let open_minor = self.invoice.open_minor();
        if self.invoice.kind == InvoiceKind::TopUp {
            let paid = amount_minor.min(open_minor);
            return Effects { pays_minor: paid, open_minor: open_minor - paid, prepaid_minor: paid, beyond_minor: amount_minor - paid, released: Vec::new() };
        }
        let open: Vec<(OrderId, i64)> = self.orders.iter().map(|order| (order.id, order.open_minor())).collect();
        let (parts, beyond_minor) = allocate(amount_minor, &open);
        let pays_minor: i64 = parts.iter().map(|(_, part)| part).sum();
        Effects { pays_minor, open_minor: open_minor - pays_minor, prepaid_minor: 0, beyond_minor, released: self.released(&parts) }
    }

    /// Held orders that are paid in full are released wherever they stand; then those that fit, strictly oldest first.
    fn released(&self, parts: &[(OrderId, i64)]) -> Vec<(OrderId, String, bool)> {
        let paid_of = |order: OrderId| parts.iter().find(|(id, _)| *id == order).map_or(0, |(_, part)| *part);
        let mut left: Vec<OpenOrder> = Vec::new();
        let mut out = Vec::new();
        for order in &self.exposure.open {
            let open_minor = order.open_minor - paid_of(order.order);
            if open_minor > 0 {
                left.push(OpenOrder { open_minor, ..*order });
            } else if order.held {
                out.push((order.order, true));
            }
        }
        let fitting = Exposure { limit: self.exposure.limit, open: left }.releasable();
        out.extend(fitting.into_iter().map(|order| (order, false)));
        out.into_iter().map(|(order, paid)| (order, self.name(order), paid)).collect()
    }

    fn name(&self, order: OrderId) -> String {
        self.held.get(&order).and_then(|order| order.number.clone()).unwrap_or_else(|| order.to_string())
    }
}
