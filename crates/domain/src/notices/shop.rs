//! What the mails about sales of external shops say (EXT-7, EXT-9).

use super::compose::{Facts, Recipient, named};
use crate::ids::{CancelRequest, CancelRequestId, Fulfillment, FulfillmentId};
use crate::outbox::queries::WaitingEvent;
use serde_json::{Value as Json, json};
use tradepost_kernel::Currency;
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

/// The most codes of one fulfillment that a mail to its customer holds; more are handed over by the reseller.
pub(super) const MOST_MAILED: i64 = 50;

/// A fulfillment, and who it was for.
struct Sale {
    merchant: String,
    environment: String,
    company: String,
    product: String,
    order: String,
    quantity: i64,
    currency: Currency,
    total_minor: i64,
    to: Recipient,
}

impl FromRow for Sale {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (merchant, environment, company, product, order) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        let (quantity, currency, total_minor) = (columns.next()?, columns.next()?, columns.next()?);
        let (email, name): (String, Option<String>) = (columns.next()?, columns.next()?);
        let confirmed: i64 = columns.next()?;
        let to = Recipient { name: name.unwrap_or_else(|| email.clone()), email, confirmed: confirmed > 0, language: None };
        Ok(Self { merchant, environment, company, product, order, quantity, currency, total_minor, to })
    }
}

async fn sale(reader: &mut Reader<'_>, merchant: i64, id: FulfillmentId) -> Result<Option<Sale>, Fault> {
    let sql = sql!(
        "SELECT t.name, t.environment, r.company, p.name, f.external_order_id, f.quantity, f.currency, f.total_minor, f.customer_email, f.customer_name,
                (SELECT count(*) FROM person q WHERE q.email_key = lower(f.customer_email) AND q.email_confirmed_ms IS NOT NULL)
         FROM fulfillment f JOIN merchant t ON t.number = f.merchant
         JOIN partnership a ON a.merchant = f.merchant AND a.id = f.partnership JOIN reseller r ON r.id = a.reseller
         JOIN product p ON p.merchant = f.merchant AND p.number = f.product
         WHERE f.merchant = $1 AND f.id = $2"
    );
    reader.query_opt(sql, params![merchant, id]).await
}

/// The codes of a delivered fulfillment for the shop's customer, where Tradepost mails them: a reference that is opened
/// when the mail is rendered, so that what was taken back by then is left out (EXT-7).
pub(super) async fn delivered(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    if event.body.get("mailed").and_then(Json::as_bool) != Some(true) {
        return Ok(None);
    }
    let Some(fulfillment) = named::<Fulfillment>(event, "fulfillment") else { return Ok(None) };
    let Some(sale) = sale(reader, event.merchant, fulfillment).await? else { return Ok(None) };
    let codes = (sale.quantity <= MOST_MAILED).then(|| json!({"$codes": fulfillment}));
    let variables = json!({
        "merchant": sale.merchant, "company": sale.company, "product": sale.product, "order": sale.order, "quantity": sale.quantity, "codes": codes,
    });
    Ok(Some(Facts { variables, test: sale.environment == "test", to: Some(sale.to) }))
}

/// A fulfillment that could not be delivered, for its reseller (EXT-10).
pub(super) async fn failed(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(fulfillment) = named::<Fulfillment>(event, "fulfillment") else { return Ok(None) };
    let Some(sale) = sale(reader, event.merchant, fulfillment).await? else { return Ok(None) };
    let variables = json!({
        "merchant": sale.merchant, "company": sale.company, "product": sale.product, "order": sale.order, "quantity": sale.quantity,
        "total": sale.currency.minor(sale.total_minor).amount_text(), "currency": sale.currency.code(), "fulfillment": fulfillment,
    });
    Ok(Some(Facts { variables, test: sale.environment == "test", to: None }))
}

/// A request to take a fulfillment back and what became of it, for the merchant's staff and the reseller (EXT-9).
pub(super) async fn cancel_request(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(request) = named::<CancelRequest>(event, "cancel_request") else { return Ok(None) };
    let request: CancelRequestId = request;
    let row: Option<(FulfillmentId, i64, String, i64, Option<String>)> = reader
        .query_opt(
            sql!("SELECT fulfillment, quantity, reason, refund_minor, note FROM cancel_request WHERE merchant = $1 AND id = $2"),
            params![event.merchant, request],
        )
        .await?;
    let Some((fulfillment, quantity, reason, refund_minor, note)) = row else { return Ok(None) };
    let Some(sale) = sale(reader, event.merchant, fulfillment).await? else { return Ok(None) };
    let variables = json!({
        "merchant": sale.merchant, "company": sale.company, "product": sale.product, "order": sale.order, "cancel_request": request,
        "quantity": quantity, "of_quantity": sale.quantity, "reason": reason, "note": note,
        "refund": sale.currency.minor(refund_minor).amount_text(), "currency": sale.currency.code(),
    });
    Ok(Some(Facts { variables, test: sale.environment == "test", to: None }))
}
