//! What the mail about a draft that waits for an owner says (PAR-14).

use super::{Facts, named};
use crate::identity;
use crate::ids::{Order, OrderId, Person, PersonId};
use crate::outbox::queries::WaitingEvent;
use serde_json::json;
use tradepost_store::{Fault, Reader, params, sql};

type DraftRow = (String, String, String, Option<String>);

pub(super) async fn facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let (Some(order), Some(person)) = (named::<Order>(event, "order"), named::<Person>(event, "person")) else { return Ok(None) };
    let (order, person): (OrderId, PersonId) = (order, person);
    // Where it was answered or withdrawn before the mail is written, nobody is asked any more.
    let select = sql!(
        "SELECT t.name, t.environment, r.company, o.reference FROM orders o JOIN partnership a ON a.merchant = o.merchant AND a.id = o.partnership
         JOIN merchant t ON t.number = o.merchant JOIN reseller r ON r.id = a.reseller WHERE o.merchant = $1 AND o.id = $2 AND o.approval = 'waiting'"
    );
    let row: Option<DraftRow> = reader.query_opt(select, params![event.merchant, order]).await?;
    let Some((merchant, environment, company, reference)) = row else { return Ok(None) };
    let Some(person) = identity::queries::person(reader, person).await? else { return Ok(None) };
    let asks = identity::full_name(&person.first_name, &person.last_name);
    let variables = json!({"merchant": merchant, "company": company, "order": order, "reference": reference, "asked_by": asks});
    Ok(Some(Facts { variables, test: environment == "test", to: None }))
}
