//! A password that was forgotten: a mail with a link that sets a new one (PAR-15).

use super::{Alone, alone};
use crate::forms::{self, Typed};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::{Button, Language};
use tradepost_domain::identity::RequestPasswordReset;
use tradepost_kernel::text::Email;
use tradepost_web::api::links;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form that asks for a new password.
    pub struct ForgotForm {
        /// The address that the account was made with.
        pub email: Email,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(asking(&call, &Look::of(&call), &Typed::default()))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    match call.form::<ForgotForm>() {
        Ok(ForgotForm { email }) => {
            let address = email.to_string();
            links::request_reset(&call, email).await?;
            Ok(sent(&call, &look, &address))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &look, no)?);
            Ok(asking(&call, &look, &typed).with_status(status))
        }
    }
}

fn asking(call: &Call, look: &Look, typed: &Typed) -> Answer {
    let title = look.t("Set a new password", "Neues Passwort setzen");
    let field = typed.field("email", look.t("E-mail address", "E-Mail-Adresse")).fill("username").whole().input("email");
    let act = Button::new(look.t("Send me the link", "Link senden")).primary().wide();
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (look.t("You get an e-mail with a link that sets a new password.", "Sie erhalten eine E-Mail mit einem Link, der ein neues Passwort setzt.")) }
        }
        (typed.mistakes(look))
        (forms::form(call, look, "/forgot", &field, &act, None))
        (back(look))
    };
    alone(call, look, &Alone::new(title), &inside)
}

/// The same whether or not the address is known.
fn sent(call: &Call, look: &Look, address: &str) -> Answer {
    let title = look.t("Check your inbox", "Prüfen Sie Ihr Postfach");
    let text = match look.language {
        Language::English => format!("If there is an account for {address}, a mail with a link is on its way. The link works once, for an hour."),
        Language::German => format!("Wenn es ein Konto für {address} gibt, ist eine E-Mail mit einem Link unterwegs. Der Link gilt einmal, eine Stunde lang."),
    };
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (text) }
            p { (look.t("Nothing there after a few minutes? Check your spam folder, or request another link.", "Nach einigen Minuten nichts da? Prüfen Sie den Spam-Ordner, oder fordern Sie einen neuen Link an.")) }
        }
        (back(look))
    };
    alone(call, look, &Alone::new(title), &inside)
}

fn back(look: &Look) -> Markup {
    html! { p class="muted" { a href="/sign-in" { (look.t("Back to the sign-in", "Zurück zur Anmeldung")) } } }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/forgot", "forgotPasswordPage", show).public().page();
    r.post("/forgot", "forgotPasswordForm", ask).public().page().form::<ForgotForm>().command::<RequestPasswordReset>();
}
