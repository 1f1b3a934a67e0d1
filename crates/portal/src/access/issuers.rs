//! Signing in at an issuer of OpenID Connect: the buttons, the way there and the way back (PAR-15).

use super::{Alone, alone, leading_on, local, next, sign_in};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::{Button, Icon, Language};
use tradepost_domain::identity::SignInByIssuer;
use tradepost_web::issuers::{begin, finish, forgotten, names};
use tradepost_web::{Answer, Call, Problem, Routes};

/// A button per issuer that the operator set.
pub(super) fn buttons(call: &Call, look: &Look) -> Markup {
    let known = names(call);
    let text = |label: &str| match look.language {
        Language::English => format!("Continue with {label}"),
        Language::German => format!("Weiter mit {label}"),
    };
    html! {
        @if !known.is_empty() {
            hr;
            @for (name, label) in &known {
                (Button::new(&text(label)).wide().icon(Icon::External).to(&leading_on(call, &format!("/sign-in/oidc/{name}"))))
            }
        }
    }
}

async fn leave(call: Call) -> Result<Answer, Problem> {
    match begin(&call, next(&call)).await {
        Ok((address, cookie)) => Ok(Answer::see_other(&address).cookie(&cookie)),
        Err(no) if no.code() == "issuer_unavailable" => Ok(refused(&call, &no)),
        Err(no) => Err(no),
    }
}

async fn come_back(call: Call) -> Result<Answer, Problem> {
    match finish(&call).await {
        Ok(Some(done)) => {
            let to = done.next.as_deref().and_then(local).unwrap_or("/");
            Ok(Answer::see_other(to).cookie(&forgotten(&call)).cookie(&sign_in::kept(&call, done.session.expires_ms, &done.token)))
        }
        Ok(None) => Ok(Answer::see_other("/sign-in").cookie(&forgotten(&call))),
        Err(no) if matches!(no.code(), "unknown_account" | "sign_in_expired" | "issuer_unavailable") => Ok(refused(&call, &no).cookie(&forgotten(&call))),
        Err(no) => Err(no),
    }
}

/// What went wrong, and the way to try once more.
fn refused(call: &Call, no: &Problem) -> Answer {
    let look = Look::of(call);
    let title = match no.code() {
        "unknown_account" => look.t("Nobody here has this account", "Dieses Konto kennt hier niemand"),
        _ => look.t("That did not work", "Das hat nicht geklappt"),
    };
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (crate::refusals::in_words(&look, no.code(), no.detail())) }
            div class="button-row" { (Button::new(look.t("Back to the sign-in", "Zurück zur Anmeldung")).primary().to("/sign-in")) }
        }
    };
    alone(call, &look, &Alone::new(title), &inside).with_status(no.status())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/sign-in/oidc/{name}", "beginAtIssuer", leave).public().page();
    r.get("/sign-in/oidc/{name}/callback", "comeBackFromIssuer", come_back).public().page().command::<SignInByIssuer>();
}
