//! From an event to its messages: who gets them, and what they say. Reads only.

mod approval;
mod balance;
mod language;
mod people;

use super::rules::{self, Audience, Rule, Template};
use super::{NewMessage, shop};
use crate::identity;
use crate::ids::{CustomerId, InvoiceId, LicenseId, OrderId};
use crate::outbox::queries::WaitingEvent;
use serde_json::{Value as Json, json};
use std::str::FromStr;
use tradepost_kernel::{Currency, Date, Language};
use tradepost_store::{Fault, Reader, params, sql};

/// An address, whether its owner confirmed it, and what they read.
#[derive(Clone)]
pub(super) struct Recipient {
    pub(super) email: String,
    pub(super) name: String,
    pub(super) confirmed: bool,
    /// The language that they are known to read; `None`: the house's.
    pub(super) language: Option<Language>,
}

/// The messages that follow from an event.
pub(super) async fn compose(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Vec<NewMessage>, Fault> {
    let mut messages = Vec::new();
    for rule in rules::of(&event.kind) {
        let Some(facts) = facts(&mut *reader, event, rule).await? else { continue };
        let recipients = recipients(&mut *reader, event, rule, &facts).await?;
        let house = if recipients.iter().all(|recipient| recipient.language.is_some()) { None } else { language::of_house(&mut *reader, event).await? };
        for recipient in recipients {
            messages.push(message(event, rule, &facts, recipient, house.unwrap_or_default()));
        }
    }
    Ok(messages)
}

/// What a message is about: the variables that all its recipients share.
pub(super) struct Facts {
    pub(super) variables: Json,
    /// Whether it happened in a sandbox.
    pub(super) test: bool,
    /// Where the facts already name the one recipient.
    pub(super) to: Option<Recipient>,
}

fn message(event: &WaitingEvent, rule: &Rule, facts: &Facts, recipient: Recipient, house: Language) -> NewMessage {
    let mut variables = facts.variables.clone();
    variables["recipient_name"] = Json::String(recipient.name);
    variables["test"] = Json::Bool(facts.test);
    if let Some(partnership) = event.partnership {
        // Where the recipient goes on: in the workspace of this partnership.
        variables["partnership"] = json!(partnership);
    }
    NewMessage {
        log: if rule.audience.is_private() { 0 } else { event.merchant },
        partnership: event.partnership,
        template: rule.template,
        recipient: recipient.email,
        language: recipient.language.unwrap_or(house),
        variables,
        may_leave: !facts.test || recipient.confirmed,
    }
}

async fn facts(reader: &mut Reader<'_>, event: &WaitingEvent, rule: &Rule) -> Result<Option<Facts>, Fault> {
    match rule.template {
        Template::ApprovalRequested => return approval::facts(reader, event).await,
        Template::FulfillmentDelivered => return shop::delivered(reader, event).await,
        Template::FulfillmentFailed => return shop::failed(reader, event).await,
        Template::CancelRequested | Template::CancelApproved | Template::CancelRejected => return shop::cancel_request(reader, event).await,
        Template::OwnershipReceived | Template::OwnershipGiven => return people::ownership_facts(reader, event, rule.template).await,
        Template::EmailChange | Template::EmailChangeNotice => return people::email_change_facts(reader, event, rule.template).await,
        _ => {}
    }
    match rule.audience {
        Audience::MerchantStaff | Audience::ResellerOwners => partnership_facts(reader, event).await,
        Audience::ResellerCompany => match rule.template {
            Template::TopUpRequested | Template::BalanceLow => balance::facts(reader, event).await,
            _ => order_facts(reader, event).await,
        },
        Audience::Customer => license_facts(reader, event).await,
        Audience::LinkHolder => people::link_facts(reader, event).await,
        Audience::Person => people::person_facts(reader, event).await,
    }
}

async fn recipients(reader: &mut Reader<'_>, event: &WaitingEvent, rule: &Rule, facts: &Facts) -> Result<Vec<Recipient>, Fault> {
    if let Some(to) = &facts.to {
        return Ok(vec![to.clone()]);
    }
    let people: Vec<(String, String, String, i64, Option<String>)> = match rule.audience {
        Audience::MerchantStaff => {
            // Staff belong to the live merchant and its sandbox alike.
            let people = sql!(
                "SELECT DISTINCT p.email, p.first_name, p.last_name, CASE WHEN p.email_confirmed_ms IS NULL THEN 0 ELSE 1 END,
                        COALESCE(p.language, p.browser_language)
                 FROM merchant t JOIN merchant_member m ON m.merchant IN (t.number, t.twin) JOIN person p ON p.id = m.person
                 WHERE t.number = $1 AND m.role IN ('owner', 'admin')"
            );
            reader.query(people, params![event.merchant]).await?
        }
        Audience::ResellerOwners => {
            let people = sql!(
                "SELECT p.email, p.first_name, p.last_name, CASE WHEN p.email_confirmed_ms IS NULL THEN 0 ELSE 1 END,
                        COALESCE(p.language, p.browser_language)
                 FROM partnership a JOIN reseller_member m ON m.reseller = a.reseller JOIN person p ON p.id = m.person
                 WHERE a.merchant = $1 AND a.id = $2 AND m.role = 'owner'"
            );
            reader.query(people, params![event.merchant, event.partnership]).await?
        }
        Audience::ResellerCompany | Audience::Customer | Audience::LinkHolder | Audience::Person => Vec::new(),
    };
    Ok(people
        .into_iter()
        .map(|(email, first, last, confirmed, language)| Recipient {
            email,
            name: identity::full_name(&first, &last),
            confirmed: confirmed == 1,
            language: Language::for_speaker(language.as_deref()),
        })
        .collect())
}

/// The id that the body names, else the subject where it is of that noun.
pub(super) fn named<N: tradepost_kernel::id::Noun>(event: &WaitingEvent, field: &str) -> Option<tradepost_kernel::Id<N>> {
    let in_body = event.body.get(field).and_then(Json::as_str).and_then(|text| tradepost_kernel::Id::from_str(text).ok());
    in_body.or_else(|| (event.subject_kind == N::PREFIX).then(|| tradepost_kernel::Id::from_bytes(event.subject)))
}

async fn partnership_facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let row: Option<(String, String, String, String)> = reader
        .query_opt(
            sql!(
                "SELECT t.name, t.environment, r.company, a.code FROM partnership a
                 JOIN merchant t ON t.number = a.merchant JOIN reseller r ON r.id = a.reseller WHERE a.merchant = $1 AND a.id = $2"
            ),
            params![event.merchant, event.partnership],
        )
        .await?;
    Ok(row.map(|(merchant, environment, company, code)| Facts {
        variables: json!({"merchant": merchant, "company": company, "code": code, "partnership": event.partnership, "note": event.body.get("note")}),
        test: environment == "test",
        to: None,
    }))
}

type OrderRow = (String, String, String, String, Option<String>, Option<String>, Currency, i64, Option<String>, Option<i64>, i64, Option<String>);

async fn order_facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(order) = named::<crate::ids::Order>(event, "order") else { return Ok(None) };
    let order: OrderId = order;
    let row: Option<OrderRow> = reader
        .query_opt(
            sql!(concat!(
                "SELECT t.name, t.environment, r.company, r.email, o.number, o.reference, o.currency, o.total_minor, o.cancel_note, c.order_email,
                        (SELECT count(*) FROM person p WHERE p.email_key = lower(r.email) AND p.email_confirmed_ms IS NOT NULL), ",
                language::of_company!(),
                " FROM orders o JOIN partnership a ON a.merchant = o.merchant AND a.id = o.partnership
                 JOIN merchant t ON t.number = o.merchant JOIN reseller r ON r.id = a.reseller
                 LEFT JOIN channel c ON c.merchant = a.merchant AND c.id = a.channel
                 WHERE o.merchant = $1 AND o.id = $2"
            )),
            params![event.merchant, order],
        )
        .await?;
    let Some((merchant, environment, company, email, number, reference, currency, total, note, order_email, confirmed, language)) = row else {
        return Ok(None);
    };
    // A channel may switch off the mail about placing (ORD-8); that about cancelling always goes out (DEL-8).
    if event.kind == "order.placed" && order_email == Some(0) {
        return Ok(None);
    }
    let invoice: Option<(InvoiceId, String, Date)> = reader
        .query_opt(
            sql!(
                "SELECT i.id, i.number, i.due_on FROM invoice_order x JOIN invoice i ON i.merchant = x.merchant AND i.id = x.invoice
                 WHERE x.merchant = $1 AND x.orders = $2 AND i.canceled_ms IS NULL ORDER BY i.id LIMIT 1"
            ),
            params![event.merchant, order],
        )
        .await?;
    let total = currency.minor(total);
    let mut variables = json!({"merchant": merchant, "company": company, "order": order, "order_number": number, "reference": reference,
        "total": total.amount_text(), "currency": currency.code(), "note": note, "invoice_number": null, "due_on": null, "invoice_link": null});
    if let Some((invoice, number, due_on)) = invoice {
        variables["invoice_number"] = json!(number);
        variables["due_on"] = json!(due_on);
        variables["invoice_link"] = json!({"$invoice_link": invoice});
    }
    Ok(Some(Facts {
        variables,
        test: environment == "test",
        to: Some(Recipient { email, name: company, confirmed: confirmed > 0, language: Language::for_speaker(language.as_deref()) }),
    }))
}

type LicenseRow = (String, String, String, String, String, Option<Vec<u8>>, String, String, String, i64, Option<String>);

async fn license_facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(license) = named::<crate::ids::License>(event, "license") else { return Ok(None) };
    let license: LicenseId = license;
    // The owner may have changed since: what was announced is what is sent.
    let customer: Option<CustomerId> = event.body.get("customer").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let Some(customer) = customer else { return Ok(None) };
    let row: Option<LicenseRow> = reader
        .query_opt(
            sql!(
                "SELECT t.name, t.environment, r.company, p.name, p.sku, l.license_key, c.email, c.first_name, c.last_name,
                        (SELECT count(*) FROM person q WHERE q.email_key = c.email_key AND q.email_confirmed_ms IS NOT NULL), c.language
                 FROM license l JOIN merchant t ON t.number = l.merchant
                 JOIN partnership a ON a.merchant = l.merchant AND a.id = l.partnership JOIN reseller r ON r.id = a.reseller
                 JOIN product p ON p.merchant = l.merchant AND p.number = l.product
                 JOIN customer c ON c.merchant = l.merchant AND c.id = $3
                 WHERE l.merchant = $1 AND l.id = $2"
            ),
            params![event.merchant, license, customer],
        )
        .await?;
    let Some((merchant, environment, company, product, sku, key, email, first, last, confirmed, language)) = row else { return Ok(None) };
    let code = key.map(|_| json!({"$code": license}));
    let variables = json!({"merchant": merchant, "company": company, "license": license, "product": product, "sku": sku, "code": code});
    let language = Language::for_speaker(language.as_deref());
    let to = Recipient { email, name: identity::full_name(&first, &last), confirmed: confirmed > 0, language };
    Ok(Some(Facts { variables, test: environment == "test", to: Some(to) }))
}
