//! Files that somebody brings. A form takes a file or its text; what was checked goes along, unseen, to the form that applies it, where
//! it is small enough: without a script, nobody has to choose the same file twice.

use crate::forms::Typed;
use crate::refusals;
use crate::room::Room;
use axum::body::Bytes;
use maud::{Markup, PreEscaped, html};
use tradepost_design::form::unseen;
use tradepost_web::form::FORM_KEY;
use tradepost_web::{Call, Problem, Upload};

/// Bytes that go along from a check to the form that applies it. A larger file is chosen once more.
const LARGEST_CARRIED: usize = 1 << 20;
/// What pasted text is called.
const PASTED: &str = "paste";

/// What somebody brought.
pub(in crate::merchant) struct Brought {
    /// The name of the file, or `paste`.
    pub(in crate::merchant) source: String,
    /// What is in it.
    pub(in crate::merchant) bytes: Bytes,
}

/// The file, or else the text of the form. `None`: neither, or nothing in it.
pub(in crate::merchant) fn brought(upload: &Upload) -> Option<Brought> {
    if let Some(file) = upload.file().filter(|file| !file.bytes.is_empty()) {
        return Some(Brought { source: named(&file.name, "upload"), bytes: file.bytes.clone() });
    }
    let text = upload.value("text");
    (!text.trim().is_empty()).then(|| Brought { source: named(upload.value("source"), PASTED), bytes: Bytes::from(text.to_owned()) })
}

/// The name of a file, fit for a list; `usual` where nothing of it is.
fn named(name: &str, usual: &str) -> String {
    let name: String = name.chars().filter(|letter| letter.is_alphanumeric() || " ._-()+#".contains(*letter)).take(200).collect();
    let name = name.trim();
    if name.is_empty() { usual.to_owned() } else { name.to_owned() }
}

impl Brought {
    /// Whether the form that follows a check can carry it.
    pub(in crate::merchant) fn is_carried(&self) -> bool {
        self.text().is_some()
    }

    fn text(&self) -> Option<&str> {
        if self.bytes.len() > LARGEST_CARRIED {
            return None;
        }
        std::str::from_utf8(&self.bytes).ok().filter(|text| !text.contains('\0'))
    }

    /// It, unseen in a form. Nothing where it is not carried.
    pub(in crate::merchant) fn carried(&self) -> Markup {
        html! {
            @if let Some(text) = self.text() {
                (unseen(&[("source", &self.source)]))
                textarea name="text" hidden { (PreEscaped("\n")) (text) }
            }
        }
    }
}

/// A form that may bring a file. `ends` are the buttons that send it.
pub(in crate::merchant) fn form(call: &Call, room: &Room, action: &str, fields: &Markup, ends: &Markup, back: &str) -> Markup {
    html! {
        form class="form" method="post" action=(action) enctype="multipart/form-data" {
            (unseen(&[(FORM_KEY, &call.form_key())]))
            div class="fields" { (fields) }
            div class="form-end" { a class="button" href=(back) data-close { (room.t("Cancel", "Abbrechen")) } (ends) }
        }
    }
}

/// The form as it was sent, with a mistake.
pub(in crate::merchant) fn wrong(upload: &Upload, field: &str, text: &str) -> Typed {
    Typed::of(upload.fields().to_vec()).wrong_with(field, text)
}

/// The form as it was sent, after a no that is about what was brought. Any other no is passed on.
pub(in crate::merchant) fn refused(room: &Room, upload: &Upload, no: Problem) -> Result<Typed, Problem> {
    if !matches!(no.status().as_u16(), 400 | 409 | 410 | 412 | 422) {
        return Err(no);
    }
    let look = &room.look;
    if no.errors().is_empty() {
        return Ok(wrong(upload, "", &refusals::in_words(look, no.code(), no.detail())));
    }
    Ok(no.errors().iter().fold(Typed::of(upload.fields().to_vec()), |typed, error| {
        let field = error.pointer.trim_start_matches('/').split('/').next().unwrap_or("");
        typed.wrong_with(field, &refusals::of_field(look, error.code, &error.detail))
    }))
}
