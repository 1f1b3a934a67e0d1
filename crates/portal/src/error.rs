//! A no, for people: what went wrong, and where to go on.

use crate::look::Look;
use crate::refusals;
use crate::room::encoded;
use axum::http::header::REFERER;
use axum::http::{Method, StatusCode};
use maud::html;
use tradepost_design::Button;
use tradepost_design::frame::{Brand, Page, alone};
use tradepost_web::Answer;
use tradepost_web::error_page::Told;

/// The page that somebody comes back to who is asked for a proof: the one that was wanted, or that a form stood on.
fn wanted(told: &Told<'_>) -> String {
    if told.asked.method == Method::GET {
        return told.asked.target.clone();
    }
    let from = told.asked.headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = from.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    path.unwrap_or_else(|| "/".to_owned())
}

/// Who is not signed in is sent to do so, and comes back here afterwards; who has to prove again
/// that it is them is asked to, likewise; anything else is a page of its own.
pub(crate) fn page(told: &Told<'_>) -> Answer {
    if told.no.status() == StatusCode::UNAUTHORIZED {
        let back = if told.asked.method == Method::GET { told.asked.target.as_str() } else { "/" };
        return Answer::see_other(&if back == "/" { "/sign-in".to_owned() } else { format!("/sign-in?next={}", encoded(back)) });
    }
    if told.no.code() == "fresh_proof_required" {
        return Answer::see_other(&format!("/again?next={}", encoded(&wanted(told))));
    }
    let look = Look::of_headers(&told.asked.headers, told.app.engine.environment.now());
    let (status, code) = (told.no.status().as_u16(), told.no.code());
    let (title, text) = match status {
        403 => (look.t("You don't have permission", "Dafür fehlt Ihnen die Berechtigung"), refusals::in_words(&look, code, told.no.detail())),
        404 => (
            look.t("Page not found", "Seite nicht gefunden"),
            look.t("It was moved or removed, or it belongs to somebody else.", "Es wurde verschoben oder entfernt, oder es gehört jemand anderem.").to_owned(),
        ),
        429 | 503 => (look.t("One moment, please", "Einen Moment, bitte"), refusals::in_words(&look, code, told.no.detail())),
        500.. => (look.t("Something went wrong", "Etwas ging schief"), refusals::in_words(&look, code, told.no.detail())),
        _ => (look.t("This could not be done", "Das ging nicht"), refusals::in_words(&look, code, told.no.detail())),
    };
    let inside = html! {
        div class="message" {
            h1 { (title) }
            p { (text) }
            div class="button-row" { (Button::new(look.t("Go to the home page", "Zur Startseite")).primary().to("/")) }
        }
    };
    let foot = html! { (status) " · " code { (told.request_id) } };
    let page = Page { title, house: "Tradepost", language: look.language, theme: look.theme(), brand: Brand::default() };
    Answer::html(alone(&page, false, &inside, &foot))
}
