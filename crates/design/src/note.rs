//! What the house says: notes in a page, toasts after an act, and what stands where nothing is yet.

use crate::badge::Tone;
use crate::icon::{Icon, icon};
use maud::{Markup, html};

const fn icon_of(tone: Tone) -> Icon {
    match tone {
        Tone::Plain | Tone::Info => Icon::Info,
        Tone::Good => Icon::Good,
        Tone::Warn => Icon::Alert,
        Tone::Bad => Icon::Bad,
    }
}

/// A note: what is the case, why, and what can be done (`acts`).
#[must_use]
pub fn note(tone: Tone, title: &str, text: &str, acts: Option<&Markup>) -> Markup {
    html! {
        div class={ "note " (tone.class()) } role=[(tone == Tone::Bad).then_some("alert")] {
            (icon(icon_of(tone)))
            div { strong { (title) } @if !text.is_empty() { p { (text) } } }
            @if let Some(acts) = acts { div class="button-row" { (acts) } }
        }
    }
}

/// All mistakes of a form at once, each a link to its field.
#[must_use]
pub fn mistakes(title: &str, mistakes: &[(String, String)]) -> Markup {
    html! {
        div class="note bad" role="alert" tabindex="-1" data-mistakes {
            (icon(Icon::Bad))
            div {
                strong { (title) }
                @if !mistakes.is_empty() {
                    ul { @for (field, text) in mistakes { li { @if field.is_empty() { (text) } @else { a href={ "#" (field) } { (text) } } } } }
                }
            }
        }
    }
}

/// What was done, said once.
#[must_use]
pub fn toast(tone: Tone, text: &str) -> Markup {
    html! { div class={ "toast " (tone.class()) } role="status" { (icon(icon_of(tone))) span { (text) } } }
}

/// Where nothing is yet: what would be here, and how it comes to be.
#[must_use]
pub fn empty(shown: Icon, title: &str, text: &str, act: Option<&Markup>) -> Markup {
    html! {
        div class="empty" {
            (icon(shown))
            h3 { (title) }
            p { (text) }
            @if let Some(act) = act { (act) }
        }
    }
}

/// One step of what happened.
#[derive(Debug)]
pub struct Step {
    /// What kind of thing it was.
    pub icon: Icon,
    /// How good it was.
    pub tone: Tone,
    /// What happened.
    pub text: Markup,
    /// When, and by whom.
    pub under: Markup,
}

/// What happened, the latest first or last as given.
#[must_use]
pub fn timeline(steps: &[Step]) -> Markup {
    html! {
        ol class="timeline" {
            @for step in steps {
                li { span class={ "dot " (step.tone.class()) } { (icon(step.icon)) } div { (step.text) small { (step.under) } } }
            }
        }
    }
}
