//! A message as its recipient's mail program shows it: the HTML in a frame that runs nothing and loads nothing from elsewhere, beside the text (FUL-11).

use crate::room::{Room, Spot};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use maud::html;
use tradepost_design::badge;
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_domain::Right;
use tradepost_web::api::events::message_shown;
use tradepost_web::{Answer, Call, Problem, Routes};

/// What the mail in the frame may do: wear its own style and show the merchant's logo. `sandbox` takes scripts, forms, windows and the origin away from it, also
/// where somebody opens its address outside of the frame.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox";

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (message, detail) = message_shown(&call, call.path("id")?).await?;
    let (tone, text) = super::state(&room.look, message.state);
    let path = room.path(&format!("/messages/{}", message.id));
    let title = room.t("The e-mail as it is shown", "Die E-Mail, wie sie gezeigt wird");
    let inside = html! {
        div class="columns" {
            div {
                (Card::new(room.t("HTML", "HTML")).text(super::seen(&room)).with(html! {
                    iframe class="mail" sandbox="" src=(format!("{path}/html")) title=(title) loading="lazy" referrerpolicy="no-referrer" {}
                }))
            }
            div { (Card::new(room.t("Text", "Text")).text(room.t("For programs that show no HTML.", "Für Programme, die kein HTML zeigen.")).with(html! { div class="lines" { (detail.text) } })) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Messages", "Nachrichten"), &room.path("/messages")), (&detail.subject_line, &path)],
        title,
        state: Some(badge(tone, text)),
        text: None,
        acts: None,
    };
    Ok(room.page(Spot::Messages, &head, &inside).raw().framing())
}

/// The inside of the frame.
async fn framed(call: Call) -> Result<Answer, Problem> {
    let (_, detail) = message_shown(&call, call.path("id")?).await?;
    let answer = Answer::bytes("text/html; charset=utf-8", detail.html).raw();
    Ok(answer.header(CONTENT_SECURITY_POLICY, POLICY).header(CACHE_CONTROL, "no-store"))
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::MerchantRead;
    r.get("/m/{merchant}/messages/{id}/preview", "merchantMessagePreviewPage", show).needs(right).page();
    r.get("/m/{merchant}/messages/{id}/html", "merchantMessageHtml", framed).needs(right).page();
}
