//! The steps of a partnership: approve, deny, suspend, reactivate, close, delete, move. Each is asked for once more, with what happens
//! and who gets a mail (PAR-1, PAR-4, PAR-6, PAR-7).

use super::one;
use crate::forms::{Typed, question};
use crate::merchant::channels;
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, Language, note};
use tradepost_domain::partners::queries::PartnershipView;
use tradepost_domain::partners::{
    ApprovePartnership, ChannelView, ClosePartnership, DeletePartnership, DenyPartnership, MovePartnership, ReactivatePartnership, SuspendPartnership,
};
use tradepost_domain::{ChannelId, PartnershipId, Right};
use tradepost_web::fields::Paragraph;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// Where a reseller buys once it is approved.
    pub struct ResellerApprovalForm {
        /// The channel; none: picked later.
        pub channel: Option<ChannelId>,
    }

    /// Why a reseller is denied.
    pub struct ResellerDenialForm {
        /// The reseller reads it.
        pub note: Option<Paragraph<1000>>,
    }

    /// Where a reseller buys from now on.
    pub struct ResellerMoveForm {
        /// The channel.
        pub channel: ChannelId,
    }
}

/// A step that asks for nothing but a yes, and may be told why.
#[derive(Clone, Copy)]
enum Act {
    Deny,
    Suspend,
    Reactivate,
    Close,
    Delete,
}

struct Words {
    title: &'static str,
    text: &'static str,
    mail: &'static str,
    said: &'static str,
}

impl Act {
    const fn place(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Suspend => "suspend",
            Self::Reactivate => "reactivate",
            Self::Close => "close",
            Self::Delete => "delete",
        }
    }

    fn words(self, room: &Room) -> Words {
        let told = room.t("The owners of the reseller get an e-mail about it.", "Die Inhaber des Resellers bekommen eine E-Mail darüber.");
        let (title, text, mail, said) = match self {
            Self::Deny => (
                room.t("Deny reseller", "Reseller ablehnen"),
                room.t("Ordering and API keys stop at once. You can approve the reseller later; its history stays.", "Bestellungen und API-Schlüssel enden sofort. Sie können den Reseller später annehmen; sein Verlauf bleibt."),
                told,
                room.t("Reseller denied.", "Reseller abgelehnt."),
            ),
            Self::Suspend => (
                room.t("Suspend reseller", "Reseller aussetzen"),
                room.t("Ordering and API keys stop at once, until you let it go on. What it has ordered and owes stays as it is.", "Bestellungen und API-Schlüssel ruhen sofort, bis Sie ihn wieder zulassen. Was bestellt und offen ist, bleibt, wie es ist."),
                told,
                room.t("Reseller suspended.", "Reseller ausgesetzt."),
            ),
            Self::Reactivate => (
                room.t("Reactivate reseller", "Reseller wieder zulassen"),
                room.t("Everything is as before: ordering and API keys work again at once.", "Er macht weiter wie zuvor: Bestellungen und API-Schlüssel gehen sofort wieder."),
                told,
                room.t("Reseller reactivated.", "Reseller wieder zugelassen."),
            ),
            Self::Close => (
                room.t("Close partnership", "Partnerschaft beenden"),
                room.t("The partnership ends for good and cannot be opened again. Ordering and API keys stop at once; you keep reading its history.", "Die Partnerschaft endet endgültig und lässt sich nicht wieder öffnen. Bestellungen und API-Schlüssel enden sofort; den Verlauf lesen Sie weiterhin."),
                told,
                room.t("Partnership closed.", "Partnerschaft beendet."),
            ),
            Self::Delete => (
                room.t("Delete sign-up", "Anmeldung löschen"),
                room.t("The sign-up is removed for good, and the company with it where it is in no other program.", "Die Anmeldung wird endgültig entfernt, und mit ihr die Firma, wenn sie in keinem anderen Programm ist."),
                room.t("Nobody gets an e-mail.", "Niemand bekommt eine E-Mail."),
                room.t("Sign-up deleted.", "Anmeldung gelöscht."),
            ),
        };
        Words { title, text, mail, said }
    }

    async fn take(self, call: &Call, partnership: PartnershipId) -> Result<(), Problem> {
        match self {
            Self::Deny => {
                let note = call.form::<ResellerDenialForm>()?.note.map(String::from);
                call.execute(DenyPartnership { partnership, note }).await.map(drop)
            }
            Self::Suspend => call.execute(SuspendPartnership { partnership }).await.map(drop),
            Self::Reactivate => call.execute(ReactivatePartnership { partnership }).await.map(drop),
            Self::Close => call.execute(ClosePartnership { partnership }).await.map(drop),
            Self::Delete => call.execute(DeletePartnership { partnership }).await.map(drop),
        }
    }
}

async fn ask(call: Call, act: Act) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    Ok(asked(&call, &room, &p, act, &Typed::default()))
}

fn asked(call: &Call, room: &Room, p: &PartnershipView, act: Act, typed: &Typed) -> Answer {
    let (words, path) = (act.words(room), room.path(&format!("/resellers/{}", p.id)));
    let text = html! {
        p { strong { (p.reseller.company) } }
        p { (words.text) }
        @if matches!(act, Act::Deny) {
            (typed.field("note", room.t("Note to the reseller", "Notiz an den Reseller")).hint(room.t("It stands in the e-mail.", "Sie steht in der E-Mail.")).optional(room.t("optional", "optional")).whole().lines())
        }
        p class="muted" { (words.mail) }
    };
    let button = Button::new(words.title);
    let button = if matches!(act, Act::Reactivate) { button.primary() } else { button.danger() };
    let action = format!("{path}/{}", act.place());
    room.dialog(Spot::Resellers, words.title, &question(call, &room.look, words.title, &text, typed, &action, &button, &path))
}

async fn take(call: Call, act: Act) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let partnership: PartnershipId = call.path("id")?;
    match act.take(&call, partnership).await {
        Ok(()) => {
            let to = if matches!(act, Act::Delete) { "/resellers".to_owned() } else { format!("/resellers/{partnership}") };
            Ok(done(&call, &room.path(&to), act.words(&room).said))
        }
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let p = one(&call).await?;
            Ok(asked(&call, &room, &p, act, &typed).with_status(status))
        }
    }
}

/// What stands in the form at first: where it buys now.
fn channel_of(p: &PartnershipView) -> Typed {
    Typed::new([("channel", p.channel.map_or_else(String::new, |channel| channel.to_string()))])
}

/// The choice of a channel, with an empty one first where none has to be picked.
fn channels_field(room: &Room, channels: &[ChannelView], typed: &Typed, later: Option<&str>) -> Markup {
    let ids: Vec<String> = channels.iter().map(|channel| channel.id.to_string()).collect();
    let named = ids.iter().map(String::as_str).zip(channels.iter().map(|channel| channel.name.as_str()));
    let choices: Vec<(&str, &str)> = later.map(|text| ("", text)).into_iter().chain(named).collect();
    let field = typed.field("channel", room.t("Channel", "Kanal")).whole();
    if later.is_some() { field.optional(room.t("optional", "optional")).select(&choices) } else { field.select(&choices) }
}

async fn ask_approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    approve_page(&call, &room, &p, &channel_of(&p)).await
}

async fn approve_page(call: &Call, room: &Room, p: &PartnershipView, typed: &Typed) -> Result<Answer, Problem> {
    let channels = channels::all(call).await?;
    let path = room.path(&format!("/resellers/{}", p.id));
    let title = room.t("Approve reseller", "Reseller annehmen");
    let (none, missing) = (
        room.t("There is no channel yet", "Es gibt noch keinen Kanal"),
        room.t("Create one first: a reseller buys in a channel.", "Legen Sie zuerst einen an: Ein Reseller kauft in einem Kanal."),
    );
    let text = html! {
        p { strong { (p.reseller.company) } }
        p { (room.t("It sees its products and prices at once and may order. Its terms are those of its channel and the program, unless you set others.", "Er sieht sofort seine Produkte und Preise und kann bestellen. Seine Konditionen sind die des Kanals und des Programms, solange Sie keine anderen setzen.")) }
        @match channels.as_slice() {
            [] => (note::note(Tone::Warn, none, missing, Some(&Button::new(room.t("Create channel", "Kanal anlegen")).small().to(&room.path("/channels/new"))))),
            [only] => p { (into_channel(room, &only.name)) },
            _ => (channels_field(room, &channels, typed, Some(room.t("Pick later: until then it cannot order", "Später wählen: bis dahin kann er nicht bestellen")))),
        }
        p class="muted" { (room.t("The owners of the reseller get an e-mail about it.", "Die Inhaber des Resellers bekommen eine E-Mail darüber.")) }
    };
    let button = Button::new(title).primary();
    let button = if channels.is_empty() { button.off(none) } else { button };
    Ok(room.dialog(Spot::Resellers, title, &question(call, &room.look, title, &text, typed, &format!("{path}/approve"), &button, &path)))
}

fn into_channel(room: &Room, channel: &str) -> String {
    match room.look.language {
        Language::English => format!("It buys in the channel {channel}."),
        Language::German => format!("Er kauft im Kanal {channel}."),
    }
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let partnership: PartnershipId = call.path("id")?;
    let approved = match call.form::<ResellerApprovalForm>() {
        Ok(form) => call.execute(ApprovePartnership { partnership, channel: form.channel }).await.map(drop),
        Err(no) => Err(no),
    };
    match approved {
        Ok(()) => Ok(done(&call, &room.path(&format!("/resellers/{partnership}")), room.t("Reseller approved.", "Reseller angenommen."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let p = one(&call).await?;
            Ok(approve_page(&call, &room, &p, &typed).await?.with_status(status))
        }
    }
}

async fn ask_move(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let p = one(&call).await?;
    move_page(&call, &room, &p, &channel_of(&p)).await
}

async fn move_page(call: &Call, room: &Room, p: &PartnershipView, typed: &Typed) -> Result<Answer, Problem> {
    let channels = channels::all(call).await?;
    let path = room.path(&format!("/resellers/{}", p.id));
    let title = room.t("Move to another channel", "In einen anderen Kanal verschieben");
    let text = html! {
        p { (room.t("Products, prices and terms of the new channel apply to new orders. Existing orders stay as they are.", "Produkte, Preise und Konditionen des neuen Kanals gelten für neue Bestellungen. Was bestellt ist, bleibt, wie es ist.")) }
        p { (room.t("If the new channel has a higher credit limit, held orders that fit are released.", "Bringt der neue Kanal einen höheren Kreditrahmen mit, werden gehaltene Bestellungen frei, die hineinpassen.")) }
        (channels_field(room, &channels, typed, None))
        p class="muted" { (room.t("Nobody gets an e-mail.", "Niemand bekommt eine E-Mail.")) }
    };
    let button = Button::new(room.t("Move", "Verschieben")).primary();
    Ok(room.dialog(Spot::Resellers, title, &question(call, &room.look, title, &text, typed, &format!("{path}/move"), &button, &path)))
}

async fn relocate(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let partnership: PartnershipId = call.path("id")?;
    let moved = match call.form::<ResellerMoveForm>() {
        Ok(form) => call.execute(MovePartnership { partnership, version: None, channel: form.channel }).await.map(drop),
        Err(no) => Err(no),
    };
    match moved {
        Ok(()) => Ok(done(&call, &room.path(&format!("/resellers/{partnership}")), room.t("Reseller moved.", "Reseller verschoben."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            let p = one(&call).await?;
            Ok(move_page(&call, &room, &p, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::PartnersManage;
    r.get("/m/{merchant}/resellers/{id}/approve", "merchantApproveResellerPage", ask_approve).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/approve", "merchantApproveResellerForm", approve)
        .needs(right)
        .page()
        .form::<ResellerApprovalForm>()
        .command::<ApprovePartnership>();
    r.get("/m/{merchant}/resellers/{id}/move", "merchantMoveResellerPage", ask_move).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/move", "merchantMoveResellerForm", relocate)
        .needs(right)
        .page()
        .form::<ResellerMoveForm>()
        .command::<MovePartnership>();
    r.get("/m/{merchant}/resellers/{id}/deny", "merchantDenyResellerPage", |call| ask(call, Act::Deny)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/deny", "merchantDenyResellerForm", |call| take(call, Act::Deny))
        .needs(right)
        .page()
        .form::<ResellerDenialForm>()
        .command::<DenyPartnership>();
    r.get("/m/{merchant}/resellers/{id}/suspend", "merchantSuspendResellerPage", |call| ask(call, Act::Suspend)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/suspend", "merchantSuspendResellerForm", |call| take(call, Act::Suspend))
        .needs(right)
        .page()
        .command::<SuspendPartnership>();
    r.get("/m/{merchant}/resellers/{id}/reactivate", "merchantReactivateResellerPage", |call| ask(call, Act::Reactivate)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/reactivate", "merchantReactivateResellerForm", |call| take(call, Act::Reactivate))
        .needs(right)
        .page()
        .command::<ReactivatePartnership>();
    r.get("/m/{merchant}/resellers/{id}/close", "merchantCloseResellerPage", |call| ask(call, Act::Close)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/close", "merchantCloseResellerForm", |call| take(call, Act::Close)).needs(right).page().command::<ClosePartnership>();
    r.get("/m/{merchant}/resellers/{id}/delete", "merchantDeleteResellerPage", |call| ask(call, Act::Delete)).needs(right).page();
    r.post("/m/{merchant}/resellers/{id}/delete", "merchantDeleteResellerForm", |call| take(call, Act::Delete))
        .needs(right)
        .page()
        .command::<DeletePartnership>();
}
