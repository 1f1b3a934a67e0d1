//! A no, for people: what went wrong and where to go on.

use crate::answer::Answer;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{DOCTYPE, html};

/// Who is not signed in is sent to do so; anything else is a page of its own.
pub(crate) fn response(no: Problem, request_id: &str) -> Response<Body> {
    if no.status() == StatusCode::UNAUTHORIZED {
        return Answer::see_other("/sign-in").into_response();
    }
    let (status, title, detail) = (no.status(), crate::codes::title(no.code()), no.detail().to_owned());
    let style = "body{font:1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color-scheme:light dark}small{opacity:.65}";
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (maud::PreEscaped(style)) }
            }
            body {
                h1 { (title) }
                p { (detail) }
                p { a href="/" { "Go to the start" } }
                small { (status.as_u16()) " · " (request_id) }
            }
        }
    };
    drop(no.into_response(request_id)); // logs the fault, if it is one
    Answer::html_with_style(markup, style).with_status(status).into_response()
}
