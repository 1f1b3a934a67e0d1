//! Everything outside the two workspaces: the start, signing in and up, links that were mailed, and the person's own pages.
//!
//! Always true here:
//! - Nothing tells whether an address is known: not a text, not a status, not how long it takes (PAR-15).
//! - Nobody is led to another server: where somebody comes back to is a path of this one (`local`).
//!
//! What does not belong: what is inside a workspace.

pub mod account;
pub mod again;
pub mod factors;
pub mod forgot;
pub mod issuers;
pub mod join;
pub mod links;
pub mod looks;
pub mod passkeys;
pub mod second_step;
pub mod set_up;
pub mod sign_in;
pub mod workspaces;

use crate::look::Look;
use crate::room::encoded;
use axum::http::header::REFERRER_POLICY;
use maud::{Markup, html};
use tradepost_design::frame::{self, Brand, Page};
use tradepost_design::{Language, form};
use tradepost_domain::identity::{self, PersonView};
pub use tradepost_kernel::countries;
use tradepost_web::{Answer, Call, Problem, Routes};

/// The name on pages that are no merchant's.
const HOUSE: &str = "Tradepost";

/// A page outside a workspace.
#[derive(Clone, Copy, Debug)]
struct Alone<'a> {
    /// What it shows.
    title: &'a str,
    /// Whose it is.
    house: &'a str,
    /// Whether it has more to show than a short form.
    wide: bool,
    /// Who is signed in, by their address; `None` where it does not matter.
    person: Option<&'a str>,
    /// How the house looks.
    brand: Brand<'a>,
}

impl<'a> Alone<'a> {
    /// A page of nobody's house in particular.
    fn new(title: &'a str) -> Self {
        Self { title, house: HOUSE, wide: false, person: None, brand: Brand::default() }
    }

    /// One that has more to show than a short form.
    const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// One of somebody who is signed in.
    const fn of(mut self, person: &'a str) -> Self {
        self.person = Some(person);
        self
    }
}

/// Draws a page outside a workspace; beneath it the languages, and the way out for who is signed in.
fn alone(call: &Call, look: &Look, page: &Alone<'_>, inside: &Markup) -> Answer {
    let drawn = Page { title: page.title, house: page.house, language: look.language, theme: look.theme(), brand: page.brand };
    let answer = Answer::html(frame::alone(&drawn, page.wide, inside, &foot(call, look, page.person)));
    // With no-referrer a browser would not say where a form comes from; what stands in the address still goes nowhere else.
    answer.header(REFERRER_POLICY, "same-origin")
}

fn foot(call: &Call, look: &Look, person: Option<&str>) -> Markup {
    let back = here(call);
    html! {
        @if let Some(email) = person {
            form class="foot-line" method="post" action="/sign-out" {
                span { (email) }
                button class="link" type="submit" { (look.t("Sign out", "Abmelden")) }
            }
        }
        form class="foot-line" method="post" action="/look" {
            (form::unseen(&[("next", back.as_str())]))
            @for language in Language::ALL {
                button class="link" type="submit" name="language" value=(language.code()) lang=(language.code())
                    aria-current=[(language == look.language).then_some("true")] { (language.name()) }
            }
        }
    }
}

/// A path of this server that a browser cannot read as another one's: one slash first, then printable ASCII without a backslash.
fn local(path: &str) -> Option<&str> {
    let fits = path.starts_with('/') && !path.starts_with("//") && path.len() <= 2_000 && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    fits.then_some(path)
}

/// Where somebody comes back to afterwards: the parameter `next`.
fn next(call: &Call) -> Option<String> {
    call.query_pairs().iter().find(|(name, _)| name == "next").and_then(|(_, path)| local(path)).map(ToOwned::to_owned)
}

/// A path that leads on to where this request is to lead.
fn leading_on(call: &Call, path: &str) -> String {
    match next(call) {
        Some(next) => format!("{path}?next={}", encoded(&next)),
        None => path.to_owned(),
    }
}

/// This page itself.
fn here(call: &Call) -> String {
    leading_on(call, call.request_path())
}

/// Who signed in.
async fn me(call: &Call) -> Result<PersonView, Problem> {
    let person = call.caller().person().ok_or_else(Problem::unauthenticated)?;
    let me = call.read(move |reader| Box::pin(async move { identity::queries::person(reader, person).await })).await?;
    me.ok_or_else(Problem::unauthenticated)
}

pub(crate) fn routes(r: &mut Routes) {
    workspaces::routes(r);
    sign_in::routes(r);
    second_step::routes(r);
    again::routes(r);
    issuers::routes(r);
    set_up::routes(r);
    forgot::routes(r);
    links::routes(r);
    join::routes(r);
    account::routes(r);
    factors::routes(r);
    passkeys::routes(r);
    looks::routes(r);
}
