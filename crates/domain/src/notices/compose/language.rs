//! In which language a message is written where its recipient's is not known (PLT-12).

use crate::ids::MerchantId;
use crate::merchants;
use crate::outbox::queries::WaitingEvent;
use serde_json::Value as Json;
use tradepost_kernel::Language;
use tradepost_store::{Fault, Reader};

/// The language of the merchant in whose house an event happened, where it chose one.
pub(super) async fn of_house(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Language>, Fault> {
    if event.merchant != 0 {
        return merchants::branding::mail_language(reader, event.merchant).await;
    }
    // What is about a person's own account may name the merchant that it came from.
    let merchant: Option<MerchantId> = event.body.get("merchant").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let Some(merchant) = merchant else { return Ok(None) };
    let Some(merchant) = merchants::queries::by_id(&mut *reader, merchant).await? else { return Ok(None) };
    merchants::branding::mail_language(reader, merchant.number).await
}

/// SQL: the language of the people at the reseller `r` who read what goes to its address: whose address it is, else the first of its owners
/// whose language is known.
macro_rules! of_company {
    () => {
        "(SELECT COALESCE(q.language, q.browser_language) FROM reseller_member w JOIN person q ON q.id = w.person
          WHERE w.reseller = r.id AND COALESCE(q.language, q.browser_language) IS NOT NULL AND (w.role = 'owner' OR q.email_key = lower(r.email))
          ORDER BY CASE WHEN q.email_key = lower(r.email) THEN 0 ELSE 1 END, w.created_ms, w.person LIMIT 1)"
    };
}
pub(super) use of_company;
