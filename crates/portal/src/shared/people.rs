//! Roles and rights in words (PAR-14): for the people of both sides, and for their keys.

use crate::look::Look;
use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::icon::icon;
use tradepost_design::{Column, Icon, Table};
use tradepost_domain::Right;
use tradepost_domain::access::{MerchantRole, ResellerRole, Side};

/// A role in a reseller's company: its name, and what it is for.
#[must_use]
pub const fn reseller_role(look: &Look, role: ResellerRole) -> (&'static str, &'static str) {
    let (name, text) = match role {
        ResellerRole::Owner => (("Owner", "Inhaber"), ("Everything, people and keys too.", "Alles, auch Personen und Schlüssel.")),
        ResellerRole::Seller => (("Seller", "Verkauf"), ("Orders, licenses and the external shop.", "Bestellungen, Lizenzen und der externe Shop.")),
        ResellerRole::Finance => (("Finance", "Buchhaltung"), ("Invoices, payments and the balance.", "Rechnungen, Zahlungen und das Guthaben.")),
        ResellerRole::Viewer => (("Viewer", "Einsicht"), ("Sees everything but codes, changes nothing.", "Sieht alles außer Codes, ändert nichts.")),
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// A role in a merchant's staff: its name, and what it is for.
#[must_use]
pub const fn merchant_role(look: &Look, role: MerchantRole) -> (&'static str, &'static str) {
    let (name, text) = match role {
        MerchantRole::Owner => (("Owner", "Inhaber"), ("Everything; only owners make owners.", "Alles; nur Inhaber machen Inhaber.")),
        MerchantRole::Admin => (("Admin", "Verwaltung"), ("Everything.", "Alles.")),
        MerchantRole::Fulfillment => (("Fulfillment", "Lieferung"), ("Stock, orders, deliveries and codes.", "Bestand, Bestellungen, Lieferungen und Codes.")),
        MerchantRole::Finance => (("Finance", "Buchhaltung"), ("Payments, invoices and refunds.", "Zahlungen, Rechnungen und Erstattungen.")),
        MerchantRole::Support => {
            (("Support", "Kundendienst"), ("Reads, and sends licenses again; sees no codes.", "Liest mit und sendet Lizenzen erneut; sieht keine Codes."))
        }
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// What a right allows.
#[must_use]
pub const fn right(look: &Look, right: Right) -> &'static str {
    let (english, german) = match right {
        Right::MerchantRead => (
            "See settings, resellers, products, orders, masked licenses, invoices and messages",
            "Einstellungen, Reseller, Produkte, Bestellungen, verdeckte Lizenzen, Rechnungen und Nachrichten sehen",
        ),
        Right::MerchantManage => ("Change settings, program and channels", "Einstellungen, Programm und Kanäle ändern"),
        Right::CatalogManage => ("Create and change products, prices and price lists", "Produkte, Preise und Preislisten anlegen und ändern"),
        Right::StockRead => ("See stock and masked keys", "Bestand und verdeckte Schlüssel sehen"),
        Right::StockManage => ("Import license keys and set thresholds", "Lizenzschlüssel einlesen und Schwellen setzen"),
        Right::PartnersManage => (
            "Approve, deny, suspend and close resellers; set their terms and products",
            "Reseller annehmen, ablehnen, aussetzen und beenden; ihre Konditionen und Produkte festlegen",
        ),
        Right::OrdersManage => ("Cancel orders and change who owns their licenses", "Bestellungen stornieren und ändern, wem ihre Lizenzen gehören"),
        Right::FulfillmentConfirm => ("Confirm deliveries", "Lieferungen bestätigen"),
        Right::LicensesReveal => ("See codes in full; every look is recorded", "Codes ganz sehen; jeder Blick wird festgehalten"),
        Right::LicensesSend => ("Send a license to its owner again", "Eine Lizenz erneut an ihren Besitzer senden"),
        Right::BillingManage => ("Record payments; decide on refunds of fulfillments", "Zahlungen erfassen; über Erstattungen von Lieferungen entscheiden"),
        Right::KeysManage => {
            ("Create, rotate and disable API keys, resellers' too", "API-Schlüssel anlegen, austauschen und abschalten, auch die der Reseller")
        }
        Right::PeopleManage => ("Add and remove members of staff", "Personen aufnehmen und entfernen"),
        Right::MerchantOwn => ("Hand the merchant over; close its account", "Den Händler übergeben; sein Konto schließen"),
        Right::AuditRead => ("Read the audit trail", "Das Protokoll lesen"),
        Right::ProgramRead => ("See the program, its terms, products and prices", "Das Programm, seine Konditionen, Produkte und Preise sehen"),
        Right::OrdersRead => ("See orders and masked licenses", "Bestellungen und verdeckte Lizenzen sehen"),
        Right::OrdersPlace => ("Create, change, confirm and cancel orders", "Bestellungen anlegen, ändern, bestätigen und stornieren"),
        Right::OrdersApprove => (
            "Approve orders that users ask about; set what each may order",
            "Bestellungen genehmigen, um die Personen bitten; festlegen, was jede bestellen darf",
        ),
        Right::LicensesDistribute => ("Activate, send, show and download licenses", "Lizenzen aktivieren, senden, anzeigen und laden"),
        Right::FulfillmentsCreate => (
            "Fulfill sales of the external shop from the balance; see and download their codes",
            "Verkäufe des externen Shops vom Guthaben beliefern; ihre Codes sehen und laden",
        ),
        Right::FulfillmentsRead => ("See fulfillments of the external shop, codes masked", "Lieferungen des externen Shops sehen, Codes verdeckt"),
        Right::BalanceManage => ("Top the balance up, also automatically", "Das Guthaben aufladen, auch automatisch"),
        Right::InvoicesRead => ("See invoices, payments, credit and balance", "Rechnungen, Zahlungen, Kredit und Guthaben sehen"),
        Right::ResellerKeysManage => {
            ("Create, rotate and disable API keys and dynamic URLs", "API-Schlüssel und dynamische URLs anlegen, austauschen und abschalten")
        }
        Right::ResellerPeopleRead => ("See the people of the company", "Die Personen der Firma sehen"),
        Right::ResellerPeopleManage => ("Add and remove people; change the company's profile", "Personen aufnehmen und entfernen; das Profil der Firma ändern"),
    };
    look.t(english, german)
}

/// The roles of a reseller as the choices of a form: value, name, what it is for.
#[must_use]
pub fn reseller_choices(look: &Look) -> Vec<(&'static str, &'static str, &'static str)> {
    ResellerRole::ALL.iter().map(|role| (role.name(), reseller_role(look, *role).0, reseller_role(look, *role).1)).collect()
}

/// The roles of a merchant's staff as the choices of a form.
#[must_use]
pub fn merchant_choices(look: &Look) -> Vec<(&'static str, &'static str, &'static str)> {
    MerchantRole::ALL.iter().map(|role| (role.name(), merchant_role(look, *role).0, merchant_role(look, *role).1)).collect()
}

/// What each role of this side may do: a row for a right, a column for a role.
#[must_use]
pub fn table(room: &Room) -> Markup {
    let look = &room.look;
    let rights = Right::ALL.iter().copied().filter(|right| right.side() == room.side);
    let row = |each: Right| -> Vec<Markup> {
        let held: Vec<bool> = match room.side {
            Side::Merchant => MerchantRole::ALL.iter().map(|role| role.may(each)).collect(),
            Side::Reseller => ResellerRole::ALL.iter().map(|role| role.may(each)).collect(),
        };
        std::iter::once(html! { (right(look, each)) }).chain(held.into_iter().map(|held| mark(room, held))).collect()
    };
    let names: Vec<&'static str> = match room.side {
        Side::Merchant => MerchantRole::ALL.iter().map(|role| merchant_role(look, *role).0).collect(),
        Side::Reseller => ResellerRole::ALL.iter().map(|role| reseller_role(look, *role).0).collect(),
    };
    let columns = std::iter::once(room.t("Permission", "Berechtigung")).chain(names).map(Column::new).collect();
    Table { caption: room.t("Role permissions", "Berechtigungen der Rollen"), columns, rows: rights.map(row).collect(), foot: None }.draw()
}

fn mark(room: &Room, held: bool) -> Markup {
    html! {
        @if held { (icon(Icon::Check)) span class="unseen" { (room.t("Yes", "Ja")) } }
        @else { span class="muted" aria-hidden="true" { "–" } span class="unseen" { (room.t("No", "Nein")) } }
    }
}
