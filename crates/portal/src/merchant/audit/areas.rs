//! The areas of a merchant's trail.

/// The noun that its acts begin with, English, German. Acts of people and companies stand in the operator's trail.
pub(super) const AREAS: &[(&str, &str, &str)] = &[
    ("order", "Orders", "Bestellungen"),
    ("spending_limit", "Spending limits", "Bestellgrenzen"),
    ("order_approval", "Approvals of orders", "Genehmigungen"),
    ("license", "Licenses", "Lizenzen"),
    ("invoice", "Invoices", "Rechnungen"),
    ("payment", "Payments", "Zahlungen"),
    ("auto_top_up", "Automatic top-ups", "Automatische Aufladungen"),
    ("fulfillment", "External shops", "Externe Shops"),
    ("cancel_request", "Return requests", "Rücknahmeanfragen"),
    ("product", "Products", "Produkte"),
    ("price_list", "Price lists", "Preislisten"),
    ("key_import", "Key imports", "Schlüsselimporte"),
    ("stock", "Stock", "Bestand"),
    ("license_key", "Keys of the stock", "Schlüssel im Bestand"),
    ("partnership", "Resellers", "Reseller"),
    ("channel", "Channels", "Kanäle"),
    ("program", "Program", "Programm"),
    ("merchant", "Settings", "Einstellungen"),
    ("member", "People", "Personen"),
    ("api_key", "API keys", "API-Schlüssel"),
    ("view", "Saved views", "Gespeicherte Ansichten"),
    ("message", "Messages", "Nachrichten"),
];
