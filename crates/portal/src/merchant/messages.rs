//! The message log: every mail that was written in the merchant's name, what it said, and how far it is (FUL-11).

mod preview;

use crate::files::Plain;
use crate::forms::{Typed, question};
use crate::lists::{Cell, List, fetch};
use crate::look::Look;
use crate::room::{Room, Spot, done};
use crate::shared::{history, views};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, Language, badge, note, value};
use tradepost_domain::Right;
use tradepost_domain::ids::MessageId;
use tradepost_domain::notices::queries::MessageFilter;
use tradepost_domain::notices::rules::Template;
use tradepost_domain::notices::{MessageState, ResendMessage};
use tradepost_domain::saved_views::ListName;
use tradepost_web::api::audit::bytes_of;
use tradepost_web::api::events::{MessageDetail, MessageSummary, message_shown, messages_listed};
use tradepost_web::{Answer, Call, Problem, Routes};

/// How far a message is.
#[must_use]
pub const fn state(look: &Look, state: MessageState) -> (Tone, &'static str) {
    let (tone, english, german) = match state {
        MessageState::Logged => (Tone::Plain, "Kept, not sent", "Vermerkt, nicht versandt"),
        MessageState::Queued => (Tone::Info, "Waits to be sent", "Wartet auf den Versand"),
        MessageState::Sent => (Tone::Good, "Sent", "Versandt"),
        MessageState::Failed => (Tone::Bad, "Failed", "Gescheitert"),
    };
    (tone, look.t(english, german))
}

/// What a message is about, by the name of its text.
#[must_use]
pub fn kind(look: &Look, template: &str) -> String {
    let Some(known) = Template::from_name(template) else { return template.replace('_', " ") };
    let (english, german) = match known {
        Template::PartnershipSignedUp => ("A reseller signed up", "Ein Reseller hat sich angemeldet"),
        Template::Access => ("Access for a person", "Zugang für eine Person"),
        Template::SignUpRepeated => ("Signed up again", "Erneut angemeldet"),
        Template::PartnershipApproved => ("Reseller approved", "Reseller angenommen"),
        Template::PartnershipDenied => ("Reseller denied", "Reseller abgelehnt"),
        Template::PartnershipSuspended => ("Reseller suspended", "Reseller ausgesetzt"),
        Template::PartnershipReactivated => ("Reseller reactivated", "Reseller wieder aktiv"),
        Template::PartnershipClosed => ("Partnership closed", "Partnerschaft beendet"),
        Template::OrderPlaced => ("Order confirmed", "Bestellung bestätigt"),
        Template::OrderCanceled => ("Order canceled", "Bestellung storniert"),
        Template::ReservationEnded => ("Reservation of an order ended", "Reservierung einer Bestellung beendet"),
        Template::ApprovalRequested => ("Asked an owner to approve an order", "Genehmigung einer Bestellung angefragt"),
        Template::TopUpRequested => ("Top-up requested", "Aufladung angefordert"),
        Template::BalanceLow => ("Balance low", "Guthaben niedrig"),
        Template::LicenseSent => ("License for a customer", "Lizenz für einen Kunden"),
        Template::FulfillmentDelivered => ("Codes for a customer of an external shop", "Codes für einen Kunden eines externen Shops"),
        Template::FulfillmentFailed => ("Delivery to an external shop failed", "Lieferung an einen externen Shop gescheitert"),
        Template::CancelRequested => ("Return requested", "Rücknahme angefragt"),
        Template::CancelApproved => ("Return request approved", "Rücknahmeanfrage angenommen"),
        Template::CancelRejected => ("Return request rejected", "Rücknahmeanfrage abgelehnt"),
        Template::PasswordReset => ("New password", "Neues Passwort"),
        Template::EmailConfirmation => ("Confirm an e-mail address", "E-Mail-Adresse bestätigen"),
        Template::SecurityNotice => ("Change to how somebody signs in", "Änderung an einer Anmeldung"),
        Template::EmailChange => ("Confirm a new e-mail address", "Neue E-Mail-Adresse bestätigen"),
        Template::OwnershipReceived => ("Ownership received", "Inhaberschaft erhalten"),
        Template::OwnershipGiven => ("Ownership handed over", "Inhaberschaft übergeben"),
        Template::EmailChangeNotice => ("Another e-mail address was asked for", "Andere E-Mail-Adresse angefordert"),
    };
    look.t(english, german).to_owned()
}

/// The own name of the language that a message was written in.
fn language(code: &str) -> &str {
    Language::of_code(code).map_or(code, |language| language.name())
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let look = &room.look;
    let states = MessageState::ALL.iter().map(|known| (known.name().to_owned(), state(look, *known).1.to_owned())).collect();
    let views = views::of(&call, ListName::Messages).await?;
    let list = List::new(&room, &call, "messages").searches().views(views).filter("state", states).empty(
        Icon::Mail,
        room.t("No messages yet", "Noch keine Nachrichten"),
        room.t(
            "Every e-mail in your name is kept here: confirmations, licenses, notes to resellers.",
            "Jede E-Mail in Ihrem Namen steht hier: Bestätigungen, Lizenzen, Hinweise an Reseller.",
        ),
        None,
    );
    let wanted = wanted(&list);
    let found = list.rows(&call, fetch!(|page| [call, wanted] messages_listed(call, wanted.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Message", "Nachricht")),
        Column::new(room.t("Recipient", "Empfänger")),
        Column::new(room.t("Language", "Sprache")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("About", "Betrifft")),
        Column::new(room.t("Written", "Geschrieben")),
        Column::new(room.t("Sent", "Versandt")),
    ];
    let row = |message: &MessageSummary| {
        let (tone, text) = state(look, message.state);
        vec![
            Cell::link(&kind(look, &message.template), &room.path(&format!("/messages/{}", message.id)), None),
            Cell::text(&message.recipient),
            Cell::text(language(&message.language)),
            Cell::badge(tone, text),
            about_cell(&room, message),
            Cell::moment(&room, message.created_at),
            Cell::maybe_moment(&room, message.sent_at),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Messages", "Nachrichten"),
        state: None,
        text: Some(room.t("Every e-mail that was written in your name.", "Jede E-Mail, die in Ihrem Namen geschrieben wurde.")),
        acts: None,
    };
    list.answer(&call, Spot::Messages, &head, columns, rows, found.next)
}

/// What is searched for: an address is the recipient's, an id that of what the message is about, anything else the name of its text.
fn wanted(list: &List<'_>) -> MessageFilter {
    let (state, words) = (list.asked("state").and_then(MessageState::from_name), list.searched());
    match words {
        Some(words) if words.contains('@') => MessageFilter { state, recipient: Some(words), ..MessageFilter::default() },
        Some(words) => match bytes_of(&words) {
            Some(subject) => MessageFilter { state, subject: Some(subject), ..MessageFilter::default() },
            None => MessageFilter { state, template: Some(words.trim().to_lowercase().replace(' ', "_")), ..MessageFilter::default() },
        },
        None => MessageFilter { state, ..MessageFilter::default() },
    }
}

/// What a message is about, by the name that people know it by, with its page.
fn about_cell(room: &Room, message: &MessageSummary) -> Cell {
    match (&message.subject_title, history::place_of(room, &message.subject)) {
        (Some(title), Some(place)) => Cell::shown_as(html! { a href=(place) { (title) } }, Plain::Text(title.clone())),
        (Some(title), None) => Cell::text(title),
        (None, Some(place)) => Cell::shown_as(html! { a href=(place) { code { (message.subject) } } }, Plain::Exact(message.subject.clone())),
        (None, None) => Cell::code(room, &message.subject),
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (message, detail) = message_shown(&call, call.path("id")?).await?;
    let (tone, text) = state(&room.look, message.state);
    let path = room.path(&format!("/messages/{}", message.id));
    let resend = Button::new(room.t("Send again", "Erneut senden")).primary().icon(Icon::Send).opens_dialog();
    let inside = html! {
        (notes(&room, &message))
        div class="columns" {
            div { (body(&room, &detail)) }
            div { (about(&room, &message)) }
        }
    };
    let head = Head {
        crumbs: &[(room.t("Messages", "Nachrichten"), &room.path("/messages"))],
        title: &detail.subject_line,
        state: Some(badge(tone, text)),
        text: None,
        acts: Some(html! {
            (Button::new(room.t("Preview", "Vorschau")).icon(Icon::Visible).to(&format!("{path}/preview")))
            @if may_resend(&room, &message) { (resend.to(&format!("{path}/resend"))) }
        }),
    };
    // The sandbox shows codes in full.
    Ok(room.page(Spot::Messages, &head, &inside).raw())
}

/// One that waits is on its way already.
fn may_resend(room: &Room, message: &MessageSummary) -> bool {
    message.state != MessageState::Queued && room.may(Right::LicensesSend)
}

fn notes(room: &Room, message: &MessageSummary) -> Markup {
    let failed = message.last_error.as_deref().unwrap_or("");
    html! {
        @if message.state == MessageState::Failed {
            (note::note(Tone::Bad, room.t("The mail server did not take it", "Der Mailserver nahm sie nicht an"), failed, None))
        } @else if message.state == MessageState::Logged {
            (note::note(
                Tone::Info,
                room.t("Kept, not sent", "Vermerkt, nicht versandt"),
                room.t(
                    "No mail server is set up, or the sandbox does not write to this address.",
                    "Es ist kein Mailserver eingerichtet, oder die Sandbox schreibt nicht an diese Adresse.",
                ),
                None,
            ))
        } @else if message.state == MessageState::Queued && !failed.is_empty() {
            (note::note(Tone::Warn, room.t("It is tried again", "Der Versand wird wiederholt"), failed, None))
        }
    }
}

/// Whether codes and links are seen.
fn seen(room: &Room) -> &'static str {
    if room.test {
        room.t("In full, because this is the sandbox.", "Vollständig, weil dies die Sandbox ist.")
    } else {
        room.t(
            "Codes are masked and links left out; the recipient got them in full.",
            "Codes sind verdeckt und Links weggelassen; der Empfänger bekam sie vollständig.",
        )
    }
}

/// The mail as text, and the source of its HTML: nothing of it runs or loads here.
fn body(room: &Room, detail: &MessageDetail) -> Markup {
    let inside = html! {
        div class="lines" lang=(detail.language) { (detail.text) }
        details class="explanation" {
            summary { (room.t("HTML source", "HTML-Quelltext")) }
            (value::snippet(&detail.html, room.look.language))
        }
    };
    Card::new(room.t("What it says", "Was darin steht")).text(seen(room)).with(inside)
}

fn about(room: &Room, message: &MessageSummary) -> Markup {
    let look = &room.look;
    let place = history::place_of(room, &message.subject);
    let partnership = message.partnership.map(|partnership| partnership.to_string());
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("Recipient", "Empfänger"), value::copyable(&message.recipient, look.language)),
        (room.t("Kind", "Art"), html! { (kind(look, &message.template)) }),
        (room.t("Language", "Sprache"), html! { (language(&message.language)) }),
        (room.t("About", "Betrifft"), about_thing(room, message, place.as_deref())),
    ];
    if let Some(partnership) = partnership.filter(|partnership| *partnership != message.subject) {
        let place = history::place_of(room, &partnership);
        rows.push((room.t("Reseller", "Reseller"), linked(room, &partnership, place.as_deref())));
    }
    rows.push((room.t("Written", "Geschrieben"), look.moment(message.created_at)));
    if let Some(sent) = message.sent_at {
        rows.push((room.t("Sent", "Versandt"), look.moment(sent)));
    }
    if message.attempts > 0 {
        rows.push((room.t("Attempts", "Versuche"), html! { span class="number" { (look.number(message.attempts)) } }));
    }
    rows.push((room.t("Event", "Ereignis"), value::copyable(&message.event.to_string(), look.language)));
    rows.push((room.t("ID", "ID"), value::copyable(&message.id.to_string(), look.language)));
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// What it is about: by its name where it has one, else by its id.
fn about_thing(room: &Room, message: &MessageSummary, place: Option<&str>) -> Markup {
    match (&message.subject_title, place) {
        (Some(title), Some(place)) => html! { a href=(place) { (title) } },
        (Some(title), None) => html! { (title) },
        (None, place) => linked(room, &message.subject, place),
    }
}

/// An id with the page that it has.
fn linked(room: &Room, id: &str, place: Option<&str>) -> Markup {
    html! {
        (value::copyable(id, room.look.language))
        @if let Some(place) = place { " " a class="within" href=(place) { (room.t("Show", "Zeigen")) } }
    }
}

async fn ask_resend(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    resend_page(&call, &room, &Typed::default()).await
}

async fn resend_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (message, _) = message_shown(call, call.path("id")?).await?;
    let path = room.path(&format!("/messages/{}", message.id));
    let title = room.t("Send again", "Erneut senden");
    let text = html! {
        p { (room.t("The same e-mail goes to the same address once more:", "Dieselbe E-Mail geht noch einmal an dieselbe Adresse:")) }
        p { strong { (message.recipient) } }
    };
    let act = Button::new(title).primary();
    Ok(room.dialog(Spot::Messages, title, &question(call, &room.look, title, &text, typed, &format!("{path}/resend"), &act, &path)))
}

async fn resend(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let message: MessageId = call.path("id")?;
    match call.execute(ResendMessage { message }).await {
        Ok(_) => Ok(done(&call, &room.path(&format!("/messages/{message}")), room.t("It is sent again.", "Sie wird erneut versandt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(resend_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/messages", "merchantMessagesPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/messages/{id}", "merchantMessagePage", show).needs(Right::MerchantRead).page();
    preview::routes(r);
    r.get("/m/{merchant}/messages/{id}/resend", "merchantResendMessagePage", ask_resend).needs(Right::LicensesSend).page();
    r.post("/m/{merchant}/messages/{id}/resend", "merchantResendMessageForm", resend).needs(Right::LicensesSend).page().command::<ResendMessage>();
}
