//! What was just done, told by the page that comes next.

use tradepost_web::{Answer, Call};

/// The cookie that holds what was just done, for the page that comes next.
const SAID_COOKIE: &str = "tradepost_said";

/// Leads to the page that comes next, which says what was done.
#[must_use]
pub fn done(call: &Call, to: &str, said: &str) -> Answer {
    Answer::see_other(to).cookie(&say(call, said))
}

/// `Set-Cookie` that makes the next page say something.
#[must_use]
pub fn say(call: &Call, said: &str) -> String {
    let secure = if call.app().settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    format!("{SAID_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60{secure}", encoded(said))
}

pub(super) fn forgotten() -> String {
    format!("{SAID_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

pub(super) fn said(call: &Call) -> Option<String> {
    let text = tradepost_web::credentials::cookie(call.headers(), SAID_COOKIE)?;
    tradepost_web::query::decode(&text, false).filter(|text| !text.is_empty())
}

/// Escapes a text for a URL or a cookie.
#[must_use]
pub fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
