//! A composed request that is really sent, in the sandbox: its answer as the shop would read it (EXT-6, PLT-6).

use super::builder::UrlRequestForm;
use super::composed::fields;
use crate::room::{Room, encoded};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::{note, value};
use tradepost_web::{Call, Problem};

/// Sends it and shows what came back. `url` is the whole URL, with its key.
pub(super) async fn ran(call: &Call, room: &Room, url: &str, form: &UrlRequestForm) -> Result<Markup, Problem> {
    let pairs: Vec<String> = fields(form).iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let key = url.rsplit('/').next().unwrap_or("");
    let request = Request::post(format!("/d/{key}"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(USER_AGENT, "Tradepost sandbox")
        .body(Body::from(pairs.join("&")))
        .map_err(|_| Problem::not_found())?;
    let tried = call.tries(request).await?;
    let good = tried.status < 300;
    let (title, text) = if good {
        (
            room.t("It was delivered", "Es wurde geliefert"),
            room.t("These are the codes of the sandbox, one per line.", "Dies sind die Codes der Sandbox, einer je Zeile."),
        )
    } else {
        (room.t("It was refused", "Es wurde abgelehnt"), room.t("The shop would read this line.", "Der Shop würde diese Zeile lesen."))
    };
    let rows = [
        (room.t("Status", "Status"), html! { code { (tried.status) } }),
        (room.t("Content type", "Inhaltstyp"), html! { code { (tried.content_type) } }),
        (room.t("Request", "Anfrage"), value::copyable(&tried.request_id, room.look.language)),
    ];
    Ok(Card::new(room.t("What came back", "Was zurückkam")).with(html! {
        (note::note(if good { Tone::Good } else { Tone::Warn }, title, text, None))
        (facts(&rows))
        (value::snippet(tried.text.trim_end(), room.look.language))
    }))
}
