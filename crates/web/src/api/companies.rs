//! A reseller's own side: its programs, the partnership it acts in, its profile (PAR-2, PAR-12).

use super::terms::{TermView, term_views};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::input::{Field, Patch};
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::view::ListView;
use crate::{input, view};
use serde_json::{Value, json};
use tradepost_domain::partners::queries::{self, PartnershipView, ResellerView};
use tradepost_domain::partners::{Profile, Status, UpdateReseller, terms};
use tradepost_domain::{Caller, ChannelId, MerchantId, PartnershipId, ResellerId, Right};
use tradepost_kernel::Timestamp;
use tradepost_kernel::text::Email;

/// Two letters of ISO 3166, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country(pub String);

impl Field for Country {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match value {
            Json::Text(text) if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) => Some(Self(text.clone())),
            _ => errors.refuse(at, "must be the two capital letters of a country"),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Z]{2}$" })
    }
}

view! {
    /// A reseller company.
    pub struct Reseller {
        /// Its id.
        pub id: ResellerId,
        /// Its name.
        pub company: String,
        /// Where mail about orders goes.
        pub email: String,
        /// Phone number.
        pub phone: Option<String>,
        /// Street and number.
        pub street: Option<String>,
        /// City.
        pub city: Option<String>,
        /// Postal code.
        pub postal_code: Option<String>,
        /// State or region.
        pub region: Option<String>,
        /// Two letters.
        pub country: String,
        /// VAT id.
        pub vat_id: Option<String>,
        /// Since when.
        pub created_at: Timestamp,
    }

    /// One of a reseller's programs.
    pub struct Program {
        /// The partnership: name it in `Tradepost-Partnership`.
        pub id: PartnershipId,
        /// The merchant.
        pub merchant: MerchantId,
        /// The merchant's name.
        pub merchant_name: String,
        /// Whether it is the merchant's sandbox.
        pub test: bool,
        /// Where it stands.
        pub status: Status,
        /// What it may do.
        pub mode: String,
        /// The reseller's code at this merchant.
        pub code: String,
        /// Whether the balance is due now.
        pub balance_due: bool,
        /// Sign-up.
        pub created_at: Timestamp,
    }

    /// The partnership that the caller acts in.
    pub struct OwnPartnership {
        /// Its id.
        pub id: PartnershipId,
        /// The merchant.
        pub merchant: MerchantId,
        /// The merchant's name.
        pub merchant_name: String,
        /// Whether it is the merchant's sandbox.
        pub test: bool,
        /// Where it stands.
        pub status: Status,
        /// What it may do.
        pub mode: String,
        /// The reseller's code at this merchant.
        pub code: String,
        /// Where it buys.
        pub channel: Option<ChannelId>,
        /// Whether the balance is due now.
        pub balance_due: bool,
        /// The company.
        pub reseller: Reseller,
        /// The terms that count, each with where it came from; none while it may not trade.
        pub terms: Vec<TermView>,
    }
}

impl From<ResellerView> for Reseller {
    fn from(r: ResellerView) -> Self {
        Self {
            id: r.id,
            company: r.company,
            email: r.email,
            phone: r.phone,
            street: r.street,
            city: r.city,
            postal_code: r.postal_code,
            region: r.region,
            country: r.country,
            vat_id: r.vat_id,
            created_at: r.created,
        }
    }
}

impl From<PartnershipView> for Program {
    fn from(p: PartnershipView) -> Self {
        Self {
            id: p.id,
            merchant: p.merchant_id,
            merchant_name: p.merchant_name,
            test: p.test,
            status: p.status,
            mode: p.mode,
            code: p.code,
            balance_due: p.balance_due,
            created_at: p.created,
        }
    }
}

input! {
    /// What changes of the profile.
    pub struct ProfileChange {
        /// The company's name.
        pub company: Option<Line<200>>,
        /// Where mail about orders goes.
        pub email: Option<Email>,
        /// Phone number.
        pub phone: Patch<Line<40>>,
        /// Street and number.
        pub street: Patch<Line<200>>,
        /// City.
        pub city: Patch<Line<100>>,
        /// Postal code.
        pub postal_code: Patch<Line<20>>,
        /// State or region.
        pub region: Patch<Line<100>>,
        /// Two letters.
        pub country: Option<Country>,
        /// VAT id.
        pub vat_id: Patch<Line<30>>,
    }
}

impl ProfileChange {
    fn applied_to(self, r: ResellerView) -> Result<Profile, Problem> {
        fn text<const N: usize>(change: Patch<Line<N>>, was: Option<String>) -> Option<String> {
            change.change().map_or(was, |new| new.map(Line::into_string))
        }
        let email = match self.email {
            Some(email) => email,
            None => Email::parse(&r.email).map_err(|_| Problem::internal())?,
        };
        Ok(Profile {
            company: self.company.map_or(r.company, Line::into_string),
            email,
            phone: text(self.phone, r.phone),
            street: text(self.street, r.street),
            city: text(self.city, r.city),
            postal_code: text(self.postal_code, r.postal_code),
            region: text(self.region, r.region),
            country: self.country.map_or(r.country, |country| country.0),
            vat_id: text(self.vat_id, r.vat_id),
        })
    }
}

async fn programs(call: Call) -> Result<Answer, Problem> {
    let person = call.caller().person();
    let own = call.caller().partnership().ok();
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                match (person, own) {
                    (Some(person), _) => queries::programs(reader, person).await,
                    (None, Some(scope)) => Ok(queries::partnership(reader, scope.of_merchant(), scope.partnership).await?.into_iter().collect()),
                    (None, None) => Ok(Vec::new()),
                }
            })
        })
        .await?;
    Ok(Answer::ok(&ListView { data: found.into_iter().map(Program::from).collect(), next_cursor: None }))
}

async fn partnership(call: Call) -> Result<Answer, Problem> {
    let scope = call.partnership()?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                let Some(p) = queries::partnership(reader, scope.of_merchant(), scope.partnership).await? else { return Ok(None) };
                let terms = terms::effective(reader, scope.merchant, p.id, p.channel).await?;
                Ok(Some((p, terms)))
            })
        })
        .await?;
    let (p, terms) = found.or_not_found()?;
    let view = OwnPartnership {
        id: p.id,
        merchant: p.merchant_id,
        merchant_name: p.merchant_name,
        test: p.test,
        status: p.status,
        mode: p.mode,
        code: p.code,
        channel: p.channel,
        balance_due: p.balance_due,
        reseller: p.reseller.into(),
        terms: if p.status.may_trade() { term_views(&terms.origins) } else { Vec::new() },
    };
    Ok(Answer::ok(&view).etag(p.version))
}

async fn own_company(call: &Call) -> Result<ResellerView, Problem> {
    let reseller = match call.caller() {
        Caller::ResellerPerson { reseller, .. } => Some(*reseller),
        _ => None,
    };
    let scope = call.partnership()?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                match reseller {
                    Some(id) => queries::reseller(reader, id).await,
                    None => Ok(queries::partnership(reader, scope.of_merchant(), scope.partnership).await?.map(|p| p.reseller)),
                }
            })
        })
        .await?;
    found.or_not_found()
}

async fn profile(call: Call) -> Result<Answer, Problem> {
    let company = own_company(&call).await?;
    let version = company.version;
    Ok(Answer::ok(&Reseller::from(company)).etag(version))
}

async fn change_profile(call: Call) -> Result<Answer, Problem> {
    let change: ProfileChange = call.body()?;
    let before = own_company(&call).await?;
    // What is not given stays as it was read here: the version guards against a change in between.
    let version = call.if_match()?.or(Some(before.version));
    call.execute(UpdateReseller { version, profile: change.applied_to(before)? }).await?;
    profile(call).await
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Own company";
    r.get("/v1/reseller/partnerships", "listPrograms", programs)
        .tag(tag)
        .doc("Lists all programs of your companies, whatever their status.")
        .signed_in()
        .answers::<ListView<Program>>(200);
    r.get("/v1/reseller/partnership", "getOwnPartnership", partnership)
        .tag(tag)
        .doc("The partnership you act in: status, mode, code, effective terms and where each came from.")
        .needs(Right::ProgramRead)
        .inactive_ok()
        .answers::<OwnPartnership>(200);
    r.get("/v1/reseller/profile", "getProfile", profile)
        .tag(tag)
        .doc("Your company as it keeps itself, for all its programs.")
        .needs(Right::ProgramRead)
        .inactive_ok()
        .answers::<Reseller>(200);
    r.patch("/v1/reseller/profile", "changeProfile", change_profile)
        .tag(tag)
        .doc("Changes your company's profile, for all its programs.")
        .needs(Right::ResellerPeopleManage)
        .inactive_ok()
        .body::<ProfileChange>()
        .answers::<Reseller>(200)
        .command::<UpdateReseller>();
}
