//! Terms of a channel (PAR-11).

use super::merchant::ProgramTerms;
use super::terms::{TermsChange, own_term_views};
use crate::errors::Errors;
use crate::{Answer, Call, OrNotFound, Problem, Routes};
use tradepost_domain::partners::channel_terms::ChangeChannelTerms;
use tradepost_domain::partners::queries;
use tradepost_domain::partners::terms::{self, Level, Place};
use tradepost_domain::{ChannelId, Right};

async fn show(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let channel: ChannelId = call.path("id")?;
    let found = call
        .read(move |reader| {
            Box::pin(async move {
                if queries::channel(reader, scope, channel).await?.is_none() {
                    return Ok(None);
                }
                terms::load(reader, scope.merchant, Place::Channel(channel)).await.map(Some)
            })
        })
        .await?
        .or_not_found()?;
    Ok(Answer::ok(&ProgramTerms { terms: own_term_views(&found, Level::Channel) }))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let mut errors = Errors::default();
    let changes = call.body::<TermsChange>()?.into_changes(&mut errors);
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    call.execute(ChangeChannelTerms { channel: call.path("id")?, changes }).await?;
    show(call).await
}

/// Every route of channels' terms.
pub fn routes(r: &mut Routes) {
    let tag = "Channels";
    r.get("/v1/merchant/channels/{id}/terms", "getChannelTerms", show)
        .tag(tag)
        .doc("The terms that a channel sets for its partnerships.")
        .needs(Right::MerchantRead)
        .answers::<ProgramTerms>(200);
    r.patch("/v1/merchant/channels/{id}/terms", "changeChannelTerms", change)
        .tag(tag)
        .doc("Changes the terms that a channel sets. Held orders of its partnerships follow soon after.")
        .needs(Right::PartnersManage)
        .body::<TermsChange>()
        .answers::<ProgramTerms>(200)
        .refuses(&["invalid_amount"])
        .command::<ChangeChannelTerms>();
}
