//! How prepaid balance is fed (EXT-1): a top-up is an invoice of its own kind. It posts nothing and counts for no
//! credit; what is paid of it becomes balance, each part at once.
//!
//! `top_up.requested` says in its body whether it was issued by itself (EXT-8). That is where a payment provider comes
//! in: with a saved method and `automatic: true` it captures the amount and records the payment as anybody would; where
//! that fails it announces so, which mails the reseller as `balance.low` does.

use super::document::{Buyer, InvoiceLine, PaymentInstruction, Seller};
use super::queries::InvoiceRow;
use super::{InvoiceDocument, InvoiceKind, queries, store};
use crate::access::{Caller, Need, PartnershipScope, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{InvoiceId, PartnershipId, PaymentId};
use crate::ledger::{self, AccountKind};
use crate::merchants::{self, MerchantView};
use crate::outbox::Event;
use crate::partners::queries::PartnershipView;
use crate::partners::terms::InvoiceTerms;
use crate::partners::{self, terms};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::{Currency, Money, Refusal};
use tradepost_store::{Fault, Reader, Tx};

/// Asks for an invoice over prepaid balance.
#[derive(Clone, Debug)]
pub struct RequestTopUp {
    /// For which partnership: the merchant names one, a reseller is in one.
    pub partnership: Option<PartnershipId>,
    /// How much; at least one minor unit of the partnership's currency.
    pub amount: Money,
    /// The reseller's own number, printed on the invoice.
    pub reference: Option<String>,
}

/// The invoice over it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TopUpOutcome {
    /// Its id.
    pub invoice: InvoiceId,
}

#[async_trait::async_trait]
impl Command for RequestTopUp {
    const NAME: &'static str = "top_ups.request";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "partnership_not_active", "setup_incomplete", "currency_mismatch", "invalid_amount"];
    type Outcome = TopUpOutcome;

    fn need(&self) -> Need {
        Need::Either(Right::BalanceManage, Right::BillingManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<TopUpOutcome, No> {
        let scope = scope_of(ctx.caller(), self.partnership)?;
        let partnership = partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        partnership.may_trade()?;
        let terms = terms::effective(tx, scope.merchant, scope.partnership, partnership.channel).await?;
        let currency = terms.currency.ok_or_else(no_currency)?;
        amount_of(self.amount, currency, "/amount")?;
        let balance = prepaid(tx, scope, currency).await?;
        if balance.saturating_add(self.amount.minor) > ledger::MOST_MINOR {
            return Err(Refusal::invalid("invalid_amount", "The balance would be larger than any that is kept.").at("/amount/amount").into());
        }
        let (merchant, buyer) = parties(tx, scope).await?;
        // From here it must succeed.
        let top_up = NewTopUp {
            merchant: &merchant,
            buyer: &buyer,
            terms: terms.of_invoices(),
            amount: self.amount,
            reference: self.reference.clone(),
            automatic: false,
        };
        Ok(TopUpOutcome { invoice: issue(ctx, tx, &top_up).await? })
    }
}

/// Cancels a top-up of which nothing was paid.
#[derive(Clone, Copy, Debug)]
pub struct CancelTopUp {
    /// Which.
    pub invoice: InvoiceId,
}

#[async_trait::async_trait]
impl Command for CancelTopUp {
    const NAME: &'static str = "top_ups.cancel";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invoice_canceled", "top_up_paid"];
    type Outcome = TopUpOutcome;

    fn need(&self) -> Need {
        Need::Either(Right::BalanceManage, Right::BillingManage)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<TopUpOutcome, No> {
        let found = find(ctx.caller(), tx, self.invoice).await?;
        let scope = PartnershipScope { merchant: found.merchant, partnership: found.invoice.partnership };
        partners::lock(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        // Read again: the lock may have been waited for.
        let invoice = find(ctx.caller(), tx, self.invoice).await?.invoice;
        if invoice.canceled.is_some() {
            return Err(Refusal::conflict("invoice_canceled", "The top-up was canceled before.").in_state("canceled").into());
        }
        if invoice.paid_minor > 0 {
            let state = if invoice.open_minor() == 0 { "paid" } else { "unpaid" };
            return Err(Refusal::conflict("top_up_paid", "Some of the top-up was paid and is balance already.").in_state(state).into());
        }
        // From here it must succeed.
        store::cancel(ctx, tx, scope.merchant, self.invoice).await?;
        ctx.audit(AuditEntry::new(scope.merchant, "invoice.canceled", self.invoice).of(scope.partnership));
        let body = json!({"number": invoice.number, "amount": invoice.currency.minor(invoice.total_minor), "automatic": invoice.automatic});
        ctx.announce(Event::new(scope.merchant, "top_up.canceled", self.invoice, body).of(scope.partnership));
        Ok(TopUpOutcome { invoice: self.invoice })
    }
}

struct Found {
    merchant: i64,
    invoice: InvoiceRow,
}

/// A top-up that the caller may know of.
async fn find(caller: &Caller, reader: &mut Reader<'_>, id: InvoiceId) -> Result<Found, No> {
    let (merchant, of) = match caller.partnership() {
        Ok(scope) => (scope.of_merchant(), Some(scope.partnership)),
        Err(_) => (caller.merchant()?, None),
    };
    let invoice = queries::invoice(reader, merchant, of, id).await?.filter(|invoice| invoice.kind == InvoiceKind::TopUp);
    Ok(Found { merchant: merchant.merchant, invoice: invoice.ok_or_else(Refusal::not_found)? })
}

/// The partnership that is meant: a reseller's own, or the one that the merchant names.
pub(super) fn scope_of(caller: &Caller, named: Option<PartnershipId>) -> Result<PartnershipScope, Refusal> {
    match (caller.partnership(), named) {
        (Ok(scope), None) => Ok(scope),
        (Ok(scope), Some(named)) if named == scope.partnership => Ok(scope),
        (Err(_), Some(partnership)) => Ok(PartnershipScope { merchant: caller.merchant()?.merchant, partnership }),
        (Ok(_), Some(_)) => Err(Refusal::not_found()),
        (Err(refusal), None) => Err(refusal),
    }
}

pub(super) fn no_currency() -> Refusal {
    Refusal::conflict("setup_incomplete", "The merchant has not set the currency of this partnership yet.")
}

/// An amount of balance: in the partnership's currency, from one minor unit to the most that is kept.
pub(super) fn amount_of(amount: Money, currency: Currency, at: &str) -> Result<(), Refusal> {
    if amount.currency != currency {
        return Err(Refusal::invalid("currency_mismatch", format!("The partnership buys in {currency}.")).at(format!("{at}/currency")));
    }
    if (1..=ledger::MOST_MINOR).contains(&amount.minor) {
        return Ok(());
    }
    let detail = if amount.minor < 1 { "The amount must be above zero." } else { "The amount is larger than any that is kept." };
    Err(Refusal::invalid("invalid_amount", detail).at(format!("{at}/amount")))
}

/// A partnership's prepaid balance, minor units.
///
/// # Errors
/// The store's.
pub async fn prepaid(reader: &mut Reader<'_>, scope: PartnershipScope, currency: Currency) -> Result<i64, Fault> {
    // What was paid in is owed to the reseller: a credit balance.
    Ok(-ledger::queries::balance(reader, scope, AccountKind::Prepaid, currency).await?)
}

/// A partnership's prepaid balances in all currencies that it ever had some in, in the order of their codes.
///
/// # Errors
/// The store's.
pub async fn prepaid_in_all(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<Vec<Money>, Fault> {
    let accounts = ledger::queries::in_all_currencies(reader, scope, AccountKind::Prepaid).await?;
    Ok(accounts.into_iter().map(|(currency, minor)| currency.minor(-minor)).collect())
}

/// Who issues the invoice, and to whom.
pub(super) async fn parties(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<(MerchantView, PartnershipView), Fault> {
    let merchant = merchants::queries::merchant(reader, scope.merchant).await?;
    let buyer = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await?;
    merchant.zip(buyer).ok_or_else(|| Fault::invariant("a partnership without its merchant"))
}

/// A top-up that is to be invoiced.
pub(super) struct NewTopUp<'a> {
    pub(super) merchant: &'a MerchantView,
    pub(super) buyer: &'a PartnershipView,
    /// What the invoice is issued by.
    pub(super) terms: InvoiceTerms,
    pub(super) amount: Money,
    pub(super) reference: Option<String>,
    /// Whether a debit below the threshold issued it.
    pub(super) automatic: bool,
}

/// Issues the invoice. The partnership is locked; the number comes last, since everybody waits for it.
pub(super) async fn issue(ctx: &mut Ctx, tx: &mut Tx<'_>, top_up: &NewTopUp<'_>) -> Result<InvoiceId, Fault> {
    let scope = top_up.buyer.scope();
    let sequence = merchants::next_number(tx, scope.merchant, &format!("invoice:{}", store::SERIES)).await?;
    let document = document(ctx, top_up, format!("{}-{sequence:06}", store::SERIES));
    partners::note_top_up(tx, scope).await?;
    let invoice = store::issue_top_up(ctx, tx, scope, top_up.automatic, sequence, &document).await?;
    let issued = json!({"number": document.number, "kind": InvoiceKind::TopUp.name(), "total": top_up.amount, "due_on": document.due_on});
    ctx.audit(AuditEntry::new(scope.merchant, "invoice.issued", invoice).of(scope.partnership).after(issued.clone()));
    ctx.announce(Event::new(scope.merchant, "invoice.issued", invoice, issued).of(scope.partnership));
    let asked = json!({"number": document.number, "amount": top_up.amount, "due_on": document.due_on, "automatic": top_up.automatic});
    ctx.announce(Event::new(scope.merchant, "top_up.requested", invoice, asked).of(scope.partnership));
    Ok(invoice)
}

fn document(ctx: &Ctx, top_up: &NewTopUp<'_>, number: String) -> InvoiceDocument {
    let issued_on = ctx.now.date_in(&top_up.merchant.time_zone);
    let amount = top_up.amount.minor;
    let line = InvoiceLine {
        sku: "TOP-UP".into(),
        description: "Prepaid balance".into(),
        quantity: 1,
        unit_minor: amount,
        list_unit_minor: amount,
        margin_percent: None,
        discount: None,
        line_minor: amount,
        tax_minor: 0,
    };
    InvoiceDocument {
        number,
        issued_on,
        due_on: issued_on.plus_days(top_up.terms.due_days),
        currency: top_up.amount.currency,
        seller: Seller::of(top_up.merchant),
        buyer: Buyer::of(top_up.buyer),
        reference: top_up.reference.clone(),
        order_number: None,
        lines: vec![line],
        subtotal_minor: amount,
        tax_minor: 0,
        shipping_minor: 0,
        fee_minor: 0,
        other_minor: 0,
        discounts_minor: 0,
        deductions_minor: 0,
        total_minor: amount,
        payment_instructions: PaymentInstruction::of(top_up.merchant, &top_up.terms.excluded),
    }
}

/// Notes that balance came in. It was booked a moment ago.
///
/// # Errors
/// The store's.
pub async fn note_topped_up(
    ctx: &mut Ctx,
    tx: &mut Tx<'_>,
    scope: PartnershipScope,
    invoice: InvoiceId,
    payment: PaymentId,
    amount: Money,
) -> Result<(), Fault> {
    let balance = amount.currency.minor(prepaid(tx, scope, amount.currency).await?);
    let body = json!({"invoice": invoice, "payment": payment, "amount": amount, "balance": balance});
    ctx.announce(Event::new(scope.merchant, "balance.topped_up", invoice, body).of(scope.partnership));
    Ok(())
}
