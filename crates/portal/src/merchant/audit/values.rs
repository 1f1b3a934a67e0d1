//! What the trail keeps of a field, in words where there are some: yes and no, amounts, and states and kinds as pages call them.

use crate::access::countries;
use crate::look::Look;
use crate::merchant::messages;
use crate::merchant::products::words as products;
use crate::merchant::stock::words as stock;
use crate::names;
use crate::shared::history::is_about_terms;
use crate::shared::{invoices, people, terms};
use serde_json::{Map, Value};
use tradepost_design::Language;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::billing::{InvoiceKind, PaymentMethod};
use tradepost_domain::catalog::{EndUserInformation, Kind, Method};
use tradepost_domain::notices::MessageState;
use tradepost_domain::orders::State as OrderState;
use tradepost_domain::partners::Status as PartnershipStatus;
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::stock::KeyState;
use tradepost_kernel::Currency;

/// A value of a field of an act, as people read it.
pub(super) fn said(look: &Look, action: &str, name: &str, value: &Value) -> String {
    match value {
        Value::Bool(true) => look.t("Yes", "Ja").to_owned(),
        Value::Bool(false) => look.t("No", "Nein").to_owned(),
        Value::String(code) => in_words(look, action, name, code).unwrap_or_else(|| code.clone()),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), |number| look.number(number)),
        Value::Array(all) if all.is_empty() => "–".to_owned(),
        Value::Array(all) => parts(all.iter()).unwrap_or_else(|| value.to_string()),
        Value::Object(fields) => amount(look, fields).or_else(|| parts(fields.values())).unwrap_or_else(|| value.to_string()),
        Value::Null => String::new(),
    }
}

/// Texts, one after the other; `None` where there is anything else among them.
fn parts<'a>(all: impl Iterator<Item = &'a Value>) -> Option<String> {
    let texts: Option<Vec<&str>> = all.filter(|value| !value.is_null()).map(Value::as_str).collect();
    texts.map(|texts| texts.join(", "))
}

fn amount(look: &Look, fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let currency: Currency = text("currency")?.parse().ok()?;
    let money = currency.parse(text("amount")?).ok()?;
    (fields.len() == 2).then(|| look.money_text(&money))
}

/// What pages call a code that stands in the trail.
fn in_words(look: &Look, action: &str, name: &str, code: &str) -> Option<String> {
    if is_about_terms(action) {
        let term = TermName::from_name(name.split(' ').next()?)?;
        return Some(terms::value(look, term, Some(&term.value(code).ok()?)));
    }
    let words = match (action.split('.').next()?, name) {
        ("order", "state") => names::order_state(look, OrderState::from_name(code)?).1,
        ("message", "state") => messages::state(look, MessageState::from_name(code)?).1,
        ("license_key" | "key_import", "state") => stock::key_state(look, KeyState::from_name(code)?).1,
        ("partnership", "status") => names::partnership_status(look, PartnershipStatus::from_name(code)?).1,
        ("partnership", "access") => match code {
            "given" => look.t("Allowed directly", "Direkt freigegeben"),
            "withheld" => look.t("Blocked", "Gesperrt"),
            _ => look.t("By the price list", "Durch die Preisliste"),
        },
        ("payment", "method") => invoices::method(look, PaymentMethod::from_name(code)?),
        ("invoice", "kind") => invoices::kind(look, InvoiceKind::from_name(code)?),
        ("product", "kind") => products::kind(look, Kind::from_name(code)?),
        ("product", "method") => products::method(look, Method::from_name(code)?).0,
        ("product", "end_user_information") => products::end_user(look, EndUserInformation::from_name(code)?).0,
        ("member", "role") => people::merchant_role(look, MerchantRole::from_name(code)?).0,
        (_, "country") => countries::name(look.language, code)?,
        (_, "mail_language") => match Language::of_code(code)? {
            Language::English => "English",
            Language::German => "Deutsch",
        },
        _ => return None,
    };
    Some(words.to_owned())
}
