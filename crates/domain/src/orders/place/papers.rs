//! What placing leaves to be read: the invoice's document, the timeline, the events.

use super::decide::Decision;
use crate::access::PartnershipScope;
use crate::audit::AuditEntry;
use crate::billing::document::{Buyer, InvoiceDocument, InvoiceLine, PaymentInstruction, Seller};
use crate::billing::store::NewInvoice;
use crate::command::Ctx;
use crate::merchants::MerchantView;
use crate::orders::State;
use crate::orders::standing::note_release;
use crate::outbox::Event;
use crate::partners::queries::PartnershipView;
use serde_json::json;
use tradepost_kernel::Percent;

/// What letterhead and address come from.
#[derive(Clone, Copy)]
pub(super) struct Paper<'a> {
    pub(super) merchant: &'a MerchantView,
    pub(super) buyer: &'a PartnershipView,
}

/// The invoice of a placed order.
pub(super) fn document(ctx: &Ctx, decision: &Decision, paper: Paper<'_>, order_number: &str, number: String) -> InvoiceDocument {
    let Paper { merchant, buyer } = paper;
    let issued_on = ctx.now.date_in(&merchant.time_zone);
    let lines = decision.lines.iter().map(|line| InvoiceLine {
        sku: line.product.sku.clone(),
        description: line.product.name.clone(),
        quantity: line.item.quantity,
        unit_minor: line.quote.unit_minor,
        list_unit_minor: line.quote.explanation.steps.first().map_or(line.quote.unit_minor, |step| step.unit),
        margin_percent: (line.margin > Percent::ZERO).then(|| line.margin.to_string()),
        discount: None,
        line_minor: line.quote.line_minor,
        tax_minor: 0,
    });
    InvoiceDocument {
        number,
        issued_on,
        due_on: issued_on.plus_days(decision.terms.due_days),
        currency: decision.currency,
        seller: Seller::of(merchant),
        buyer: Buyer::of(buyer),
        reference: decision.order.reference.clone(),
        order_number: Some(order_number.to_owned()),
        lines: lines.collect(),
        subtotal_minor: decision.total_minor,
        tax_minor: 0,
        shipping_minor: 0,
        fee_minor: 0,
        other_minor: 0,
        discounts_minor: 0,
        deductions_minor: 0,
        total_minor: decision.total_minor,
        payment_instructions: PaymentInstruction::of(merchant, &decision.terms.excluded),
    }
}

/// Timeline and events of placing: placed, invoiced, and released or held.
pub(super) fn note_placed(ctx: &mut Ctx, decision: &Decision, number: &str, invoice: &NewInvoice) {
    let (scope, order) = (decision.scope, decision.order.id);
    let PartnershipScope { merchant, partnership } = scope;
    let (total, document) = (decision.currency.minor(decision.total_minor), &invoice.document);
    let body = json!({
        "number": number, "reference": decision.order.reference, "total": total, "invoice": invoice.id, "due_on": document.due_on,
        "held": !decision.facts.released,
    });
    ctx.audit(AuditEntry::new(merchant, "order.placed", order).of(partnership).after(body.clone()));
    ctx.announce(Event::new(merchant, "order.placed", order, body).of(partnership));
    let issued = json!({"number": document.number, "order": order, "total": total, "due_on": document.due_on});
    ctx.audit(AuditEntry::new(merchant, "invoice.issued", invoice.id).of(partnership).after(issued.clone()));
    ctx.announce(Event::new(merchant, "invoice.issued", invoice.id, issued).of(partnership));
    if decision.facts.released {
        note_release(ctx, scope, order, if decision.on_credit() { "credit" } else { "paid" });
    } else {
        let because = if decision.facts.has_limit { "credit" } else { "payment" };
        ctx.audit(AuditEntry::new(merchant, "order.held", order).of(partnership).after(json!({"waits_for": because})));
        ctx.announce(Event::new(merchant, "order.held", order, json!({"waits_for": because})).of(partnership));
    }
    if decision.state == State::Complete {
        ctx.audit(AuditEntry::new(merchant, "order.completed", order).of(partnership));
        ctx.announce(Event::new(merchant, "order.completed", order, json!({})).of(partnership));
    }
}
