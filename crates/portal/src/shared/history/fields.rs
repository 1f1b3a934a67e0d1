//! What the audit trail keeps of a thing, by the name that it has there, in words (PLT-4).

use crate::look::Look;
use crate::shared::terms;
use tradepost_domain::partners::terms::TermName;

/// The name of a field in words. One that is not known reads as well as it can.
#[must_use]
pub fn field(look: &Look, action: &str, name: &str) -> String {
    if is_about_terms(action)
        && let Some(term) = term(look, name)
    {
        return term;
    }
    if let Some(currency) = name.strip_prefix("price_").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return format!("{} {currency}", look.t("Price in", "Preis in"));
    }
    let found = FIELDS.iter().find(|(known, _, _)| *known == name);
    found.map_or_else(|| name.replace('_', " "), |(_, english, german)| look.language.t(english, german).to_owned())
}

/// Whether an act is about terms: its fields are named by them.
#[must_use]
pub fn is_about_terms(action: &str) -> bool {
    action.ends_with(".terms_changed")
}

/// A term by its name, and what for: `margin_percent group:Games`.
fn term(look: &Look, name: &str) -> Option<String> {
    let (term, of) = name.split_once(' ').unwrap_or((name, ""));
    let said = terms::name(look, TermName::from_name(term)?).0;
    Some(match of.split_once(':') {
        Some((_, of)) => format!("{said} ({of})"),
        None => said.to_owned(),
    })
}

/// Name, English, German; by name. Names of terms and currencies of prices are not among them.
pub const FIELDS: &[(&str, &str, &str)] = &[
    ("accent", "Color", "Farbe"),
    ("accepted_terms", "Accepted terms", "Angenommene Bedingungen"),
    ("access", "Access", "Zugriff"),
    ("address", "Address", "Anschrift"),
    ("addresses", "Network addresses", "Netzwerkadressen"),
    ("allocated", "Of it for invoices", "Davon auf Rechnungen"),
    ("amount", "Amount", "Betrag"),
    ("automatic", "By itself", "Automatisch"),
    ("available", "Available", "Verfügbar"),
    ("backorder", "Backorder", "Nachlieferung"),
    ("backordered", "Waits for stock", "Wartet auf Bestand"),
    ("bad", "Unusable lines", "Unbrauchbare Zeilen"),
    ("balance", "Balance", "Guthaben"),
    ("balance_after", "Balance afterwards", "Guthaben danach"),
    ("balance_due", "Balance due", "Saldo fällig"),
    ("bank_account", "Bank account", "Bankkonto"),
    ("because", "Reason", "Grund"),
    ("book", "Prices", "Preise"),
    ("by", "Proof", "Nachweis"),
    ("change", "Change", "Änderung"),
    ("changed", "Changed", "Geändert"),
    ("channel", "Channel", "Kanal"),
    ("check_instructions", "Instructions for checks", "Hinweise zu Schecks"),
    ("city", "City", "Ort"),
    ("code", "Reseller code", "Reseller-Code"),
    ("company", "Company", "Firma"),
    ("cost", "Cost", "Kosten"),
    ("count", "Number", "Anzahl"),
    ("country", "Country", "Land"),
    ("currency", "Currency", "Währung"),
    ("customer", "Customer", "Kunde"),
    ("description", "Description", "Beschreibung"),
    ("disabled_by_merchant", "Switched off by the merchant", "Vom Händler abgeschaltet"),
    ("disabled_by_reseller", "Switched off by the reseller", "Vom Reseller abgeschaltet"),
    ("due_on", "Due", "Fällig"),
    ("duplicates", "Keys that were known", "Bereits bekannte Schlüssel"),
    ("email", "E-mail", "E-Mail"),
    ("enabled", "Switched on", "Eingeschaltet"),
    ("end_user_information", "When the end user is asked for", "Wann nach dem Endkunden gefragt wird"),
    ("expires_at", "Ends", "Endet"),
    ("external_order_id", "Shop order", "Shop-Bestellung"),
    ("first", "First license", "Erste Lizenz"),
    ("first_name", "First name", "Vorname"),
    ("from", "From", "Von"),
    ("fulfillment", "Fulfillment", "Lieferung"),
    ("group", "Group", "Gruppe"),
    ("height", "Height in pixels", "Höhe in Pixel"),
    ("held", "Held", "Gehalten"),
    ("image_url", "Picture", "Bild"),
    ("import", "Key import", "Schlüsselimport"),
    ("invoice", "Invoice", "Rechnung"),
    ("issuer", "Sign-in service", "Anmeldedienst"),
    ("items", "Items", "Positionen"),
    ("key", "Key", "Schlüssel"),
    ("keys", "Keys", "Schlüssel"),
    ("kind", "Kind", "Art"),
    ("language", "Language", "Sprache"),
    ("last", "Last license", "Letzte Lizenz"),
    ("last_name", "Last name", "Nachname"),
    ("left", "Left", "Übrig"),
    ("level", "Level", "Stand"),
    ("license", "License", "Lizenz"),
    ("licenses", "Licenses", "Lizenzen"),
    ("limit", "Limit", "Grenze"),
    ("link", "Link", "Link"),
    ("list", "List", "Liste"),
    ("mail_language", "E-mail language", "Sprache von E-Mails"),
    ("mailed", "Mailed by Tradepost", "Von Tradepost gemailt"),
    ("masked", "Masked code", "Verdeckter Code"),
    ("max_quantity", "Maximum per order line", "Höchstens je Position"),
    ("merchant", "Merchant", "Händler"),
    ("method", "Method", "Verfahren"),
    ("min_quantity", "Minimum per order line", "Mindestens je Position"),
    ("name", "Name", "Name"),
    ("note", "Note", "Anmerkung"),
    ("number", "Number", "Nummer"),
    ("order", "Order", "Bestellung"),
    ("order_approval_over", "Approval above", "Genehmigung über"),
    ("order_email", "E-mails about orders", "E-Mails zu Bestellungen"),
    ("owner", "Owner", "Inhaber"),
    ("partnership", "Reseller", "Reseller"),
    ("partnerships", "Resellers", "Reseller"),
    ("passkey", "Passkey", "Passkey"),
    ("passkeys", "Passkeys", "Passkeys"),
    ("payment", "Payment", "Zahlung"),
    ("person", "Person", "Person"),
    ("phone", "Phone", "Telefon"),
    ("postal_code", "Postal code", "Postleitzahl"),
    ("price_list", "Price list", "Preisliste"),
    ("product", "Product", "Produkt"),
    ("product_version", "Version", "Version"),
    ("products", "Products", "Produkte"),
    ("quantity", "Quantity", "Menge"),
    ("query", "Filters", "Filter"),
    ("received_on", "Received", "Eingegangen"),
    ("recipient", "Recipient", "Empfänger"),
    ("reference", "Reference", "Referenz"),
    ("refund", "Refund", "Erstattung"),
    ("refunded", "Refunded", "Erstattet"),
    ("region", "Region", "Region"),
    ("replaced_by", "Replaced by", "Ersetzt durch"),
    ("reply_to", "Answers go to", "Antworten gehen an"),
    ("reseller", "Company of the reseller", "Firma des Resellers"),
    ("reseller_information", "Selling company", "Verkaufende Firma"),
    ("reserved_until", "Reserved until", "Reserviert bis"),
    ("revoked", "Revoked", "Zurückgenommen"),
    ("role", "Role", "Rolle"),
    ("sandbox", "Sandbox", "Sandbox"),
    ("scopes", "Scopes", "Rechte"),
    ("sender_email", "Sender address", "Absenderadresse"),
    ("sender_name", "E-mail sender", "Absender von E-Mails"),
    ("sessions", "Sessions", "Sitzungen"),
    ("sessions_ended", "Sessions ended", "Beendete Sitzungen"),
    ("shared", "Shared", "Geteilt"),
    ("short_description", "Summary", "Kurzbeschreibung"),
    ("sku", "SKU", "SKU"),
    ("slug", "Name in addresses", "Name in Adressen"),
    ("state", "State", "Zustand"),
    ("status", "Status", "Status"),
    ("street", "Street", "Straße"),
    ("target", "Top up to", "Aufladen bis"),
    ("tax_category", "Tax category", "Steuerkategorie"),
    ("threshold", "Threshold", "Schwelle"),
    ("tiers", "Prices by quantity", "Preise nach Menge"),
    ("time_zone", "Time zone", "Zeitzone"),
    ("to", "To", "An"),
    ("total", "Total", "Summe"),
    ("totp", "Two-step sign-in", "Anmeldung in zwei Schritten"),
    ("type", "Bundle or regular", "Bündel oder einzeln"),
    ("vat_id", "VAT ID", "USt-IdNr."),
    ("version", "Version", "Version"),
    ("waits_for", "Waits for", "Wartet auf"),
    ("way", "Way to sign in", "Art der Anmeldung"),
    ("weight_grams", "Weight in grams", "Gewicht in Gramm"),
    ("width", "Width in pixels", "Breite in Pixel"),
    ("wire_instructions", "Instructions for wires", "Hinweise zu Überweisungen"),
];
