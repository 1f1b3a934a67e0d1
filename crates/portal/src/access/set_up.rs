//! The first page of a server that has no merchant: the link to it is printed when the server starts (PLT-13).

use super::{Alone, alone, sign_in};
use crate::forms::{self, Typed};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::{Button, Field, Language};
use tradepost_domain::partners::SetUp;
use tradepost_kernel::password::SHORTEST;
use tradepost_web::api::set_up::{NewHouse, check, set_up};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn show(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    match check(&call, call.path_text("token")?).await {
        Ok(()) => Ok(page(&call, &look, &Typed::new([("currency", "USD".to_owned()), ("time_zone", "UTC".to_owned())]))),
        Err(no) => over(&call, &look, no),
    }
}

async fn make(call: Call) -> Result<Answer, Problem> {
    let look = Look::of(&call);
    let token = call.path_text("token")?;
    if let Err(no) = check(&call, token).await {
        return over(&call, &look, no);
    }
    let made = match call.form::<NewHouse>() {
        Ok(house) => set_up(&call, token, house).await,
        Err(no) => Err(no),
    };
    match made {
        Ok((done, session)) => {
            let cookie = sign_in::kept(&call, done.expires_ms, &session);
            Ok(Answer::see_other(&format!("/m/{}", done.merchant)).cookie(&cookie))
        }
        Err(no) if no.code() == "already_set_up" => over(&call, &look, no),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &look, no)?);
            Ok(page(&call, &look, &typed).with_status(status))
        }
    }
}

/// The link is dead once there is a merchant.
fn over(call: &Call, look: &Look, no: Problem) -> Result<Answer, Problem> {
    if no.code() != "already_set_up" {
        return Err(no);
    }
    let title = look.t("This server is set up already", "Dieser Server ist schon eingerichtet");
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (crate::refusals::in_words(look, no.code(), no.detail())) }
            div class="button-row" { (Button::new(look.t("Sign in", "Anmelden")).primary().to("/sign-in")) }
        }
    };
    Ok(alone(call, look, &Alone::new(title), &inside).with_status(no.status()))
}

fn page(call: &Call, look: &Look, typed: &Typed) -> Answer {
    let title = look.t("Set up your server", "Server einrichten");
    let act = Button::new(look.t("Set up and sign in", "Einrichten und anmelden")).primary().wide();
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (look.t("Who sells here, and who owns it. Everything but the first currency and the name in addresses can be changed later.", "Wer hier verkauft, und wem das gehört. Bis auf die erste Währung und den Namen in Adressen lässt sich später alles ändern.")) }
        }
        (typed.mistakes(look))
        (forms::form(call, look, call.request_path(), &html! { (house(look, typed)) (owner(look, typed)) }, &act, None))
    };
    alone(call, look, &Alone::new(title).wide(), &inside)
}

fn house(look: &Look, typed: &Typed) -> Markup {
    let optional = look.t("optional", "optional");
    html! {
        (typed.field("name", look.t("Name of the merchant", "Name des Händlers")).fill("organization").hint(look.t("On pages, invoices and e-mails.", "Auf Seiten, Rechnungen und in E-Mails.")).whole().text())
        (typed.field("currency", look.t("First currency", "Erste Währung")).hint(look.t("Its three letters, such as USD or EUR.", "Ihre drei Buchstaben, etwa USD oder EUR.")).text())
        (typed.field("time_zone", look.t("Time zone", "Zeitzone")).hint(look.t("Days of invoices and limits are of this zone, for example Europe/Berlin.", "Tage von Rechnungen und Limits gelten in dieser Zone, etwa Europe/Berlin.")).text())
        (typed.field("slug", look.t("Name in addresses", "Name in Adressen")).optional(optional).hint(look.t("Small letters, digits and hyphens; made from the name where left out.", "Kleine Buchstaben, Ziffern und Bindestriche; ohne Angabe aus dem Namen gebildet.")).whole().text())
    }
}

fn owner(look: &Look, typed: &Typed) -> Markup {
    let hint = match look.language {
        Language::English => format!("{SHORTEST} characters or more."),
        Language::German => format!("{SHORTEST} Zeichen oder mehr."),
    };
    html! {
        (typed.field("first_name", look.t("Your first name", "Ihr Vorname")).fill("given-name").text())
        (typed.field("last_name", look.t("Your last name", "Ihr Nachname")).fill("family-name").text())
        (typed.field("email", look.t("Your e-mail address", "Ihre E-Mail-Adresse")).fill("username").hint(look.t("You sign in with it.", "Damit melden Sie sich an.")).input("email"))
        // A password is never sent back.
        (Field::new("password", look.t("Password", "Passwort")).wrong(typed.wrong("password")).hint(&hint).fill("new-password").input("password"))
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/set-up/{token}", "setUpPage", show).public().page();
    r.post("/set-up/{token}", "setUpForm", make).public().page().form::<NewHouse>().command::<SetUp>();
}
