//! Parts of an invoice's page, and what invoices and payments are called.

use crate::look::Look;
use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts, sums};
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Table, note, value};
use tradepost_documents::invoice::{epc, told};
use tradepost_domain::access::Side;
use tradepost_domain::billing::{InvoiceKind, InvoiceStatus, PaymentMethod};
use tradepost_domain::merchants::BankAccount;
use tradepost_kernel::Money;
use tradepost_web::api::invoices::{InstructionView, InvoiceLineView, InvoiceView, PaymentView};

/// The status of an invoice today.
#[must_use]
pub const fn status(look: &Look, status: InvoiceStatus) -> (Tone, &'static str) {
    let (tone, english, german) = match status {
        InvoiceStatus::Unpaid => (Tone::Warn, "Unpaid", "Unbezahlt"),
        InvoiceStatus::Overdue => (Tone::Bad, "Overdue", "Überfällig"),
        InvoiceStatus::Paid => (Tone::Good, "Paid", "Bezahlt"),
        InvoiceStatus::Canceled => (Tone::Plain, "Canceled", "Storniert"),
    };
    (tone, look.t(english, german))
}

/// What an invoice is over.
#[must_use]
pub const fn kind(look: &Look, kind: InvoiceKind) -> &'static str {
    let (english, german) = match kind {
        InvoiceKind::Order => ("Order", "Bestellung"),
        InvoiceKind::TopUp => ("Balance top-up", "Guthabenaufladung"),
    };
    look.t(english, german)
}

/// How money came in.
#[must_use]
pub const fn method(look: &Look, method: PaymentMethod) -> &'static str {
    let (english, german) = match method {
        PaymentMethod::Check => ("Check or money order", "Scheck oder Zahlungsanweisung"),
        PaymentMethod::Wire => ("Wire transfer", "Überweisung"),
        PaymentMethod::AccountBalance => ("Account balance", "Verrechnungskonto"),
    };
    look.t(english, german)
}

/// A way to pay, by the name that the document has for it.
#[must_use]
pub fn way(look: &Look, name: &str) -> String {
    PaymentMethod::from_name(name).map_or_else(|| name.to_owned(), |known| method(look, known).to_owned())
}

/// What to do to pay this way: our own sentence in the person's language, then the merchant's words as they stand on the document.
#[must_use]
pub fn instruction(room: &Room, how: &InstructionView) -> String {
    told::instruction(room.look.language, &how.method, &how.text)
}

/// What identifies an account, to be copied.
#[must_use]
pub fn account(look: &Look, account: &BankAccount) -> Vec<(&'static str, Markup)> {
    told::account(look.language, account).into_iter().map(|(name, text)| (name, value::copyable(&text, look.language))).collect()
}

/// What a banking app makes the transfer of: what is open now, to the account on the invoice (BIL-3).
#[must_use]
pub fn code(room: &Room, invoice: &InvoiceView, account: &BankAccount) -> Option<Markup> {
    let code = epc::code(account, invoice.amount_open.currency, invoice.amount_open.minor, &invoice.number)?;
    let drawn = code.drawn(room.t("QR code of the transfer", "QR-Code der Überweisung"));
    Some(html! { figure class="scan" { (drawn) figcaption { (told::scan(room.look.language)) } } })
}

/// Leads to the PDF of an invoice, in the language of who looks.
#[must_use]
pub fn pdf(look: &Look, invoice: &InvoiceView) -> Markup {
    Button::new("PDF").icon(Icon::Download).to(&format!("{}/pdf?language={}", invoice.url, look.language.code()))
}

/// Leads to its e-invoice; a canceled one has none (BIL-3).
#[must_use]
pub fn e_invoice(look: &Look, invoice: &InvoiceView) -> Markup {
    let place = format!("{}/xml?language={}", invoice.url, look.language.code());
    html! {
        @if invoice.status != InvoiceStatus::Canceled { (Button::new(look.t("E-invoice", "E-Rechnung")).icon(Icon::Download).to(&place)) }
    }
}

/// The limit is reached: the invoice is due now, whatever its date says (CRD-6).
#[must_use]
pub fn due_note(room: &Room, due: bool, act: Option<&Markup>) -> Markup {
    let (title, text) = match room.side {
        Side::Merchant => (
            room.t("The balance is due now", "Der Saldo ist jetzt fällig"),
            room.t(
                "The reseller's credit limit is reached. Documents and their dates stay as they are.",
                "Der Kreditrahmen des Resellers ist erreicht. Dokumente und ihre Daten bleiben, wie sie sind.",
            ),
        ),
        Side::Reseller => (
            room.t("Your balance is due now", "Ihr Saldo ist jetzt fällig"),
            room.t(
                "Your credit limit is reached, so what is open is due now, whatever the dates on the invoices say.",
                "Ihr Kreditrahmen ist erreicht. Was offen ist, ist deshalb jetzt fällig, unabhängig von den Daten auf den Rechnungen.",
            ),
        ),
    };
    html! { @if due { (note::note(Tone::Bad, title, text, act)) } }
}

/// The lines as issued.
#[must_use]
pub fn lines(room: &Room, invoice: &InvoiceView) -> Markup {
    let look = &room.look;
    let taxed = invoice.lines.iter().any(|line| line.tax.minor != 0);
    let row = |line: &InvoiceLineView| {
        let mut cells = vec![
            html! { span class="row" { (line.description) } span class="under" { (value::copyable(&line.sku, look.language)) } },
            html! { span class="number" { (look.number(line.quantity)) } },
            html! { (look.money(&line.unit_price)) @if let Some(text) = before(room, line) { span class="under" { (text) } } },
        ];
        if taxed {
            cells.push(look.money(&line.tax));
        }
        cells.push(look.money(&line.line_total));
        cells
    };
    let mut columns = vec![Column::new(room.t("Item", "Position")), Column::right(room.t("Quantity", "Anzahl")), Column::right(room.t("Price", "Preis"))];
    if taxed {
        columns.push(Column::right(room.t("Tax", "Steuer")));
    }
    columns.push(Column::right(room.t("Amount", "Betrag")));
    let table = Table { caption: room.t("Items", "Positionen"), columns, rows: invoice.lines.iter().map(row).collect(), foot: None };
    Card::new(room.t("Items", "Positionen")).around(table.draw())
}

/// What a line was before its margin and discount, where it had any.
fn before(room: &Room, line: &InvoiceLineView) -> Option<String> {
    let margin = line.margin_percent.as_ref().map(|percent| format!("{} {percent} %", room.t("margin", "Marge")));
    let discount = line.discount.as_ref().map(|discount| format!("{} {discount}", room.t("discount", "Rabatt")));
    let taken: Vec<String> = margin.into_iter().chain(discount).collect();
    if taken.is_empty() {
        return None;
    }
    Some(format!("{} − {}", room.look.money_text(&line.list_price), taken.join(" − ")))
}

/// What it comes to, what was paid, what is open.
#[must_use]
pub fn amounts(room: &Room, invoice: &InvoiceView) -> Markup {
    let look = &room.look;
    let less = |money: &Money| money.currency.minor(-money.minor);
    let parts = [
        (room.t("Tax", "Steuer"), invoice.tax),
        (room.t("Shipping", "Versand"), invoice.shipping),
        (room.t("Fee", "Gebühr"), invoice.fee),
        (room.t("Other charges", "Weitere Kosten"), invoice.other),
        (room.t("Discounts", "Rabatte"), less(&invoice.discounts)),
        (room.t("Deductions", "Abzüge"), less(&invoice.deductions)),
    ];
    let mut rows: Vec<(&str, Markup)> = parts.iter().filter(|(_, money)| money.minor != 0).map(|(name, money)| (*name, look.money(money))).collect();
    if !rows.is_empty() {
        rows.insert(0, (room.t("Subtotal", "Zwischensumme"), look.money(&invoice.subtotal)));
    }
    rows.push((room.t("Total", "Summe"), look.money(&invoice.total)));
    if invoice.amount_paid.minor != 0 {
        rows.push((room.t("Paid", "Bezahlt"), look.money(&less(&invoice.amount_paid))));
    }
    Card::new(room.t("Amounts", "Beträge")).with(sums(&rows, (room.t("Outstanding", "Offen"), look.money(&invoice.amount_open))))
}

/// What was paid of it.
#[must_use]
pub fn payments(room: &Room, payments: &[PaymentView]) -> Markup {
    let look = &room.look;
    let row = |payment: &PaymentView| {
        let beyond = payment.amount.minor - payment.allocated.minor;
        vec![
            html! { (look.date(payment.received_on)) },
            html! { (method(look, payment.method)) },
            html! { @match &payment.reference { Some(reference) => (reference), None => span class="muted" { "–" } } },
            html! {
                (look.money(&payment.amount))
                @if beyond > 0 { span class="under" { (look.money_text(&payment.amount.currency.minor(beyond))) " " (room.t("to the account balance", "auf das Verrechnungskonto")) } }
            },
        ]
    };
    let table = Table {
        caption: room.t("Payments", "Zahlungen"),
        columns: vec![
            Column::new(room.t("Received", "Eingegangen")),
            Column::new(room.t("Method", "Zahlungsart")),
            Column::new(room.t("Reference", "Referenz")),
            Column::right(room.t("Amount", "Betrag")),
        ],
        rows: payments.iter().map(row).collect(),
        foot: None,
    };
    html! { @if !payments.is_empty() { (Card::new(room.t("Payments", "Zahlungen")).around(table.draw())) } }
}

/// Its numbers, dates and orders.
#[must_use]
pub fn facts_card(room: &Room, invoice: &InvoiceView) -> Markup {
    let look = &room.look;
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Number", "Nummer"), value::copyable(&invoice.number, look.language)),
        (room.t("ID", "ID"), value::copyable(&invoice.id.to_string(), look.language)),
        (room.t("Type", "Art"), html! { (kind(look, invoice.kind)) @if invoice.automatic { " (" (room.t("automatic", "automatisch")) ")" } }),
        (room.t("Issued", "Ausgestellt"), html! { (look.date(invoice.issued_on)) }),
        (room.t("Due", "Fällig"), html! { (look.date(invoice.due_on)) }),
    ];
    if let Some(reference) = &invoice.reference {
        let name = match room.side {
            Side::Merchant => room.t("Reseller's reference", "Referenz des Resellers"),
            Side::Reseller => room.t("Your reference", "Ihre Referenz"),
        };
        rows.push((name, html! { (reference) }));
    }
    let order = |id: &tradepost_domain::ids::OrderId| {
        let (id, path) = (id.to_string(), room.path(&format!("/orders/{id}")));
        html! { div { (value::copyable_link(&id, &path, look.language)) } }
    };
    if !invoice.orders.is_empty() {
        rows.push((room.t("Order", "Bestellung"), html! { @for id in &invoice.orders { (order(id)) } }));
    }
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}
