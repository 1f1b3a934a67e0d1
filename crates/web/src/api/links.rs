//! Password resets and e-mail confirmations by links that work once (PAR-15).

use crate::answer::Answer;
use crate::api::signup::Received;
use crate::call::Call;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, passwords};
use tradepost_domain::SingleUseLinkId;
use tradepost_domain::identity::{ConfirmEmail, RequestPasswordReset, SetPassword, links};
use tradepost_kernel::Secret;
use tradepost_kernel::text::Email;

input! {
    /// Whose password is to be reset.
    pub struct NewPasswordReset {
        /// The address that the account was made with.
        pub email: Email,
    }

    /// The new password.
    pub struct NewPassword {
        /// 10 characters at least.
        pub password: Secret<String>,
    }
}

/// Sends a link that sets a new password, if the address is known, and takes as long if not. For the API and for pages.
///
/// # Errors
/// Faults of the store.
pub async fn request_reset(call: &Call, email: Email) -> Result<(), Problem> {
    // As slow as everything here, so that what the database does for a known address is lost in it.
    passwords::matches(Secret::new(email.key()), None).await?;
    call.execute(RequestPasswordReset { email }).await.map(drop)
}

async fn request(call: Call) -> Result<Answer, Problem> {
    let NewPasswordReset { email } = call.body()?;
    request_reset(&call, email).await?;
    Ok(Answer::accepted(&Received { status: "received" }))
}

/// The link whose token stands in the path.
pub(super) fn link(call: &Call) -> Result<SingleUseLinkId, Problem> {
    links::parse(&call.engine().vault, call.path_text("token")?).ok_or_else(Problem::not_found)
}

async fn set_password(call: Call) -> Result<Answer, Problem> {
    let link = link(&call)?;
    let NewPassword { password } = call.body()?;
    let password_hash = passwords::hash(&call, password).await?;
    call.execute(SetPassword { link, password_hash }).await?;
    Ok(Answer::no_content())
}

async fn confirm(call: Call) -> Result<Answer, Problem> {
    call.execute(ConfirmEmail { link: link(&call)? }).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Sessions";
    r.post("/v1/password-resets", "requestPasswordReset", request)
        .tag(tag)
        .doc("Sends a link that sets a new password, if the address is known; the answer is the same if not.")
        .public()
        .not_idempotent()
        .body::<NewPasswordReset>()
        .answers::<Received>(202)
        .command::<RequestPasswordReset>();
    r.post("/v1/password-resets/{token}", "setPassword", set_password)
        .tag(tag)
        .doc("Sets a password by the link of a reset or access mail, which works once. All sessions end.")
        .public()
        .not_idempotent()
        .body::<NewPassword>()
        .answers_nothing(204)
        .command::<SetPassword>();
    r.post("/v1/email-confirmations/{token}", "confirmEmail", confirm)
        .tag(tag)
        .doc("Proves an e-mail address by the link that was sent to it.")
        .public()
        .not_idempotent()
        .answers_nothing(204)
        .command::<ConfirmEmail>();
}
