//! The merchant's side of partnerships: resellers by hand, approval and the other steps, channel, terms, timeline
//! (PAR-1, PAR-2, PAR-4, PAR-6, PAR-7, PAR-17).

use super::addresses::NewCompany;
use super::audit::AuditRow;
use super::companies::Reseller;
use super::terms::{TermView, term_views};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::fields::{Line, Paragraph};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::partners::queries::{self, PartnershipFilter, PartnershipSort, PartnershipView};
use tradepost_domain::partners::{
    ApprovePartnership, ClosePartnership, CreateReseller, DeletePartnership, DenyPartnership, MovePartnership, ReactivatePartnership, Status,
    SuspendPartnership, terms,
};
use tradepost_domain::{ChannelId, PartnershipId, PartnershipScope, Right, audit};
use tradepost_kernel::Timestamp;

named_choice!(Status, PartnershipSort);

view! {
    /// A partnership with its reseller.
    pub struct Partnership {
        /// Its id.
        pub id: PartnershipId,
        /// The company.
        pub reseller: Reseller,
        /// The reseller's code at this merchant.
        pub code: String,
        /// Where it stands.
        pub status: Status,
        /// What it may do.
        pub mode: String,
        /// Where it buys; null until one is picked.
        pub channel: Option<ChannelId>,
        /// The channel's name.
        pub channel_name: Option<String>,
        /// Whether the balance is due now.
        pub balance_due: bool,
        /// How many orders it has placed.
        pub orders_placed: i64,
        /// First approval.
        pub approved_at: Option<Timestamp>,
        /// First order.
        pub activated_at: Option<Timestamp>,
        /// Sign-up or creation.
        pub created_at: Timestamp,
    }

    /// The terms that count for a partnership.
    pub struct EffectiveTerms {
        /// Each with where it came from.
        pub terms: Vec<TermView>,
    }
}

impl From<PartnershipView> for Partnership {
    fn from(p: PartnershipView) -> Self {
        Self {
            id: p.id,
            reseller: p.reseller.into(),
            code: p.code,
            status: p.status,
            mode: p.mode,
            channel: p.channel,
            channel_name: p.channel_name,
            balance_due: p.balance_due,
            orders_placed: p.orders_placed,
            approved_at: p.approved,
            activated_at: p.activated,
            created_at: p.created,
        }
    }
}

input! {
    /// Which partnerships are wanted.
    pub struct PartnershipQuery {
        /// Only those that stand here.
        pub status: Option<Status>,
        /// Only those of this channel.
        pub channel: Option<ChannelId>,
        /// Only what a word finds: an e-mail address, a reseller code, the id, else the beginning of the company's name.
        pub search: Option<Line<200>>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<PartnershipSort>,
    }

    /// A reseller that the merchant creates: approved at once, one access mail.
    pub struct NewReseller {
        /// Where it buys; the only channel where it is left out.
        pub channel: Option<ChannelId>,
        => company: NewCompany
    }

    /// What changes of a partnership.
    pub struct PartnershipChange {
        /// Where it buys from now on.
        pub channel: Option<ChannelId>,
    }

    /// How a partnership is turned down.
    pub struct Denial {
        /// Why; the owners of the reseller read it in their mail.
        pub note: Option<Paragraph<1000>>,
    }

    /// How a partnership is approved.
    pub struct Approval {
        /// Where it buys; the only channel where it is left out.
        pub channel: Option<ChannelId>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let PartnershipQuery { status, channel, search, sort } = call.query()?;
    let filter = PartnershipFilter { status, channel, search: search.map(String::from), sort: sort.unwrap_or_default() };
    let found = listed(&call, filter, call.page()?).await?;
    Ok(call.list(found, Partnership::from))
}

/// A page of the merchant's partnerships.
///
/// # Errors
/// 403; faults of the store.
pub async fn listed(call: &Call, filter: PartnershipFilter, page: PageRequest) -> Result<Page<PartnershipView>, Problem> {
    let scope = call.merchant()?;
    call.read(move |reader| Box::pin(async move { queries::search(reader, scope, &filter, page).await })).await
}

async fn one(call: &Call, id: PartnershipId) -> Result<PartnershipView, Problem> {
    let scope = call.merchant()?;
    call.read(move |reader| Box::pin(async move { queries::partnership(reader, scope, id).await })).await?.or_not_found()
}

async fn shown(call: &Call, id: PartnershipId) -> Result<Answer, Problem> {
    let found = one(call, id).await?;
    let version = found.version;
    Ok(Answer::ok(&Partnership::from(found)).etag(version))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    shown(&call, call.path("id")?).await
}

/// Creates a reseller by hand.
///
/// # Errors
/// Refusals of [`CreateReseller`]; faults of the store.
pub async fn created(call: &Call, new: NewReseller) -> Result<PartnershipId, Problem> {
    let merchant = call.merchant()?.merchant;
    let NewReseller { channel, company } = new;
    let (first_name, last_name, profile) = company.into_parts();
    Ok(call.execute(CreateReseller { merchant, profile, first_name, last_name, channel }).await?.outcome.partnership)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let partnership = created(&call, call.body()?).await?;
    let found = one(&call, partnership).await?;
    let (version, location) = (found.version, format!("/v1/merchant/partnerships/{}", found.id));
    Ok(Answer::created(&Partnership::from(found), &location).etag(version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    let PartnershipChange { channel } = call.body()?;
    if let Some(channel) = channel {
        call.execute(MovePartnership { partnership, version: call.if_match()?, channel }).await?;
    }
    shown(&call, partnership).await
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    let channel = if call.has_body() { call.body::<Approval>()?.channel } else { None };
    call.execute(ApprovePartnership { partnership, channel }).await?;
    shown(&call, partnership).await
}

async fn deny(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    let note = if call.has_body() { call.body::<Denial>()?.note } else { None };
    call.execute(DenyPartnership { partnership, note: note.map(String::from) }).await?;
    shown(&call, partnership).await
}

async fn suspend(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    call.execute(SuspendPartnership { partnership }).await?;
    shown(&call, partnership).await
}

async fn reactivate(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    call.execute(ReactivatePartnership { partnership }).await?;
    shown(&call, partnership).await
}

async fn close(call: Call) -> Result<Answer, Problem> {
    let partnership = call.path("id")?;
    call.execute(ClosePartnership { partnership }).await?;
    shown(&call, partnership).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.execute(DeletePartnership { partnership: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

async fn show_terms(call: Call) -> Result<Answer, Problem> {
    let p = one(&call, call.path("id")?).await?;
    let terms = call.read(move |reader| Box::pin(async move { terms::effective(reader, p.merchant, p.id, p.channel).await })).await?;
    Ok(Answer::ok(&EffectiveTerms { terms: term_views(&terms.origins) }))
}

async fn timeline(call: Call) -> Result<Answer, Problem> {
    let (merchant, page) = (call.merchant()?.merchant, call.page()?);
    // A deleted sign-up keeps its timeline; a foreign or unknown one has none.
    let scope = PartnershipScope { merchant, partnership: call.path("id")? };
    let found = call.read(move |reader| Box::pin(async move { audit::timeline(reader, scope, page).await })).await?;
    if found.rows.is_empty() && page.before.is_none() {
        return Err(Problem::not_found());
    }
    Ok(call.list(found, AuditRow::from))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Partnerships";
    r.get("/v1/merchant/resellers", "listResellers", list)
        .tag(tag)
        .doc("Lists the merchant's resellers with their partnerships, newest first.")
        .needs(Right::MerchantRead)
        .query::<PartnershipQuery>()
        .lists::<Partnership>();
    r.post("/v1/merchant/resellers", "createReseller", create)
        .tag(tag)
        .doc("Creates a reseller by hand: approved at once, one access mail to its owner.")
        .needs(Right::PartnersManage)
        .body::<NewReseller>()
        .answers::<Partnership>(201)
        .command::<CreateReseller>();
    r.get("/v1/merchant/partnerships", "listPartnerships", list)
        .tag(tag)
        .doc("Lists partnerships, newest first.")
        .needs(Right::MerchantRead)
        .query::<PartnershipQuery>()
        .lists::<Partnership>();
    r.get("/v1/merchant/partnerships/{id}", "getPartnership", show)
        .tag(tag)
        .doc("One partnership with its reseller.")
        .needs(Right::MerchantRead)
        .answers::<Partnership>(200);
    r.patch("/v1/merchant/partnerships/{id}", "changePartnership", change)
        .tag(tag)
        .doc("Moves a partnership to another channel; what it has ordered stays as it was.")
        .needs(Right::PartnersManage)
        .body::<PartnershipChange>()
        .answers::<Partnership>(200)
        .command::<MovePartnership>();
    r.delete("/v1/merchant/partnerships/{id}", "deletePartnership", delete)
        .tag(tag)
        .doc("Deletes a sign-up that was never approved, without any mail.")
        .needs(Right::PartnersManage)
        .answers_nothing(204)
        .command::<DeletePartnership>();
    steps(r, tag);
    r.get("/v1/merchant/partnerships/{id}/terms", "getTerms", show_terms)
        .tag(tag)
        .doc("The effective terms, each with where it came from.")
        .needs(Right::MerchantRead)
        .answers::<EffectiveTerms>(200);
    r.get("/v1/merchant/partnerships/{id}/timeline", "getTimeline", timeline)
        .tag(tag)
        .doc("Everything that was done in a partnership, newest first.")
        .needs(Right::MerchantRead)
        .lists::<AuditRow>();
}

fn steps(r: &mut Routes, tag: &'static str) {
    r.post("/v1/merchant/partnerships/{id}/approve", "approvePartnership", approve)
        .tag(tag)
        .doc("Approves a pending or denied partnership. With exactly one channel it is assigned; with several name one, or set it later.")
        .needs(Right::PartnersManage)
        .body::<Approval>()
        .answers::<Partnership>(200)
        .command::<ApprovePartnership>();
    r.post("/v1/merchant/partnerships/{id}/deny", "denyPartnership", deny)
        .tag(tag)
        .doc("Turns a partnership down, with a note where there is one to give; it may be approved later.")
        .needs(Right::PartnersManage)
        .body_optional::<Denial>()
        .answers::<Partnership>(200)
        .command::<DenyPartnership>();
    r.post("/v1/merchant/partnerships/{id}/suspend", "suspendPartnership", suspend)
        .tag(tag)
        .doc("Stops a partnership for a while: no orders, no keys.")
        .needs(Right::PartnersManage)
        .answers::<Partnership>(200)
        .command::<SuspendPartnership>();
    r.post("/v1/merchant/partnerships/{id}/reactivate", "reactivatePartnership", reactivate)
        .tag(tag)
        .doc("Lets a suspended partnership go on as what it was.")
        .needs(Right::PartnersManage)
        .answers::<Partnership>(200)
        .command::<ReactivatePartnership>();
    r.post("/v1/merchant/partnerships/{id}/close", "closePartnership", close)
        .tag(tag)
        .doc("Ends a partnership for good; its history stays.")
        .needs(Right::PartnersManage)
        .answers::<Partnership>(200)
        .command::<ClosePartnership>();
}
