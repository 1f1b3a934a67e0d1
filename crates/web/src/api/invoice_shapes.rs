//! What is said of invoices and payments: inputs and views.

use crate::api::bank_accounts::BankAccountView;
use crate::fields::Line;
use crate::{input, view};
use tradepost_domain::billing::queries::InvoiceSort;
use tradepost_domain::billing::{InvoiceKind, InvoiceStatus, PaymentMethod};
use tradepost_domain::ids::{InvoiceId, OrderId, PartnershipId, PaymentId};
use tradepost_domain::listing::ByAge;
use tradepost_kernel::{Date, Money, Timestamp};

crate::named_choice!(InvoiceKind, InvoiceStatus, PaymentMethod, InvoiceSort);

crate::choices! {
    /// How money came in.
    pub enum RecordedMethod {
        /// Check or money order.
        Check = "check",
        /// Wire transfer.
        Wire = "wire",
    }
}

input! {
    /// What came in for an invoice.
    pub struct NewPayment {
        /// The amount, in the invoice's currency; what is paid of a top-up becomes prepaid balance, what is beyond the invoice account balance.
        pub amount: Money,
        /// How it came.
        pub method: RecordedMethod,
        /// The day it came in.
        pub received_on: Date,
        /// Check number, wire reference.
        pub reference: Option<Line<100>>,
    }

    /// Which invoices are wanted.
    pub struct InvoiceQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only over orders, or only over prepaid balance.
        pub kind: Option<InvoiceKind>,
        /// Only with this status today.
        pub status: Option<InvoiceStatus>,
        /// Only with exactly this number.
        pub number: Option<Line<40>>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<InvoiceSort>,
    }

    /// Which invoices are wanted.
    pub struct OwnInvoiceQuery {
        /// Only over orders, or only over prepaid balance.
        pub kind: Option<InvoiceKind>,
        /// Only with this status today.
        pub status: Option<InvoiceStatus>,
        /// Only with exactly this number.
        pub number: Option<Line<40>>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<InvoiceSort>,
    }

    /// Which payments are wanted.
    pub struct PaymentQuery {
        /// Only of this partnership.
        pub partnership: Option<PartnershipId>,
        /// Only for this invoice.
        pub invoice: Option<InvoiceId>,
        /// Only those that came so.
        pub method: Option<PaymentMethod>,
        /// Only with exactly this reference, or for the invoice with this number.
        pub search: Option<Line<100>>,
        /// Only those recorded at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those recorded before this moment.
        pub created_to: Option<Timestamp>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }

    /// Which payments are wanted.
    pub struct OwnPaymentQuery {
        /// Only for this invoice.
        pub invoice: Option<InvoiceId>,
        /// Only those that came so.
        pub method: Option<PaymentMethod>,
        /// Only with exactly this reference, or for the invoice with this number.
        pub search: Option<Line<100>>,
        /// Only those recorded at this moment or later.
        pub created_from: Option<Timestamp>,
        /// Only those recorded before this moment.
        pub created_to: Option<Timestamp>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ByAge>,
    }
}

view! {
    /// An invoice in a list.
    pub struct InvoiceSummary {
        /// Its id.
        pub id: InvoiceId,
        /// Its number, without gaps.
        pub number: String,
        /// Over an order, or over prepaid balance.
        pub kind: InvoiceKind,
        /// A top-up that a debit below the threshold issued.
        pub automatic: bool,
        /// Who owes it.
        pub partnership: PartnershipId,
        /// Its status today.
        pub status: InvoiceStatus,
        /// When it was issued.
        pub issued_on: Date,
        /// When it is due.
        pub due_on: Date,
        /// Its total.
        pub total: Money,
        /// What was paid of it.
        pub amount_paid: Money,
        /// What is still to be paid.
        pub amount_open: Money,
        /// It is open and its partnership's credit limit is reached: it is due now, whatever its due date says (CRD-6).
        pub balance_due: bool,
        /// How it may be paid.
        pub allowed_methods: Vec<&'static str>,
        /// A page that shows this invoice, and nothing else, to whoever has the link.
        pub url: String,
    }

    /// A line of an invoice.
    pub struct InvoiceLineView {
        /// The product's SKU.
        pub sku: String,
        /// What was sold.
        pub description: String,
        /// How many.
        pub quantity: i64,
        /// The price before margin and discount.
        pub list_price: Money,
        /// The price after them.
        pub unit_price: Money,
        /// The partner margin of the line, in percent.
        pub margin_percent: Option<String>,
        /// The discount of the line.
        pub discount: Option<String>,
        /// What the line costs.
        pub line_total: Money,
        /// The tax on it.
        pub tax: Money,
    }

    /// An invoice as issued, and what moved since. total = subtotal + tax + shipping + fee + other − discounts − deductions.
    pub struct InvoiceView {
        /// Its id.
        pub id: InvoiceId,
        /// Its number, without gaps.
        pub number: String,
        /// Over an order, or over prepaid balance.
        pub kind: InvoiceKind,
        /// A top-up that a debit below the threshold issued.
        pub automatic: bool,
        /// Who owes it.
        pub partnership: PartnershipId,
        /// Its status today.
        pub status: InvoiceStatus,
        /// When it was issued.
        pub issued_on: Date,
        /// When it is due.
        pub due_on: Date,
        /// The orders on it; a top-up has none.
        pub orders: Vec<OrderId>,
        /// The reseller's own number.
        pub reference: Option<String>,
        /// Its lines.
        pub lines: Vec<InvoiceLineView>,
        /// Sum of the lines.
        pub subtotal: Money,
        /// Tax.
        pub tax: Money,
        /// Shipping.
        pub shipping: Money,
        /// Fees.
        pub fee: Money,
        /// Other charges.
        pub other: Money,
        /// Discounts on the whole.
        pub discounts: Money,
        /// Deductions by rule.
        pub deductions: Money,
        /// What it comes to.
        pub total: Money,
        /// What was paid of it.
        pub amount_paid: Money,
        /// What is still to be paid.
        pub amount_open: Money,
        /// It is open and its partnership's credit limit is reached: it is due now, whatever its due date says (CRD-6).
        pub balance_due: bool,
        /// How it may be paid.
        pub allowed_methods: Vec<&'static str>,
        /// What to do to pay, by method.
        pub payment_instructions: Vec<InstructionView>,
        /// A page that shows this invoice, and nothing else, to whoever has the link.
        pub url: String,
    }

    /// How to pay by one method.
    pub struct InstructionView {
        /// The method.
        pub method: String,
        /// What to do.
        pub text: String,
        /// Where a wire goes, as it was when the invoice was issued; null for other methods, and where the merchant had named none.
        pub bank_account: Option<BankAccountView>,
    }

    /// A payment.
    pub struct PaymentView {
        /// Its id.
        pub id: PaymentId,
        /// Who paid.
        pub partnership: PartnershipId,
        /// For which invoice.
        pub invoice: InvoiceId,
        /// How.
        pub method: PaymentMethod,
        /// What came in.
        pub amount: Money,
        /// What of it paid the invoice; the rest is account balance.
        pub allocated: Money,
        /// The day it came in.
        pub received_on: Date,
        /// Check number, wire reference.
        pub reference: Option<String>,
        /// When it was recorded.
        pub recorded_at: Timestamp,
    }
}
