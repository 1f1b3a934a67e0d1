//! Accounts at issuers of OpenID Connect that sign a person in: seen on their page, removed on one of its own (PAR-15).

use super::part as framed;
use crate::access::{Alone, alone, me};
use crate::forms::{self, Typed};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::identity::RemoveIssuerAccount;
use tradepost_web::api::issuer_accounts::{self, IssuerAccount};
use tradepost_web::{Answer, Call, Problem, Routes};

/// What an issuer is called: as the sign-in page does, else by its address.
fn name(account: &IssuerAccount) -> &str {
    account.name.as_deref().unwrap_or(&account.issuer)
}

/// The part of the page; nothing where there is no such account.
pub(super) fn part(look: &Look, all: &[IssuerAccount]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    let text = look.t(
        "Whoever holds one of these accounts is signed in here without your password.",
        "Wer eines dieser Konten hat, wird hier ohne Ihr Passwort angemeldet.",
    );
    let inside = html! { ul class="entries" { @for account in all { (entry(look, account)) } } };
    framed(look.t("Linked accounts", "Verknüpfte Konten"), text, &inside)
}

fn entry(look: &Look, account: &IssuerAccount) -> Markup {
    html! {
        li class="entry" {
            (icon(Icon::Link))
            div class="name" {
                strong { (name(account)) }
                small {
                    @if account.name.is_some() { (account.issuer) " · " } @else { (look.t("not in use here any more", "hier nicht mehr in Gebrauch")) " · " }
                    (look.t("linked", "verknüpft")) " " (look.moment(account.linked_at))
                }
            }
            div class="apart" {
                (Button::new(look.t("Remove", "Entfernen")).small().to(&format!("/profile/issuer-accounts/{}/remove", account.id)))
            }
        }
    }
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    asked(&call, &Look::of(&call), &issuer_accounts::one(&call).await?, &Typed::default()).await
}

async fn asked(call: &Call, look: &Look, account: &IssuerAccount, typed: &Typed) -> Result<Answer, Problem> {
    let me = me(call).await?;
    let title = look.t("Remove account", "Konto entfernen");
    let name = name(account);
    let text = match look.language {
        Language::English => format!(
            "“{name}” signs you in no more; sign in another way. If you sign in there once more and it confirms your address {}, it is linked again.",
            me.email
        ),
        Language::German => format!(
            "„{name}“ meldet Sie nicht mehr an; melden Sie sich anders an. Melden Sie sich dort noch einmal an und bestätigt es Ihre Adresse {}, wird es wieder verknüpft.",
            me.email
        ),
    };
    let path = format!("/profile/issuer-accounts/{}/remove", account.id);
    let act = Button::new(look.t("Remove", "Entfernen")).danger();
    let question = forms::question(call, look, title, &html! { p { (text) } }, typed, &path, &act, "/account");
    Ok(alone(call, look, &Alone::new(title).of(&me.email), &html! { div data-dialog-content { (question) } }))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    match issuer_accounts::remove(&call).await {
        Ok(()) => Ok(Answer::see_other("/account?done=unlinked")),
        Err(no) if no.code() == "only_way_in" => {
            let (look, status) = (Look::of(&call), no.status());
            let typed = Typed::refused(&call, &look, no)?;
            Ok(asked(&call, &look, &issuer_accounts::one(&call).await?, &typed).await?.with_status(status))
        }
        Err(no) => Err(no),
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/profile/issuer-accounts/{id}/remove", "removeIssuerAccountPage", ask).signed_in().fresh().page();
    r.post("/profile/issuer-accounts/{id}/remove", "removeIssuerAccountForm", remove).signed_in().fresh().page().command::<RemoveIssuerAccount>();
}
