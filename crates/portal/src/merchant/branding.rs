//! How the merchant looks to its resellers: name, logo, color, sender of mail (PLT-12). What is saved is seen at once: the merchant's own
//! workspace wears it too.

use crate::forms::{Typed, question};
use crate::refusals;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon, form};
use tradepost_domain::Right;
use tradepost_domain::merchants::branding::LARGEST_LOGO;
use tradepost_domain::merchants::{Branding, ChangeBranding, RemoveLogo, SetLogo};
use tradepost_kernel::Color;
use tradepost_kernel::text::Email;
use tradepost_web::api::branding::own;
use tradepost_web::api::me::LanguageChoice;
use tradepost_web::fields::Line;
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// What a form around a logo takes: the logo and some fields.
const UPLOAD: usize = LARGEST_LOGO + (16 << 10);

input! {
    /// The branding as it stands in the form: what is empty goes back to what follows from the settings.
    pub struct BrandingForm {
        /// The name that resellers see.
        pub name: Option<Line<100>>,
        /// The color of buttons and links.
        pub accent: Option<Color>,
        /// The name that mail comes from.
        pub sender_name: Option<Line<100>>,
        /// Where answers to mail go.
        pub reply_to: Option<Email>,
        /// The language of mails to people whose own is not known.
        pub mail_language: Option<LanguageChoice>,
        /// The version that the form was made from.
        pub version: i64,
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = own(&call).await?;
    Ok(page(&call, &room, &look, &in_form(&look), None))
}

fn in_form(look: &Branding) -> Typed {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Typed::new([
        ("name", text(&look.own_name)),
        ("accent", look.accent.map(|color| color.to_string()).unwrap_or_default()),
        ("sender_name", text(&look.sender_name)),
        ("reply_to", text(&look.reply_to)),
        ("mail_language", look.mail_language.map(|language| language.code().to_owned()).unwrap_or_default()),
    ])
}

fn page(call: &Call, room: &Room, look: &Branding, typed: &Typed, wrong_logo: Option<&str>) -> Answer {
    let inside = html! {
        (typed.mistakes(&room.look))
        div class="columns" {
            div { (words(call, room, look, typed)) (logo(call, room, look, wrong_logo)) }
            div { (preview(room, look)) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Settings", "Einstellungen"), &room.path("/settings"))],
        title: room.t("Branding", "Erscheinungsbild"),
        state: None,
        text: Some(room.t(
            "What resellers see: on the sign-up page, in their workspace, on invoices and in e-mails.",
            "Was Reseller sehen: auf der Anmeldeseite, in ihrem Arbeitsbereich, auf Rechnungen und in E-Mails.",
        )),
        acts: None,
    };
    room.page(Spot::Branding, &head, &inside)
}

fn words(call: &Call, room: &Room, look: &Branding, typed: &Typed) -> Markup {
    let (optional, off) = (room.t("optional", "optional"), !room.may(Right::MerchantManage));
    let field = |name, label| typed.field(name, label).off(off).optional(optional);
    let version = look.version.to_string();
    let languages = [("", "–"), ("en", "English"), ("de", "Deutsch")];
    let fields = html! {
        form class="form" method="post" action=(room.path("/settings/branding")) {
            (form::unseen(&[(FORM_KEY, &call.form_key()), ("version", &version)]))
            div class="fields" {
                (field("name", room.t("Name that resellers see", "Name, den Reseller sehen")).hint(room.t("Empty: the name of your settings.", "Leer: der Name aus Ihren Einstellungen.")).text())
                (field("accent", room.t("Color", "Farbe")).example("#1f5eff").hint(room.t("For buttons and links. Text on it stays readable.", "Von Schaltflächen und Links. Was darauf steht, bleibt lesbar.")).text())
                (field("sender_name", room.t("E-mail sender", "Absender von E-Mails")).hint(room.t("Empty: the name that resellers see.", "Leer: der Name, den Reseller sehen.")).text())
                (field("reply_to", room.t("Answers go to", "Antworten gehen an")).hint(room.t("Empty: the sender address of your settings.", "Leer: die Absenderadresse aus Ihren Einstellungen.")).input("email"))
                (field("mail_language", room.t("E-mail language", "Sprache von E-Mails")).hint(room.t("To people whose own language is not known. Empty: English.", "An Personen, deren Sprache nicht bekannt ist. Leer: Englisch.")).select(&languages))
            }
            @if !off { div class="form-end" { (Button::new(room.t("Save", "Speichern")).primary().submit()) } }
        }
    };
    Card::new(room.t("Name, color, e-mail", "Name, Farbe, E-Mail")).with(fields)
}

fn logo(call: &Call, room: &Room, look: &Branding, wrong: Option<&str>) -> Markup {
    let off = !room.may(Right::MerchantManage);
    let path = room.path("/settings/branding/logo");
    let file = tradepost_design::Field::new("file", room.t("Picture", "Bild")).wrong(wrong).off(off).whole();
    let inside = html! {
        @if let (Some(src), Some(logo)) = (look.logo_path(), &look.logo) { p { img class="logo" src=(src) alt=(room.t("Your logo", "Ihr Logo")); " " small class="muted" { (logo.width) " × " (logo.height) } } }
        @if !off {
            form class="form" method="post" action=(path) enctype="multipart/form-data" {
                (form::unseen(&[(FORM_KEY, &call.form_key())]))
                div class="fields" { (file.hint(room.t("PNG, JPEG or WebP, at most 256 KB and 2,000 pixels on a side.", "PNG, JPEG oder WebP, höchstens 256 KB und 2.000 Pixel je Seite.")).input("file")) }
                div class="form-end" { (Button::new(room.t("Use this picture", "Dieses Bild benutzen")).icon(Icon::Import).submit()) }
            }
            @if look.logo.is_some() { (Button::new(room.t("Remove the logo", "Logo entfernen")).small().icon(Icon::Delete).opens_dialog().to(&format!("{path}/remove"))) }
        }
    };
    Card::new(room.t("Logo", "Logo")).with(inside)
}

/// How it looks, in the very style sheet that resellers get.
fn preview(room: &Room, look: &Branding) -> Markup {
    let inside = html! {
        p class="brand" {
            @if let Some(src) = look.logo_path() { img class="logo" src=(src) alt=""; }
            @else { span class="mark" aria-hidden="true" { (tradepost_design::value::initials(&look.name)) } }
            (look.name)
        }
        p { (room.t("Text, and", "Text und")) " " a href=(room.path("/settings/branding")) { (room.t("a link in it", "ein Link darin")) } "." }
        div class="button-row" {
            span class="button primary" { (icon(Icon::Order)) (room.t("Place an order", "Bestellen")) }
            span class="button" { (room.t("Cancel", "Abbrechen")) }
        }
    };
    Card::new(room.t("Preview", "Vorschau")).text(room.t("As it is saved.", "So, wie es gespeichert ist.")).with(inside)
}

async fn save(call: &Call) -> Result<(), Problem> {
    let form: BrandingForm = call.form()?;
    let command = ChangeBranding {
        merchant: call.merchant()?.merchant,
        version: Some(form.version),
        name: Some(form.name.map(Line::into_string)),
        accent: Some(form.accent),
        sender_name: Some(form.sender_name.map(Line::into_string)),
        reply_to: Some(form.reply_to),
        mail_language: Some(form.mail_language.map(LanguageChoice::language)),
    };
    call.execute(command).await.map(drop)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match save(&call).await {
        Ok(()) => Ok(done(&call, &room.path("/settings/branding"), room.t("Branding saved.", "Erscheinungsbild gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let look = own(&call).await?;
            Ok(page(&call, &room, &look, &typed, None).with_status(status))
        }
    }
}

async fn set_logo(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let upload = call.upload()?;
    let content = upload.file().map(|file| file.bytes.to_vec()).unwrap_or_default();
    match call.execute(SetLogo { merchant: call.merchant()?.merchant, content }).await {
        Ok(_) => Ok(done(&call, &room.path("/settings/branding"), room.t("Logo saved.", "Logo gespeichert."))),
        Err(no) if no.code() == "invalid_logo" => {
            let look = own(&call).await?;
            let wrong = refusals::in_words(&room.look, no.code(), no.detail());
            Ok(page(&call, &room, &look, &in_form(&look), Some(&wrong)).with_status(no.status()))
        }
        Err(no) => Err(no),
    }
}

async fn ask_remove_logo(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let title = room.t("Remove the logo", "Logo entfernen");
    let text = html! {
        p { (room.t("Your name stands in its place: in workspaces, on the sign-up page, on invoices and in e-mails. The picture itself is not kept.", "Ihr Name steht an seiner Stelle: in Arbeitsbereichen, auf der Anmeldeseite, auf Rechnungen und in E-Mails. Das Bild selbst wird nicht aufgehoben.")) }
    };
    let (back, act) = (room.path("/settings/branding"), Button::new(title).danger());
    let inside = question(&call, &room.look, title, &text, &Typed::default(), &format!("{back}/logo/remove"), &act, &back);
    Ok(room.dialog(Spot::Branding, title, &inside))
}

async fn remove_logo(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    call.execute(RemoveLogo { merchant: call.merchant()?.merchant }).await?;
    Ok(done(&call, &room.path("/settings/branding"), room.t("Logo removed.", "Logo entfernt.")))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/settings/branding", "merchantBrandingPage", show).needs(Right::MerchantRead).page();
    r.post("/m/{merchant}/settings/branding", "merchantChangeBrandingForm", change)
        .needs(Right::MerchantManage)
        .page()
        .form::<BrandingForm>()
        .command::<ChangeBranding>();
    r.post("/m/{merchant}/settings/branding/logo", "merchantSetLogoForm", set_logo).needs(Right::MerchantManage).page().upload(UPLOAD).command::<SetLogo>();
    r.get("/m/{merchant}/settings/branding/logo/remove", "merchantRemoveLogoPage", ask_remove_logo).needs(Right::MerchantManage).page();
    r.post("/m/{merchant}/settings/branding/logo/remove", "merchantRemoveLogoForm", remove_logo).needs(Right::MerchantManage).page().command::<RemoveLogo>();
}
