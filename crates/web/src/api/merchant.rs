//! A merchant's settings and its program.

use super::bank_accounts::{BankAccountView, NewBankAccount};
use super::companies::Country;
use super::terms::{TermView, TermsChange, own_term_views};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Paragraph};
use crate::input::{Field, Patch};
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{input, view};
use serde_json::{Value, json};
use tradepost_domain::merchants::{BankAccount, MerchantView, UpdateMerchant, queries};
use tradepost_domain::partners::ChangeProgramTerms;
use tradepost_domain::partners::terms::{self, Level, Place};
use tradepost_domain::{MerchantId, Right};
use tradepost_kernel::text::Email;
use tradepost_kernel::time::is_time_zone;
use tradepost_kernel::{Currency, Timestamp};

/// The name of a time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(pub String);

impl Field for TimeZoneName {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match value {
            Json::Text(text) if text.len() <= 64 && is_time_zone(text) => Some(Self(text.clone())),
            _ => errors.refuse(at, "must be a time zone such as Europe/Berlin"),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["Europe/Berlin"] })
    }
}

view! {
    /// A merchant, or its sandbox.
    pub struct Merchant {
        /// Its id.
        pub id: MerchantId,
        /// The name in URLs.
        pub slug: String,
        /// The name on pages and documents.
        pub name: String,
        /// Whether it is the sandbox.
        pub test: bool,
        /// What it began to sell in.
        pub currency: Currency,
        /// Dates of documents are of this zone.
        pub time_zone: String,
        /// Where its mail comes from.
        pub sender_email: Option<String>,
        /// Postal address.
        pub address: Option<String>,
        /// Two letters.
        pub country: Option<String>,
        /// VAT id.
        pub vat_id: Option<String>,
        /// What else to know to pay by check or money order, printed on invoices with that way.
        pub check_instructions: Option<String>,
        /// What else to know to pay by wire, printed on invoices with that way.
        pub wire_instructions: Option<String>,
        /// Where wires go, printed on invoices.
        pub bank_account: Option<BankAccountView>,
        /// Since when.
        pub created_at: Timestamp,
        /// When its owner closed the account: it can be read, and nothing can be changed.
        pub closed_at: Option<Timestamp>,
    }

    /// A merchant's program: what all its partnerships inherit.
    pub struct ProgramTerms {
        /// The terms that it sets.
        pub terms: Vec<TermView>,
    }
}

impl From<MerchantView> for Merchant {
    fn from(m: MerchantView) -> Self {
        Self {
            id: m.id,
            slug: m.slug,
            name: m.name,
            test: m.test,
            currency: m.currency,
            time_zone: m.time_zone,
            sender_email: m.sender_email,
            address: m.address,
            country: m.country,
            vat_id: m.vat_id,
            check_instructions: m.check_instructions,
            wire_instructions: m.wire_instructions,
            bank_account: m.bank_account.map(BankAccountView::from),
            created_at: m.created,
            closed_at: m.closed,
        }
    }
}

input! {
    /// What changes of the settings.
    pub struct MerchantChange {
        /// The name on pages and documents.
        pub name: Option<Line<200>>,
        /// Dates of documents are of this zone.
        pub time_zone: Option<TimeZoneName>,
        /// Where its mail comes from.
        pub sender_email: Patch<Email>,
        /// Postal address.
        pub address: Patch<Paragraph<500>>,
        /// Two letters.
        pub country: Patch<Country>,
        /// VAT id.
        pub vat_id: Patch<Line<30>>,
        /// What else to know to pay by check or money order, such as where to send it: printed with that way on invoices that are issued from now on.
        pub check_instructions: Patch<Paragraph<2000>>,
        /// What else to know to pay by wire, such as an account without an IBAN: printed with that way on invoices that are issued from now on.
        pub wire_instructions: Patch<Paragraph<2000>>,
        /// Where wires go, printed on invoices that are issued from now on.
        pub bank_account: Patch<NewBankAccount>,
    }
}

/// The merchant's settings, and their version.
///
/// # Errors
/// 403, 404; faults of the store.
pub async fn shown(call: &Call) -> Result<(Merchant, i64), Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { queries::merchant(reader, scope.merchant).await })).await?;
    let merchant = found.or_not_found()?;
    let version = merchant.version;
    Ok((Merchant::from(merchant), version))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (merchant, version) = shown(&call).await?;
    Ok(Answer::ok(&merchant).etag(version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    let body: MerchantChange = call.body()?;
    let command = UpdateMerchant {
        merchant,
        version: call.if_match()?,
        name: body.name.map(Line::into_string),
        time_zone: body.time_zone.map(|zone| zone.0),
        sender_email: body.sender_email.change(),
        address: body.address.map(Paragraph::into_string).change(),
        country: body.country.map(|country| country.0).change(),
        vat_id: body.vat_id.map(Line::into_string).change(),
        check_instructions: body.check_instructions.map(Paragraph::into_string).change(),
        wire_instructions: body.wire_instructions.map(Paragraph::into_string).change(),
        bank_account: body.bank_account.map(BankAccount::from).change(),
    };
    call.execute(command).await?;
    show(call).await
}

async fn show_program(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { terms::load(reader, scope.merchant, Place::Program).await })).await?;
    Ok(Answer::ok(&ProgramTerms { terms: own_term_views(&found, Level::Program) }))
}

async fn change_program(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    let mut errors = Errors::default();
    let changes = call.body::<TermsChange>()?.into_changes(&mut errors);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    call.execute(ChangeProgramTerms { merchant, changes }).await?;
    show_program(call).await
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Merchant";
    r.get("/v1/merchant", "getMerchant", show).tag(tag).doc("The merchant's settings.").needs(Right::MerchantRead).answers::<Merchant>(200);
    r.patch("/v1/merchant", "changeMerchant", change)
        .tag(tag)
        .doc("Changes the merchant's settings.")
        .needs(Right::MerchantManage)
        // Whoever changes where money goes must be who they say.
        .fresh()
        .body::<MerchantChange>()
        .answers::<Merchant>(200)
        .command::<UpdateMerchant>();
    r.get("/v1/merchant/program", "getProgram", show_program)
        .tag(tag)
        .doc("The terms that all partnerships inherit.")
        .needs(Right::MerchantRead)
        .answers::<ProgramTerms>(200);
    r.patch("/v1/merchant/program", "changeProgram", change_program)
        .tag(tag)
        .doc("Changes the terms that all partnerships inherit.")
        .needs(Right::MerchantManage)
        .body::<TermsChange>()
        .answers::<ProgramTerms>(200)
        .refuses(&["invalid_amount"])
        .command::<ChangeProgramTerms>();
}
