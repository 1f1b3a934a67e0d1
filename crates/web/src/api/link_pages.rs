//! What the page behind a link that was mailed reads and does; the portal draws it. GET shows, POST acts, so that a mail program
//! that looks ahead uses nothing up (PAR-15).

use crate::api::links::link;
use crate::call::{Call, OrNotFound as _};
use crate::passwords;
use crate::problem::Problem;
use tradepost_domain::identity::queries::{self, LinkView};
use tradepost_domain::identity::{ConfirmEmail, SetPassword};
use tradepost_kernel::Secret;

/// The link whose token stands in the path as `{token}`, whether or not it still works.
///
/// # Errors
/// 404 where it is no token of ours; faults of the store.
pub async fn found(call: &Call) -> Result<LinkView, Problem> {
    let link = link(call)?;
    call.read(move |reader| Box::pin(async move { queries::link(reader, link).await })).await?.or_not_found()
}

/// Uses the link up to prove the address that it was sent to.
///
/// # Errors
/// Those of the command.
pub async fn confirm_email(call: &Call) -> Result<(), Problem> {
    call.execute(ConfirmEmail { link: link(call)? }).await.map(drop)
}

/// Uses the link up to set a password.
///
/// # Errors
/// Those of the command.
pub async fn set_password(call: &Call, password: Secret<String>) -> Result<(), Problem> {
    let link = link(call)?;
    let password_hash = passwords::hash(call, password).await?;
    call.execute(SetPassword { link, password_hash }).await.map(drop)
}
