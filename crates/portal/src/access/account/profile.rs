//! Name and time zone of a person.

use super::{Typing, again, part as framed};
use crate::forms::{self, Typed};
use crate::look::Look;
use maud::{Markup, html};
use tradepost_design::Button;
use tradepost_domain::identity::ChangeProfile;
use tradepost_web::api::me::Me;
use tradepost_web::api::merchant::TimeZoneName;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// The form of a person's profile: a time zone that is empty is the merchant's.
    pub struct ProfileForm {
        /// First name.
        pub first_name: Line<100>,
        /// Last name.
        pub last_name: Line<100>,
        /// By which moments are shown.
        pub time_zone: Option<TimeZoneName>,
    }
}

pub(super) fn part(call: &Call, look: &Look, me: &Me, typed: Option<&Typed>) -> Markup {
    let known = || {
        let zone = me.time_zone.clone().unwrap_or_default();
        Typed::new([("first_name", me.first_name.clone()), ("last_name", me.last_name.clone()), ("time_zone", zone)])
    };
    let typed = typed.map_or_else(known, Clone::clone);
    let fields = html! {
        (typed.field("first_name", look.t("First name", "Vorname")).fill("given-name").text())
        (typed.field("last_name", look.t("Last name", "Nachname")).fill("family-name").text())
        (typed.field("time_zone", look.t("Time zone", "Zeitzone")).optional(look.t("else the merchant's", "sonst die des Händlers"))
            .hint(look.t("Moments are shown by it, for example Europe/Berlin. Days of documents stay the merchant's.", "Danach werden Zeitpunkte angezeigt, etwa Europe/Berlin. Tage auf Belegen bleiben die des Händlers.")).whole().text())
    };
    let inside = html! {
        (typed.mistakes(look))
        (forms::form(call, look, "/account/profile", &fields, &Button::new(look.t("Save", "Speichern")), None))
    };
    framed(look.t("You", "Sie"), "", &inside)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let changed = match call.form::<ProfileForm>() {
        Ok(form) => {
            let command = ChangeProfile {
                first_name: Some(form.first_name.into_string()),
                last_name: Some(form.last_name.into_string()),
                language: None,
                time_zone: Some(form.time_zone.map(|zone| zone.0)),
            };
            call.execute(command).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match changed {
        Ok(()) => Ok(Answer::see_other("/account?done=profile")),
        Err(no) => again(&call, no, |typed| Typing { profile: Some(typed), ..Typing::default() }).await,
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.post("/account/profile", "changeProfileForm", change).signed_in().page().form::<ProfileForm>().command::<ChangeProfile>();
}
