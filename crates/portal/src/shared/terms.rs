//! Terms in words: what each is, what it is set to, and where that came from (PAR-11).

use crate::look::Look;
use crate::room::Room;
use crate::shared::invoices;
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::{Tone, tag};
use tradepost_design::{Column, Language, Table, badge};
use tradepost_domain::access::Side;
use tradepost_domain::billing::PaymentMethod;
use tradepost_domain::ids::ProductId;
use tradepost_domain::partners::terms::{Level, PaymentWay, Qualifier, TermName, TermOrigin, TermValue};
use tradepost_domain::{MerchantScope, catalog};
use tradepost_kernel::Percent;
use tradepost_web::{Call, Problem};

/// SKU and name of products, by id.
pub type ProductNames = HashMap<ProductId, (String, String)>;

/// What products are called; those that are gone are left out.
///
/// # Errors
/// Faults of the store.
pub async fn product_names(call: &Call, merchant: MerchantScope, ids: Vec<ProductId>) -> Result<ProductNames, Problem> {
    call.read(move |reader| {
        Box::pin(async move {
            let mut names = ProductNames::new();
            for id in ids {
                if let Some(product) = catalog::queries::product(reader, merchant, id).await? {
                    names.insert(id, (product.fields.sku, product.fields.name));
                }
            }
            Ok(names)
        })
    })
    .await
}

/// The products that terms are about.
#[must_use]
pub fn products_of(origins: &[TermOrigin]) -> Vec<ProductId> {
    let mut ids: Vec<ProductId> = origins.iter().filter_map(|origin| if let Qualifier::Product(id) = &origin.qualifier { Some(*id) } else { None }).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What a term is called, and what it means.
#[must_use]
pub const fn name(look: &Look, term: TermName) -> (&'static str, &'static str) {
    let (name, text) = match term {
        TermName::Currency => (("Currency", "Währung"), ("What is bought in.", "Worin eingekauft wird.")),
        TermName::WholesaleDiscountPercent => (("Wholesale discount", "Großhandelsrabatt"), ("Off the list price.", "Vom Listenpreis.")),
        TermName::MarginPercent => (("Margin", "Marge"), ("Off the price that is left then.", "Vom Preis, der dann bleibt.")),
        TermName::CreditLimit => (("Credit limit", "Kreditrahmen"), ("How much may be owed.", "Wie viel geschuldet sein darf.")),
        TermName::HoldUnpaidAtLimit => (
            ("Unpaid licenses wait at the limit", "Unbezahlte Lizenzen warten am Rahmen"),
            (
                "While the limit is reached, licenses of unpaid orders are not handed out.",
                "Solange der Rahmen erreicht ist, werden Lizenzen unbezahlter Bestellungen nicht ausgegeben.",
            ),
        ),
        TermName::RequiresEndUserInformation => {
            (("End user must be known", "Endkunde muss bekannt sein"), ("Before a license is handed over.", "Bevor eine Lizenz übergeben wird."))
        }
        TermName::RequiresResellerInformation => (
            ("Selling company must be known", "Weiterverkaufende Firma muss bekannt sein"),
            ("Before a license is handed over.", "Bevor eine Lizenz übergeben wird."),
        ),
        TermName::InvoiceDueDays => (("Time to pay", "Zahlungsziel"), ("From the invoice's date.", "Ab dem Datum der Rechnung.")),
        TermName::ReservationDays => (
            ("Keys reserved for", "Schlüssel reserviert für"),
            (
                "Unpaid and outside credit, an order then gives its keys back, and reserves again once it is paid.",
                "Unbezahlt und außerhalb des Kredits gibt eine Bestellung ihre Schlüssel dann zurück; bezahlt reserviert sie wieder.",
            ),
        ),
        TermName::ExcludedPaymentMethods => {
            (("Excluded ways to pay", "Ausgeschlossene Zahlungsarten"), ("Invoices do not offer them.", "Rechnungen bieten sie nicht an."))
        }
        TermName::PurchaseLimitDay => {
            (("Purchase limit per day", "Einkaufsgrenze je Tag"), ("Orders and the external shop together.", "Bestellungen und externer Shop zusammen."))
        }
        TermName::PurchaseLimitMonth => {
            (("Purchase limit per month", "Einkaufsgrenze je Monat"), ("Orders and the external shop together.", "Bestellungen und externer Shop zusammen."))
        }
        TermName::MinQuantity => (("Minimum per order line", "Mindestmenge je Position"), ("Of one product at a time.", "Von einem Produkt auf einmal.")),
        TermName::MaxQuantity => (("Maximum per order line", "Höchstmenge je Position"), ("Of one product at a time.", "Von einem Produkt auf einmal.")),
        TermName::EmailCodesToEndUsers => (
            ("Codes are e-mailed to customers", "Codes gehen per E-Mail an Kunden"),
            (
                "Tradepost e-mails the customers of the external shop, from the merchant.",
                "Tradepost schreibt den Kunden des externen Shops, im Namen des Händlers.",
            ),
        ),
        TermName::AutoApprove => (
            ("Sign-ups are approved at once", "Anmeldungen werden sofort angenommen"),
            (
                "Without a decision of yours; where there is no channel they wait all the same.",
                "Ohne Ihre Entscheidung; wo kein Kanal ist, warten sie dennoch.",
            ),
        ),
        TermName::Enabled => (
            ("Takes new resellers", "Nimmt neue Reseller auf"),
            ("Off: nobody signs up or joins. Those who are in go on.", "Aus: Niemand meldet sich an oder tritt bei. Wer drin ist, arbeitet weiter."),
        ),
        TermName::TermsUrl => {
            (("Terms to accept", "Bedingungen zum Zustimmen"), ("The page that whoever signs up accepts.", "Die Seite, der zustimmt, wer sich anmeldet."))
        }
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// What a partnership's mode is called, and what it allows (PAR-9).
#[must_use]
pub fn mode<'a>(look: &Look, mode: &'a str) -> (&'a str, &'a str) {
    let (name, text) = match mode {
        "affiliate" => (("Affiliate", "Vermittlung"), ("Links and commission.", "Links und Provision.")),
        "stock" => {
            (("Stock", "Bestand"), ("Orders into your own inventory, and the external shop.", "Bestellungen in den eigenen Bestand und der externe Shop."))
        }
        "auto_fulfilled" => (("Automatic", "Automatisch"), ("Sales are delivered for you.", "Verkäufe werden für Sie beliefert.")),
        "hybrid" => (("Hybrid", "Gemischt"), ("All of it: links, orders, the external shop.", "Alles: Links, Bestellungen, der externe Shop.")),
        other => return (other, ""),
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// A percentage as people write it.
#[must_use]
pub fn percent(look: &Look, percent: Percent) -> String {
    match look.language {
        Language::English => format!("{percent}%"),
        Language::German => format!("{} %", percent.to_string().replace('.', ",")),
    }
}

/// What a term is set to; what it means where it is set to none.
#[must_use]
pub fn value(look: &Look, term: TermName, value: Option<&TermValue>) -> String {
    let none = match term {
        TermName::Currency => look.t("Not set yet", "Noch nicht gesetzt"),
        TermName::CreditLimit => look.t("None: paid first", "Keiner: erst bezahlen"),
        TermName::ReservationDays => look.t("No end", "Kein Ende"),
        TermName::PurchaseLimitDay | TermName::PurchaseLimitMonth | TermName::MinQuantity | TermName::MaxQuantity => look.t("No limit", "Keine Grenze"),
        _ => look.t("None", "Keine"),
    };
    match value {
        None => none.to_owned(),
        Some(TermValue::Currency(currency)) => currency.code().to_owned(),
        Some(TermValue::Percent(rate)) => percent(look, *rate),
        Some(TermValue::Money(money)) => look.money_text(money),
        Some(TermValue::Flag(true)) => look.t("Yes", "Ja").to_owned(),
        Some(TermValue::Flag(false)) => look.t("No", "Nein").to_owned(),
        Some(TermValue::Days(days)) => look.n(*days, ("day", "days"), ("Tag", "Tage")),
        Some(TermValue::Url(url)) => url.clone(),
        Some(TermValue::Ways(ways)) => ways.iter().map(|way| invoices::method(look, method_of(*way))).collect::<Vec<_>>().join(", "),
        Some(TermValue::Units(units)) => look.n(*units, ("unit", "units"), ("Stück", "Stück")),
    }
}

const fn method_of(way: PaymentWay) -> PaymentMethod {
    match way {
        PaymentWay::Check => PaymentMethod::Check,
        PaymentWay::Wire => PaymentMethod::Wire,
    }
}

/// Which level set a term.
#[must_use]
pub const fn level(room: &Room, level: Option<Level>) -> &'static str {
    match (level, room.side) {
        (Some(Level::Program), _) => room.t("Program", "Programm"),
        (Some(Level::Channel), _) => room.t("Channel", "Kanal"),
        (Some(Level::Partnership), Side::Reseller) => room.t("Agreed with you", "Mit Ihnen vereinbart"),
        (Some(Level::Partnership), Side::Merchant) => room.t("This reseller", "Dieser Reseller"),
        (None, _) => room.t("Default", "Vorgabe"),
    }
}

/// What a term is for, where it is not for everything.
fn qualifier(room: &Room, qualifier: &Qualifier, products: &ProductNames) -> Markup {
    match qualifier {
        Qualifier::General => html! {},
        Qualifier::Group(group) => html! { " " (tag(&format!("{} {group}", room.t("Group", "Gruppe")))) },
        Qualifier::Product(id) => html! {
            @match products.get(id) { Some((sku, _)) => { " " (tag(sku)) } None => { " " code { (id) } } }
        },
    }
}

/// Every term that counts, what it is set to, and where that came from.
#[must_use]
pub fn table(room: &Room, origins: &[TermOrigin], products: &ProductNames) -> Markup {
    let look = &room.look;
    let row = |origin: &TermOrigin| {
        let (called, meaning) = name(look, origin.name);
        let tone = if origin.level == Some(Level::Partnership) { Tone::Info } else { Tone::Plain };
        vec![
            html! { span class="row" { (called) } (qualifier(room, &origin.qualifier, products)) span class="under" { (meaning) } },
            html! { (value(look, origin.name, origin.value.as_ref())) },
            badge(tone, level(room, origin.level)),
        ]
    };
    let columns = vec![Column::new(room.t("Term", "Kondition")), Column::right(room.t("Value", "Wert")), Column::new(room.t("From", "Von"))];
    Table { caption: room.t("Terms", "Konditionen"), columns, rows: origins.iter().map(row).collect(), foot: None }.draw()
}
