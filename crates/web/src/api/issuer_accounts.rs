//! Accounts at issuers of OpenID Connect that sign the person in who asks (PAR-15).

use super::sessions::own;
use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::issuers::labels;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view;
use crate::view::ListView;
use tradepost_domain::IssuerAccountId;
use tradepost_domain::identity::{IssuerAccountView, RemoveIssuerAccount, issuers};
use tradepost_kernel::Timestamp;

view! {
    /// An account at an issuer of OpenID Connect that signs you in.
    pub struct IssuerAccount {
        /// Its id.
        pub id: IssuerAccountId,
        /// The issuer, as it calls itself: an address.
        pub issuer: String,
        /// What it is called on the sign-in page; `null` where the operator has taken it away: it signs nobody in now.
        pub name: Option<String>,
        /// When you first signed in there.
        pub linked_at: Timestamp,
    }
}

/// The accounts of the person who asks, the oldest first.
///
/// # Errors
/// Faults of the store.
pub async fn all(call: &Call) -> Result<Vec<IssuerAccount>, Problem> {
    let (person, labels) = (own(call)?, labels(call));
    let found = call.read(move |reader| Box::pin(async move { issuers::accounts(reader, person).await })).await?;
    let shown = |account: IssuerAccountView| {
        let name = labels.iter().find(|(issuer, _)| *issuer == account.issuer).map(|(_, label)| label.clone());
        IssuerAccount { id: account.id, issuer: account.issuer, name, linked_at: account.linked }
    };
    Ok(found.into_iter().map(shown).collect())
}

/// The account that the path names.
///
/// # Errors
/// 404; faults of the store.
pub async fn one(call: &Call) -> Result<IssuerAccount, Problem> {
    let id: IssuerAccountId = call.path("id")?;
    all(call).await?.into_iter().find(|account| account.id == id).or_not_found()
}

/// Removes the account that the path names. For the API and for the page.
///
/// # Errors
/// 404; 409 `only_way_in`; faults of the store.
pub async fn remove(call: &Call) -> Result<(), Problem> {
    let issuers = labels(call).into_iter().map(|(issuer, _)| issuer).collect();
    call.execute(RemoveIssuerAccount { account: call.path("id")?, issuers }).await.map(drop)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&ListView { data: all(&call).await?, next_cursor: None }))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    remove(&call).await?;
    Ok(Answer::no_content())
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Accounts elsewhere";
    r.get("/v1/me/issuer-accounts", "listIssuerAccounts", list)
        .tag(tag)
        .doc("Lists your accounts at issuers of OpenID Connect that sign you in here, the oldest first; all at once.")
        .signed_in()
        .answers::<ListView<IssuerAccount>>(200);
    r.delete("/v1/me/issuer-accounts/{id}", "removeIssuerAccount", delete)
        .tag(tag)
        .doc("Removes an account elsewhere: it signs you in no more. Another sign-in there, with your address verified by it, begins it anew.")
        .signed_in()
        .fresh()
        .answers_nothing(204)
        .command::<RemoveIssuerAccount>();
}
