//! A no, for people: what went wrong and where to go on. The portal draws it; this is what it is drawn from.

use crate::answer::Answer;
use crate::app::App;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use maud::{DOCTYPE, html};
use tradepost_domain::Caller;

/// What was asked for, kept beside the request, which is used up by its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Whether a browser asked, to show a page.
    pub wants_page: bool,
}

impl Asked {
    /// `None` below the paths of programs, where no page is: their requests copy nothing.
    pub(crate) fn of(request: &Request<Body>) -> Option<Self> {
        let path = request.uri().path();
        if ["/v1", "/reseller", "/d"].iter().any(|root| crate::route::below(path, root)) {
            return None;
        }
        let headers = request.headers().clone();
        let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
        Some(Self {
            method: request.method().clone(),
            target: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            wants_page: accepts.split(',').any(|kind| kind.trim().starts_with("text/html")),
            headers,
        })
    }
}

/// What a page of a no is drawn from.
#[derive(Debug)]
pub struct Told<'a> {
    /// The no.
    pub no: &'a Problem,
    /// The id under which it was logged.
    pub request_id: &'a str,
    /// What was asked for.
    pub asked: &'a Asked,
    /// Who asked, as far as that is known.
    pub caller: Option<&'a Caller>,
    /// The server.
    pub app: &'a App,
}

/// Draws a no. Its status is set by the floor, unless the answer leads elsewhere.
pub type ErrorPage = fn(&Told<'_>) -> Answer;

/// Where nobody draws a better one.
pub(crate) fn plain(told: &Told<'_>) -> Answer {
    if told.no.status() == StatusCode::UNAUTHORIZED {
        return Answer::see_other("/sign-in");
    }
    let title = crate::codes::title(told.no.code());
    Answer::html(html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1"; title { (title) } }
            body { h1 { (title) } p { (told.no.detail()) } p { small { (told.no.status().as_u16()) " · " (told.request_id) } } }
        }
    })
}
