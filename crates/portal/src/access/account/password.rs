//! A new password: by the one of now, or by a link in a mail.

use super::{Typing, again, part as framed};
use crate::access::me;
use crate::forms::{self, Typed};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::{Button, Field, Icon, Language};
use tradepost_domain::identity::{AttemptSignIn, ChangePassword, RequestPasswordReset};
use tradepost_kernel::password::SHORTEST;
use tradepost_kernel::text::Email;
use tradepost_web::api::links;
use tradepost_web::api::me::{Me, PasswordChange, change_password};
use tradepost_web::{Answer, Call, Problem, Routes};

pub(super) fn part(call: &Call, look: &Look, me: &Me, typed: &Typed) -> Markup {
    let text = match (look.language, me.has_password) {
        (Language::English, true) => format!("Forgotten? We send a link to {} that sets a new one, and signs you out everywhere.", me.email),
        (Language::German, true) => format!("Vergessen? Wir senden einen Link an {}, der ein neues setzt und Sie überall abmeldet.", me.email),
        (Language::English, false) => format!("You have none: you sign in elsewhere. We send a link to {} that sets one.", me.email),
        (Language::German, false) => format!("Sie haben keines: Sie melden sich anderswo an. Wir senden einen Link an {}, der eines setzt.", me.email),
    };
    let inside = html! {
        @if me.has_password { (typed.mistakes(look)) (form(call, look, me, typed)) }
        (forms::act(call, "/account/password/link", &Button::new(look.t("Send me the link", "Link senden")).icon(Icon::Mail)))
    };
    framed(look.t("Password", "Passwort"), &text, &inside)
}

fn form(call: &Call, look: &Look, me: &Me, typed: &Typed) -> Markup {
    let hint = match look.language {
        Language::English => format!("{SHORTEST} characters or more."),
        Language::German => format!("{SHORTEST} Zeichen oder mehr."),
    };
    // A password is never sent back.
    let field = |name, label| Field::new(name, label).wrong(typed.wrong(name));
    let fields = html! {
        // For password keepers: whose password it is. It has no name, so it is not sent.
        input type="hidden" autocomplete="username" value=(me.email);
        (field("current_password", look.t("Current password", "Jetziges Passwort")).fill("current-password").input("password"))
        (field("new_password", look.t("New password", "Neues Passwort")).hint(&hint).fill("new-password").input("password"))
    };
    forms::form(call, look, "/account/password", &fields, &Button::new(look.t("Change the password", "Passwort ändern")), None)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let changed = match call.form::<PasswordChange>() {
        Ok(asked) => change_password(&call, asked).await,
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(Answer::see_other("/account?done=password")),
        Err(no) => again(&call, no, |password| Typing { password, ..Typing::default() }).await,
    }
}

async fn mail_link(call: Call) -> Result<Answer, Problem> {
    let me = me(&call).await?;
    links::request_reset(&call, Email::parse(&me.email).map_err(|_| Problem::internal())?).await?;
    Ok(Answer::see_other("/account?done=mail"))
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/account/password", "changePasswordForm", change)
        .signed_in()
        .fresh()
        .page()
        .form::<PasswordChange>()
        .command::<AttemptSignIn>()
        .command::<ChangePassword>();
    r.post("/account/password/link", "mailPasswordForm", mail_link).signed_in().page().command::<RequestPasswordReset>();
}
