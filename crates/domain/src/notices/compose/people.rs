//! What messages about a person's own account say.

use super::{Facts, Recipient, named};
use crate::identity;
use crate::identity::email_change;
use crate::ids::{EmailChangeId, PersonId, SingleUseLinkId};
use crate::notices::rules::Template;
use crate::outbox::queries::WaitingEvent;
use serde_json::{Value as Json, json};
use tradepost_kernel::Language;
use tradepost_store::{Fault, Reader, params, sql};

/// A new address: the link goes there, and a notice to the old one.
pub(super) async fn email_change_facts(reader: &mut Reader<'_>, event: &WaitingEvent, template: Template) -> Result<Option<Facts>, Fault> {
    let change: Option<EmailChangeId> = event.body.get("change").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let Some(change) = change else { return Ok(None) };
    let Some(asked) = email_change::change(&mut *reader, change).await? else { return Ok(None) };
    let name = identity::queries::person(&mut *reader, asked.person).await?.map(|person| identity::full_name(&person.first_name, &person.last_name));
    let mut variables = json!({"merchant": null, "person": asked.person, "new_email": asked.email});
    let email = if template == Template::EmailChange {
        variables["link"] = json!({"$email_change_link": change});
        variables["expires_at"] = json!(asked.expires);
        asked.email
    } else {
        asked.old_email
    };
    let language = identity::queries::language(reader, asked.person).await?;
    Ok(Some(Facts { variables, test: false, to: Some(Recipient { email, name: name.unwrap_or_default(), confirmed: false, language }) }))
}

pub(super) async fn link_facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let link: Option<SingleUseLinkId> = event.body.get("link").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let Some(link) = link else { return Ok(None) };
    let row: Option<(PersonId, String, String, String, i64, Option<String>)> = reader
        .query_opt(
            sql!(
                "SELECT p.id, p.email, p.first_name, p.last_name, l.expires_ms, COALESCE(p.language, p.browser_language)
                 FROM single_use_link l JOIN person p ON p.id = l.person WHERE l.id = $1"
            ),
            params![link],
        )
        .await?;
    let Some((person, email, first, last, expires, language)) = row else { return Ok(None) };
    let merchant: Option<(String, String)> =
        reader.query_opt(sql!("SELECT name, environment FROM merchant WHERE number = $1"), params![event.merchant]).await?;
    let (merchant, environment) = merchant.unzip();
    let variables = json!({"merchant": merchant, "person": person, "link": {"$link": link},
        "expires_at": tradepost_kernel::Timestamp::from_ms(expires)});
    // It always goes out, confirmed or not (that is what it is for), but for people made by hand in a sandbox.
    let test = environment.as_deref() == Some("test");
    let to = Recipient { email, name: identity::full_name(&first, &last), confirmed: false, language: Language::for_speaker(language.as_deref()) };
    Ok(Some(Facts { variables, test, to: Some(to) }))
}

pub(super) async fn person_facts(reader: &mut Reader<'_>, event: &WaitingEvent) -> Result<Option<Facts>, Fault> {
    let Some(person) = named::<crate::ids::Person>(event, "person") else { return Ok(None) };
    let select = sql!("SELECT email, first_name, last_name, COALESCE(language, browser_language) FROM person WHERE id = $1");
    let row: Option<(String, String, String, Option<String>)> = reader.query_opt(select, params![person]).await?;
    let Some((email, first, last, language)) = row else { return Ok(None) };
    let merchant: Option<crate::ids::MerchantId> = event.body.get("merchant").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let merchant: Option<(String, String)> = reader.query_opt(sql!("SELECT name, environment FROM merchant WHERE id = $1"), params![merchant]).await?;
    let (merchant, environment) = merchant.unzip();
    let test = environment.as_deref() == Some("test");
    Ok(Some(Facts {
        variables: json!({"merchant": merchant, "person": person, "event": event.kind, "left": event.body.get("left")}),
        test,
        to: Some(Recipient { email, name: identity::full_name(&first, &last), confirmed: false, language: Language::for_speaker(language.as_deref()) }),
    }))
}

/// Who owns a merchant or a company now, and who did: told to each of the two (PAR-14).
pub(super) async fn ownership_facts(reader: &mut Reader<'_>, event: &WaitingEvent, template: Template) -> Result<Option<Facts>, Fault> {
    let person = |field: &str| event.body.get(field).and_then(Json::as_str).and_then(|text| text.parse::<PersonId>().ok());
    let (Some(from), Some(to)) = (person("from"), person("to")) else { return Ok(None) };
    let (mine, other) = if template == Template::OwnershipReceived { (to, from) } else { (from, to) };
    let account: Option<(String, String)> = if event.merchant == 0 {
        let select = sql!("SELECT company, 'live' FROM reseller WHERE id = $1");
        reader.query_opt(select, params![named::<crate::ids::Reseller>(event, "reseller")]).await?
    } else {
        reader.query_opt(sql!("SELECT name, environment FROM merchant WHERE number = $1"), params![event.merchant]).await?
    };
    let Some((account, environment)) = account else { return Ok(None) };
    let (Some(mine), Some(other)) = (identity::queries::person(&mut *reader, mine).await?, identity::queries::person(&mut *reader, other).await?) else {
        return Ok(None);
    };
    let language = identity::queries::language(reader, mine.id).await?;
    let name = |person: &identity::PersonView| identity::full_name(&person.first_name, &person.last_name);
    let variables = json!({"merchant": null, "person": mine.id, "account": account, "other": name(&other)});
    let to = Recipient { name: name(&mine), email: mine.email, confirmed: mine.confirmed.is_some(), language };
    Ok(Some(Facts { variables, test: environment == "test", to: Some(to) }))
}
