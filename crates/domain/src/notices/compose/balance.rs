//! What is told of prepaid balances (EXT-1, EXT-8).

use super::{Facts, Recipient, language, named};
use crate::ids::InvoiceId;
use crate::outbox::queries::WaitingEvent;
use serde_json::{Value as Json, json};
use tradepost_kernel::{Currency, Date, Language};
use tradepost_store::{Fault, Reader, params, sql};

type InvoiceRow = (String, String, String, String, String, Currency, i64, Date, i64, Option<String>);

/// A top-up that was asked for, and the balance that one was issued for by itself. One mail about each: what was issued
/// by itself is told by `balance.low`.
pub(super) async fn facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(invoice) = named::<crate::ids::Invoice>(event, "invoice") else { return Ok(None) };
    let invoice: InvoiceId = invoice;
    if event.kind == "top_up.requested" && event.body.get("automatic") == Some(&Json::Bool(true)) {
        return Ok(None);
    }
    let row: Option<InvoiceRow> = reader
        .query_opt(
            sql!(concat!(
                "SELECT t.name, t.environment, r.company, r.email, i.number, i.currency, i.total_minor, i.due_on,
                        (SELECT count(*) FROM person p WHERE p.email_key = lower(r.email) AND p.email_confirmed_ms IS NOT NULL), ",
                language::of_company!(),
                " FROM invoice i JOIN partnership a ON a.merchant = i.merchant AND a.id = i.partnership
                 JOIN merchant t ON t.number = i.merchant JOIN reseller r ON r.id = a.reseller
                 WHERE i.merchant = $1 AND i.id = $2 AND i.canceled_ms IS NULL"
            )),
            params![event.merchant, invoice],
        )
        .await?;
    let Some((merchant, environment, company, email, number, currency, total, due_on, confirmed, language)) = row else { return Ok(None) };
    let amount_in = |field: &str| event.body.get(field).and_then(|money| money.get("amount")).cloned().unwrap_or(Json::Null);
    let variables = json!({"merchant": merchant, "company": company, "invoice_number": number, "amount": currency.minor(total).amount_text(),
        "currency": currency.code(), "due_on": due_on, "balance": amount_in("balance"), "threshold": amount_in("threshold"),
        "invoice_link": {"$invoice_link": invoice}});
    let to = Recipient { email, name: company, confirmed: confirmed > 0, language: Language::for_speaker(language.as_deref()) };
    Ok(Some(Facts { variables, test: environment == "test", to: Some(to) }))
}
