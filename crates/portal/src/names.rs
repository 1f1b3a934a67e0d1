//! What the states, reasons and methods of the business are called on pages, in both languages, and how good they are.

use crate::look::Look;
use tradepost_design::badge::Tone;
use tradepost_domain::licenses::{LockReason, Stage, Status as LicenseStatus};
use tradepost_domain::orders::{ApprovalState, State as OrderState};
use tradepost_domain::partners::Status as PartnershipStatus;

/// What a list shows, by the name of its files; that of a partnership's list begins with it: `orders-R-7K2M`.
#[must_use]
pub fn list(look: &Look, file: &str) -> &'static str {
    const LISTS: [(&str, &str, &str); 25] = [
        ("api-keys", "API keys", "API-Schlüssel"),
        ("audit", "Audit trail", "Protokoll"),
        ("balance", "Balance statement", "Kontoauszug des Guthabens"),
        ("cancel-requests", "Return requests", "Rücknahmeanfragen"),
        ("channels", "Channels", "Kanäle"),
        ("dynamic-urls", "Dynamic URLs", "Dynamische URLs"),
        ("fulfillments", "Fulfillments", "Lieferungen"),
        ("invoices", "Invoices", "Rechnungen"),
        ("key-imports", "Key imports", "Schlüsselimporte"),
        ("keys", "Keys", "Schlüssel"),
        ("licenses", "Licenses", "Lizenzen"),
        ("messages", "Messages", "Nachrichten"),
        ("orders", "Orders", "Bestellungen"),
        ("payments", "Payments", "Zahlungen"),
        ("people", "People", "Personen"),
        ("price-list", "Prices", "Preise"),
        ("price-lists", "Price lists", "Preislisten"),
        ("products", "Products", "Produkte"),
        ("requests", "API requests", "API-Anfragen"),
        ("resellers", "Resellers", "Reseller"),
        ("statement", "Balance statement", "Kontoauszug des Guthabens"),
        ("stock", "Stock", "Bestand"),
        ("taken-back", "Returns", "Rücknahmen"),
        ("timeline", "Timeline", "Zeitverlauf"),
        ("variants", "Variants", "Varianten"),
    ];
    let found = LISTS.iter().rev().find(|(name, ..)| file.starts_with(name));
    found.map_or_else(|| look.t("List", "Liste"), |(_, english, german)| look.language.t(english, german))
}

/// The state of an order, in the words of the seeds.
#[must_use]
pub const fn order_state(look: &Look, state: OrderState) -> (Tone, &'static str) {
    let (tone, english, german) = match state {
        OrderState::Draft => (Tone::Plain, "Draft", "Entwurf"),
        OrderState::AwaitingPayment => (Tone::Warn, "Pending payment", "Zahlung ausstehend"),
        OrderState::NeedsInfo => (Tone::Warn, "Needs information", "Angaben fehlen"),
        OrderState::AwaitingStock => (Tone::Warn, "Awaiting stock", "Wartet auf Bestand"),
        OrderState::AwaitingConfirmation => (Tone::Info, "Awaiting confirmation", "Wartet auf Bestätigung"),
        OrderState::Complete => (Tone::Good, "Completed", "Abgeschlossen"),
        OrderState::Canceled => (Tone::Plain, "Canceled", "Storniert"),
    };
    (tone, look.t(english, german))
}

/// Where a partnership stands.
#[must_use]
pub const fn partnership_status(look: &Look, status: PartnershipStatus) -> (Tone, &'static str) {
    let (tone, english, german) = match status {
        PartnershipStatus::Pending => (Tone::Warn, "Pending", "Wartet"),
        PartnershipStatus::Approved => (Tone::Info, "Approved", "Angenommen"),
        PartnershipStatus::Active => (Tone::Good, "Active", "Aktiv"),
        PartnershipStatus::Denied => (Tone::Bad, "Denied", "Abgelehnt"),
        PartnershipStatus::Suspended => (Tone::Bad, "Suspended", "Ausgesetzt"),
        PartnershipStatus::Closed => (Tone::Plain, "Closed", "Beendet"),
    };
    (tone, look.t(english, german))
}

/// Where a license is between the merchant and the customer.
#[must_use]
pub const fn license_stage(look: &Look, stage: Stage) -> (Tone, &'static str) {
    let (tone, english, german) = match stage {
        Stage::Waiting => (Tone::Warn, "Waiting", "Wartet"),
        Stage::Available => (Tone::Info, "Available", "Verfügbar"),
        Stage::Distributed => (Tone::Good, "Distributed", "Weitergegeben"),
        Stage::Canceled => (Tone::Plain, "Canceled", "Storniert"),
        Stage::Revoked => (Tone::Bad, "Revoked", "Zurückgenommen"),
    };
    (tone, look.t(english, german))
}

/// The fulfillment status (FUL-1).
#[must_use]
pub const fn license_status(look: &Look, status: LicenseStatus) -> &'static str {
    let (english, german) = match status {
        LicenseStatus::NotFulfilled => ("Not fulfilled", "Nicht erfüllt"),
        LicenseStatus::Fulfilled => ("Fulfilled", "Erfüllt"),
        LicenseStatus::WaitingForConfirmation => ("Waiting for fulfillment confirmation", "Wartet auf Bestätigung der Lieferung"),
        LicenseStatus::NotRequired => ("Fulfillment not required", "Keine Lieferung nötig"),
        LicenseStatus::Confirmed => ("Fulfillment confirmed", "Lieferung bestätigt"),
    };
    look.t(english, german)
}

/// Why something waits: a title, and what clears it (FUL-2).
#[must_use]
pub const fn lock_reason(look: &Look, reason: LockReason) -> (&'static str, &'static str) {
    let (title, text) = match reason {
        LockReason::UnpaidInvoice => (
            ("The invoice is not paid", "Die Rechnung ist nicht bezahlt"),
            (
                "Without a credit limit every order is paid before anything of it is released.",
                "Ohne Kreditrahmen wird jede Bestellung bezahlt, bevor etwas davon freigegeben wird.",
            ),
        ),
        LockReason::NotEnoughCredit => (
            ("Beyond the credit limit", "Über dem Kreditrahmen"),
            (
                "The order is held as a whole. It is released when enough is paid, oldest first, or when the merchant raises the limit.",
                "Die Bestellung wird als Ganzes gehalten. Sie wird frei, sobald genug bezahlt ist (die älteste zuerst), oder wenn der Händler den Rahmen erhöht.",
            ),
        ),
        LockReason::CreditLimitReached => (
            ("The credit limit is reached", "Der Kreditrahmen ist erreicht"),
            (
                "Licenses of unpaid orders can be handed out again once something is paid.",
                "Lizenzen unbezahlter Bestellungen lassen sich wieder weitergeben, sobald etwas bezahlt ist.",
            ),
        ),
        LockReason::RequiredEndUserInformation => (
            ("The end user must be known", "Der Endkunde muss bekannt sein"),
            ("Say who it is for; then it is handed over by itself.", "Geben Sie an, für wen sie ist; dann wird sie von selbst übergeben."),
        ),
        LockReason::RequiredResellerInformation => (
            ("The selling company must be known", "Die verkaufende Firma muss bekannt sein"),
            ("Say which company sells it on.", "Geben Sie an, welche Firma sie weiterverkauft."),
        ),
        LockReason::RequiredVendorDeliveryConfirmation => (
            ("The merchant delivers", "Der Händler liefert"),
            ("It waits until the merchant confirms the delivery.", "Sie wartet, bis der Händler die Lieferung bestätigt."),
        ),
        LockReason::OutOfStock => (
            ("Out of stock", "Nicht vorrätig"),
            ("It is handed out as soon as keys arrive, first in, first out.", "Sie wird ausgegeben, sobald Schlüssel eintreffen, der Reihe nach."),
        ),
    };
    (look.t(title.0, title.1), look.t(text.0, text.1))
}

/// A reason by the name that the API gives it.
#[must_use]
pub fn lock_reason_named(name: &str) -> Option<LockReason> {
    LockReason::ALL.into_iter().find(|reason| reason.name() == name)
}

/// What became of asking an owner about a draft, and what that means; `None`: nobody was asked, and somebody has to be.
#[must_use]
pub const fn order_approval(look: &Look, state: Option<ApprovalState>) -> (&'static str, &'static str) {
    let (title, text) = match state {
        Some(ApprovalState::Waiting) => (
            ("Waits for approval", "Wartet auf Genehmigung"),
            (
                "An owner approves or declines it. Until then it can only be withdrawn.",
                "Ein Inhaber genehmigt oder lehnt ab. Bis dahin lässt sich die Anfrage nur zurückziehen.",
            ),
        ),
        Some(ApprovalState::Declined) => (("Not approved", "Nicht genehmigt"), ("An owner declined it.", "Ein Inhaber hat abgelehnt.")),
        None => (("An owner has to approve this", "Ein Inhaber muss das genehmigen"), ("", "")),
    };
    (look.t(title.0, title.1), look.t(text.0, text.1))
}
