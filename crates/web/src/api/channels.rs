//! Channels (PAR-7).

use super::terms::{TermView, TermsChange, own_term_views};
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::Errors;
use crate::fields::Line;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, view};
use tradepost_domain::partners::terms::{self, Level, Place};
use tradepost_domain::partners::{ChangeChannelTerms, ChannelView, CreateChannel, DeleteChannel, UpdateChannel, queries};
use tradepost_domain::{ChannelId, PriceListId, Right};
use tradepost_kernel::Timestamp;

view! {
    /// A channel.
    pub struct Channel {
        /// Its id.
        pub id: ChannelId,
        /// What it is called.
        pub name: String,
        /// Whose products and prices it offers.
        pub price_list: PriceListId,
        /// Whether orders are answered by mail.
        pub order_email: bool,
        /// Since when.
        pub created_at: Timestamp,
    }
}

view! {
    /// What a channel sets for its partnerships.
    pub struct ChannelTerms {
        /// The terms that it sets itself.
        pub terms: Vec<TermView>,
    }
}

impl From<ChannelView> for Channel {
    fn from(c: ChannelView) -> Self {
        Self { id: c.id, name: c.name, price_list: c.price_list, order_email: c.order_email, created_at: c.created }
    }
}

input! {
    /// A new channel.
    pub struct NewChannel {
        /// What it is called; unique.
        pub name: Line<100>,
        /// Whose products and prices it offers.
        pub price_list: PriceListId,
        /// Whether orders are answered by mail; true where it is left out.
        pub order_email: Option<bool>,
    }

    /// Which channels are wanted.
    pub struct ChannelQuery {
        /// Name contains this.
        pub search: Option<Line<100>>,
    }

    /// What changes of a channel. New prices count for new orders only.
    pub struct ChannelChange {
        /// What it is called; unique.
        pub name: Option<Line<100>>,
        /// Whose products and prices it offers.
        pub price_list: Option<PriceListId>,
        /// Whether orders are answered by mail.
        pub order_email: Option<bool>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page, search) = (call.merchant()?, call.page()?, call.query::<ChannelQuery>()?.search.map(String::from));
    let found = call.read(move |reader| Box::pin(async move { queries::channels(reader, scope, search.as_deref(), page).await })).await?;
    Ok(call.list(found, Channel::from))
}

async fn one(call: &Call, id: ChannelId) -> Result<(Channel, i64), Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { queries::channel(reader, scope, id).await })).await?.or_not_found()?;
    let version = found.version;
    Ok((found.into(), version))
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (view, version) = one(&call, call.path("id")?).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let body: NewChannel = call.body()?;
    let command = CreateChannel { name: body.name.into_string(), price_list: body.price_list, order_email: body.order_email.unwrap_or(true) };
    let id = call.execute(command).await?.outcome.channel;
    let (view, version) = one(&call, id).await?;
    Ok(Answer::created(&view, &call.location(id)).etag(version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: ChannelChange = call.body()?;
    let channel = call.path("id")?;
    let name = body.name.map(Line::into_string);
    call.execute(UpdateChannel { channel, version: call.if_match()?, name, price_list: body.price_list, order_email: body.order_email }).await?;
    show(call).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.execute(DeleteChannel { channel: call.path("id")? }).await?;
    Ok(Answer::no_content())
}

async fn show_terms(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let (channel, _) = one(&call, call.path("id")?).await?;
    let found = call.read(move |reader| Box::pin(async move { terms::load(reader, scope.merchant, Place::Channel(channel.id)).await })).await?;
    Ok(Answer::ok(&ChannelTerms { terms: own_term_views(&found, Level::Channel) }))
}

async fn change_terms(call: Call) -> Result<Answer, Problem> {
    let mut errors = Errors::default();
    let changes = call.body::<TermsChange>()?.into_changes(&mut errors);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    call.execute(ChangeChannelTerms { channel: call.path("id")?, changes }).await?;
    show_terms(call).await
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Channels";
    r.get("/v1/merchant/channels", "listChannels", list)
        .tag(tag)
        .doc("Lists channels, newest first.")
        .needs(Right::MerchantRead)
        .query::<ChannelQuery>()
        .lists::<Channel>();
    r.post("/v1/merchant/channels", "createChannel", create)
        .tag(tag)
        .doc("Creates a channel with its price list.")
        .needs(Right::MerchantManage)
        .body::<NewChannel>()
        .answers::<Channel>(201)
        .command::<CreateChannel>();
    r.get("/v1/merchant/channels/{id}", "getChannel", show).tag(tag).doc("One channel.").needs(Right::MerchantRead).answers::<Channel>(200);
    r.patch("/v1/merchant/channels/{id}", "changeChannel", change)
        .tag(tag)
        .doc("Changes a channel.")
        .needs(Right::MerchantManage)
        .body::<ChannelChange>()
        .answers::<Channel>(200)
        .command::<UpdateChannel>();
    r.delete("/v1/merchant/channels/{id}", "deleteChannel", delete)
        .tag(tag)
        .doc("Deletes a channel without partnerships, the last one too.")
        .needs(Right::MerchantManage)
        .answers_nothing(204)
        .command::<DeleteChannel>();
    r.get("/v1/merchant/channels/{id}/terms", "getChannelTerms", show_terms)
        .tag(tag)
        .doc("The terms that a channel sets for its partnerships.")
        .needs(Right::MerchantRead)
        .answers::<ChannelTerms>(200);
    r.patch("/v1/merchant/channels/{id}/terms", "changeChannelTerms", change_terms)
        .tag(tag)
        .doc("Changes the terms that a channel sets for its partnerships.")
        .needs(Right::MerchantManage)
        .body::<TermsChange>()
        .answers::<ChannelTerms>(200)
        .refuses(&["invalid_amount"])
        .command::<ChangeChannelTerms>();
}
