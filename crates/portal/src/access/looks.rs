//! Choosing language and theme: kept in a cookie, so that who is not signed in has them too; the language of somebody who is signed in is
//! kept with them (PLT-12).

use super::local;
use crate::look::Theme;
use tradepost_design::Language;
use tradepost_domain::identity::ChangeProfile;
use tradepost_web::credentials::{LOOK_COOKIE, cookie};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// What is chosen of how the portal looks. What is left out stays as it is; a name that is none means: as browser and system have it.
    pub struct LookForm {
        /// `en`, `de`, or `auto`.
        pub language: Option<Line<10>>,
        /// `light`, `dark`, or `auto`.
        pub theme: Option<Line<10>>,
        /// Where somebody comes back to.
        pub next: Option<Line<2000>>,
    }
}

/// What was chosen; `None` where browser and system decide.
pub(super) fn chosen(call: &Call) -> (Option<Language>, Option<Theme>) {
    let kept = cookie(call.headers(), LOOK_COOKIE).unwrap_or_default();
    let (language, theme) = kept.split_once('.').unwrap_or((kept.as_str(), ""));
    (Language::of_code(language), Theme::from_name(theme))
}

async fn choose(call: Call) -> Result<Answer, Problem> {
    let LookForm { language, theme, next } = call.form::<LookForm>()?;
    let kept = chosen(&call);
    if let Some(name) = language.as_deref().filter(|_| call.caller().person().is_some()) {
        // English too: who chose it sees it on every browser.
        let language = Language::of_code(name).map(|language| language.code().to_owned());
        call.execute(ChangeProfile { language: Some(language), ..ChangeProfile::default() }).await?;
    }
    let language = language.map_or(kept.0, |name| Language::of_code(&name)).map_or("", Language::code);
    let theme = theme.map_or(kept.1, |name| Theme::from_name(&name)).map_or("", Theme::name);
    let secure = if call.app().settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let cookie = format!("{LOOK_COOKIE}={language}.{theme}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}");
    Ok(Answer::see_other(next.as_deref().and_then(local).unwrap_or("/")).cookie(&cookie))
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/look", "chooseLookForm", choose).anyone().page().form::<LookForm>().command::<ChangeProfile>();
}
