//! The checks of `tradepost verify` and their areas, in words.

use crate::look::Look;
use tradepost_design::Language;
use tradepost_domain::verify::{CHECKS, Check};

/// An area by the name that checks begin with, English, German.
const AREAS: &[(&str, &str, &str)] = &[
    ("ledger", "Ledger", "Hauptbuch"),
    ("credit", "Credit", "Kredit"),
    ("licenses", "Licenses", "Lizenzen"),
    ("stock", "Stock", "Bestand"),
    ("orders", "Orders", "Bestellungen"),
    ("fulfillments", "External shops", "Externe Shops"),
    ("numbers", "Order numbers", "Bestellnummern"),
    ("billing", "Invoices and payments", "Rechnungen und Zahlungen"),
    ("events", "Events", "Ereignisse"),
    ("outbox", "Order of events", "Reihenfolge der Ereignisse"),
    ("audit", "Audit trail", "Protokoll"),
    ("partnership", "Partnerships", "Partnerschaften"),
    ("tenancy", "Merchants kept apart", "Trennung der Händler"),
    ("security", "Codes kept secret", "Geheimhaltung der Codes"),
    ("storage", "Storage", "Speicher"),
];

/// What is true where a check is clean.
const GERMAN: &[(&str, &str)] = &[
    ("ledger.transfers_balance", "Die Buchungen jedes Vorgangs ergeben zusammen null, und es sind mindestens zwei."),
    ("ledger.zero_sum", "Die Salden aller Konten eines Händlers ergeben in jeder Währung zusammen null."),
    ("ledger.balances", "Der Saldo jedes Kontos ist die Summe seiner Buchungen; kein Guthaben ist überzogen."),
    ("ledger.entry_currency", "Alle Buchungen eines Vorgangs liegen auf Konten derselben Währung."),
    ("ledger.reversals", "Jede Rückbuchung hebt genau den Vorgang auf, den sie nennt, und keiner wird zweimal aufgehoben."),
    ("ledger.postings", "Jede bestätigte Bestellung ist einmal als Schuld gebucht, jede Zahlung mit dem, was sie deckt."),
    ("ledger.prepaid_balance", "Zu keinem Zeitpunkt liegt ein Guthaben unter null, und jede Lieferung nennt das Guthaben, das danach übrig war."),
    ("credit.used", "Was eine Partnerschaft laut Büchern schuldet, ist die Summe der offenen Beträge ihrer Bestellungen."),
    ("credit.released_fit", "Eine Bestellung wird gehalten oder wurde einmal freigegeben, wie ihr Verlauf es sagt; nichts Bezahltes wird gehalten."),
    ("licenses.funded", "Jede verfügbare oder weitergegebene Lizenz gehört zu einer freigegebenen Bestellung."),
    ("licenses.state", "Stand und Status jeder Lizenz folgen aus dem, was mit ihr und ihrer Bestellung geschah."),
    ("stock.one_license_per_key", "Kein Schlüssel gehört zu zwei Lizenzen."),
    ("stock.key_and_license_agree", "Jeder Schlüssel steht dort, wo seine Lizenz steht: vorgemerkt, zugeteilt, geliefert oder zurückgenommen."),
    ("stock.counters", "Die Zähler jedes Produkts stimmen mit seinen Schlüsseln überein."),
    ("stock.promised", "Zugesagt ist genau, was laufenden Lieferungen noch fehlt."),
    ("stock.shown_never_available", "Kein Schlüssel, den jemand gesehen hat, liegt wieder im Bestand."),
    (
        "stock.expiry",
        "Kein Schlüssel im Bestand läuft ab, bevor sein Produkt nach abgelaufenen sieht; wer als abgelaufen aus dem Bestand kam, ist zurückgenommen und hat keine Lizenz.",
    ),
    ("stock.codes_open", "Die Codes lassen sich entschlüsseln und passen zu ihrem Fingerabdruck (Stichprobe)."),
    ("orders.licenses_per_item", "Jede bestätigte Position hat so viele Lizenzen wie bestellt; ein Entwurf hat keine."),
    ("orders.totals", "Die Summe jeder Bestellung ist die Summe ihrer Positionen."),
    (
        "orders.reservations",
        "Jede wartende Lizenz hat ihren Schlüssel, steht dafür an oder gab beides zurück, weil ihre Bestellung nicht rechtzeitig bezahlt wurde; keine gab vor der Zeit zurück.",
    ),
    ("orders.prices_explained", "Preis und Betrag jeder Position folgen aus ihrer gespeicherten Erklärung."),
    ("orders.state", "Der Stand jeder Bestellung folgt aus dem, was mit ihr geschah."),
    ("fulfillments.licenses", "Jede Lieferung hat so viele Lizenzen, wie sie als bereit nennt, und so viele zurückgenommen, wie sie sagt."),
    ("fulfillments.state", "Der Stand jeder Lieferung folgt aus dem, was übergeben und zurückgenommen wurde."),
    ("fulfillments.debits", "Jede Lieferung wurde einmal vom Guthaben abgebucht, mit ihrer Summe."),
    ("fulfillments.refunds", "Was von jeder Lieferung zurückging, steht so in den angenommenen Anfragen und wurde dem Guthaben gutgeschrieben."),
    ("fulfillments.prices_explained", "Die Summe jeder Lieferung folgt aus ihrer gespeicherten Erklärung."),
    ("fulfillments.external_orders", "Jede Lieferung hat eine externe Bestellnummer, die in ihrer Partnerschaft einmalig ist."),
    ("numbers.orders", "Bestellnummern sind eindeutig und lückenlos je Händler und Jahr."),
    ("billing.invoice_numbers", "Rechnungsnummern sind lückenlos je Händler und Reihe."),
    ("billing.invoice_totals", "Jede Rechnung geht auf und stimmt mit dem überein, was bei ihrer Ausstellung festgehalten wurde."),
    ("billing.payments", "Was Zahlungen gedeckt haben, ist, was bezahlt wurde, und nie mehr als die Zahlung."),
    ("billing.one_live_invoice_per_order", "Jede bestätigte Bestellung steht auf genau einer gültigen Rechnung über ihre Summe."),
    ("billing.top_ups", "Eine Rechnung über eine Aufladung steht für keine Bestellung, und höchstens eine automatische ist offen."),
    ("events.order_placed", "Zu jeder bestätigten oder stornierten Bestellung und jeder Rechnung gibt es genau ein Ereignis."),
    ("outbox.relayed_in_order", "Ereignisse sind lückenlos gezählt und wurden je Partnerschaft der Reihe nach weitergegeben."),
    ("audit.reveals", "Zu jedem Schlüssel, den jemand sah, steht der Moment im Protokoll."),
    ("partnership.orders_placed", "Jede Partnerschaft hat so viele Bestellungen gezählt, wie sie aufgab."),
    ("partnership.purchase_days", "Was gegen Kauflimits gezählt ist, passt zu dem, was bestellt und geliefert wurde."),
    ("partnership.balance_due", "Der Vermerk „Saldo fällig“ steht genau dann, wenn der Kreditrahmen ausgeschöpft ist."),
    ("tenancy.foreign_keys", "Jeder Verweis führt zu einer Zeile desselben Händlers."),
    ("tenancy.references", "Lizenzen, Kunden, Rechnungen und Zahlungen gehören zur Partnerschaft ihrer Bestellung."),
    ("security.no_plaintext_codes", "Kein Code steht offen in Ereignissen, Protokoll, Nachrichten oder aufgehobenen Antworten (Stichprobe)."),
    ("storage.integrity", "Gespeichertes übersteht einen Stromausfall, und die Datei der Datenbank ist heil."),
];

/// The areas as the choices of a form, `all` first.
pub(super) fn areas(look: &Look) -> Vec<(&'static str, &'static str)> {
    let known = AREAS.iter().map(|(area, english, german)| (*area, look.t(english, german)));
    std::iter::once(("all", look.t("Everything", "Alles"))).chain(known).collect()
}

/// What a check makes sure of.
pub(super) fn meaning(look: &Look, name: &str) -> &'static str {
    let english = CHECKS.iter().find(|check: &&&Check| check.name == name).map_or("", |check| check.meaning);
    match look.language {
        Language::English => english,
        Language::German => GERMAN.iter().find(|(known, _)| *known == name).map_or(english, |(_, text)| *text),
    }
}
