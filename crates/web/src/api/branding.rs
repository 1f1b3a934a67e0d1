//! How a merchant looks to its resellers: name, logo, color, sender of its mail (PLT-12); and the files that pages and mails load for it.

use crate::answer::Answer;
use crate::api::me::LanguageChoice;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::input::{Field, Patch};
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{input, view};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use serde_json::{Value, json};
use tradepost_domain::merchants::branding::{LARGEST_LOGO, logo_content};
use tradepost_domain::merchants::{self, Branding, ChangeBranding, LogoKind, RemoveLogo, SetLogo};
use tradepost_domain::{MerchantId, Right};
use tradepost_kernel::Color;
use tradepost_kernel::text::Email;

/// What a logo is sent as: the file itself, whatever kind it is; its first bytes say that.
const FILE: &str = "application/octet-stream";

impl Field for Color {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let read = if let Json::Text(text) = value { text.trim().parse().ok() } else { None };
        read.or_else(|| errors.refuse(at, "must be a color such as #1f5eff"))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^#[0-9a-fA-F]{6}$", "examples": ["#1f5eff"] })
    }
}

view! {
    /// How a merchant looks to its resellers.
    pub struct BrandingView {
        /// The name that resellers see; null: the merchant's.
        pub name: Option<String>,
        /// The color of buttons and links; null: the house's.
        pub accent: Option<String>,
        /// The color of what stands on the accent: always readable.
        pub on_accent: Option<String>,
        /// The name that mail comes from; null: the name that resellers see.
        pub sender_name: Option<String>,
        /// Where answers to mail go; null: the sender address of the merchant's settings.
        pub reply_to: Option<String>,
        /// The language of mails to people whose own is not known, `en` or `de`; null: English.
        pub mail_language: Option<String>,
        /// The logo.
        pub logo: Option<LogoView>,
    }

    /// A logo.
    pub struct LogoView {
        /// Where it is; another picture is elsewhere.
        pub url: String,
        /// `png`, `jpeg` or `webp`.
        pub kind: LogoKind,
        /// In pixels.
        pub width: i64,
        /// In pixels.
        pub height: i64,
    }
}
crate::named_choice!(LogoKind);

input! {
    /// What changes of how a merchant looks.
    pub struct BrandingChange {
        /// The name that resellers see; null: the merchant's.
        pub name: Patch<Line<100>>,
        /// The color of buttons and links: any, what stands on it is made readable. Null: the house's.
        pub accent: Patch<Color>,
        /// The name that mail comes from; null: the name that resellers see.
        pub sender_name: Patch<Line<100>>,
        /// Where answers to mail go; null: the sender address of the merchant's settings.
        pub reply_to: Patch<Email>,
        /// The language of mails to people whose own is not known: customers without one, staff and resellers who never signed in. Null:
        /// English.
        pub mail_language: Patch<LanguageChoice>,
    }
}

/// How the merchant looks whose caller asks.
///
/// # Errors
/// 403, 404; faults of the store.
pub async fn own(call: &Call) -> Result<Branding, Problem> {
    let merchant = call.merchant()?.merchant;
    of(call, merchant).await?.or_not_found()
}

/// How a merchant looks.
///
/// # Errors
/// Faults of the store.
pub async fn of(call: &Call, merchant: i64) -> Result<Option<Branding>, Problem> {
    call.read(move |reader| Box::pin(async move { merchants::branding(reader, merchant).await })).await
}

fn shown(call: &Call, look: &Branding) -> BrandingView {
    let url = look.logo_path().map(|path| call.url(&path));
    BrandingView {
        name: look.own_name.clone(),
        accent: look.accent.map(|color| color.to_string()),
        on_accent: look.accent.map(|color| color.text().to_string()),
        sender_name: look.sender_name.clone(),
        reply_to: look.reply_to.clone(),
        mail_language: look.mail_language.map(|language| language.code().to_owned()),
        logo: look.logo.as_ref().zip(url).map(|(logo, url)| LogoView { url, kind: logo.kind, width: logo.width, height: logo.height }),
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let look = own(&call).await?;
    Ok(Answer::ok(&shown(&call, &look)).etag(look.version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    let body: BrandingChange = call.body()?;
    let command = ChangeBranding {
        merchant,
        version: call.if_match()?,
        name: body.name.map(Line::into_string).change(),
        accent: body.accent.change(),
        sender_name: body.sender_name.map(Line::into_string).change(),
        reply_to: body.reply_to.change(),
        mail_language: body.mail_language.map(LanguageChoice::language).change(),
    };
    call.execute(command).await?;
    show(call).await
}

async fn set_logo(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    call.execute(SetLogo { merchant, content: call.bytes().to_vec() }).await?;
    show(call).await
}

async fn remove_logo(call: Call) -> Result<Answer, Problem> {
    let merchant = call.merchant()?.merchant;
    call.execute(RemoveLogo { merchant }).await?;
    Ok(Answer::no_content())
}

/// The style sheet of a merchant's color: the house's own tokens, in the one and the other theme. `None` where it has none.
#[must_use]
pub fn style(look: &Branding) -> Option<String> {
    let accent = look.accent?;
    let (light, dark) = (accent.on(Color::WHITE), accent.on(Color::DARK));
    let (strong, strong_dark) = (light.mixed(Color::BLACK, 4), dark.mixed(Color::WHITE, 4));
    let (soft, soft_dark) = (accent.mixed(Color::WHITE, 18), accent.mixed(Color::DARK, 17));
    Some(format!(
        ":root{{--accent:light-dark({light},{dark});--accent-strong:light-dark({strong},{strong_dark});\
         --accent-soft:light-dark({soft},{soft_dark});--on-accent:light-dark({},{})}}\n",
        light.text(),
        dark.text()
    ))
}

/// Where a merchant's style sheet is; `None` where it has no color.
#[must_use]
pub fn style_path(look: &Branding) -> Option<String> {
    // A color says all that is in it; the number counts changes of how it is made.
    look.accent.map(|accent| format!("/brand/{}/1{}.css", look.merchant, accent.to_string().replace('#', "-")))
}

/// A file of a merchant's look. Its name says what is in it: an old name finds nothing.
async fn file(call: Call) -> Result<Answer, Problem> {
    let merchant: MerchantId = call.path("merchant")?;
    let read = call.read(move |reader| {
        Box::pin(async move {
            let Some(merchant) = merchants::queries::by_id(reader, merchant).await? else { return Ok(None) };
            Ok(merchants::branding(reader, merchant.number).await?.map(|look| (merchant.number, look)))
        })
    });
    let (number, look) = read.await?.or_not_found()?;
    let path = Some(call.request_path().to_owned());
    let answer = if path == style_path(&look) {
        Answer::bytes("text/css; charset=utf-8", style(&look).or_not_found()?)
    } else if path == look.logo_path() {
        let content = call.read(move |reader| Box::pin(async move { logo_content(reader, number).await })).await?.or_not_found()?;
        Answer::bytes(look.logo.map_or(FILE, |logo| logo.kind.media_type()), content)
    } else {
        return Err(Problem::not_found());
    };
    // Opened by itself it is a picture or a text, and nothing that could run.
    Ok(answer.header(CACHE_CONTROL, "public, max-age=31536000, immutable").header(CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
}

pub(super) fn routes(r: &mut Routes) {
    let tag = "Merchant";
    r.get("/v1/merchant/branding", "getBranding", show)
        .tag(tag)
        .doc("How the merchant looks to its resellers.")
        .needs(Right::MerchantRead)
        .answers::<BrandingView>(200);
    r.patch("/v1/merchant/branding", "changeBranding", change)
        .tag(tag)
        .doc("Changes how the merchant looks to its resellers: sign-up page, workspace, invoices, mails.")
        .needs(Right::MerchantManage)
        .body::<BrandingChange>()
        .answers::<BrandingView>(200)
        .command::<ChangeBranding>();
    r.put("/v1/merchant/branding/logo", "setLogo", set_logo)
        .tag(tag)
        .doc("Sets the logo: PNG, JPEG or WebP, at most 256 KB and 2,000 pixels on a side, as the body itself.")
        .needs(Right::MerchantManage)
        .body_of(FILE)
        .body_limit(LARGEST_LOGO)
        .answers::<BrandingView>(200)
        .command::<SetLogo>();
    r.delete("/v1/merchant/branding/logo", "removeLogo", remove_logo)
        .tag(tag)
        .doc("Takes the logo away.")
        .needs(Right::MerchantManage)
        .answers_nothing(204)
        .command::<RemoveLogo>();
    r.get("/brand/{merchant}/{file}", "brandFile", file).page().public();
}
