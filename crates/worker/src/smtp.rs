//! The mail server.

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::{Duration, UNIX_EPOCH};
use tradepost_documents::mail::Mail;
use tradepost_domain::ids::MessageId;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Secret, Timestamp};

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (port 465).
    Implicit,
    /// STARTTLS, and nothing without it (port 587).
    StartTls,
    /// None: a mail server on the same machine (port 25).
    None,
}

/// The mail server to hand messages to.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Its host name.
    pub host: String,
    /// Its port; the usual one of the TLS mode where not given.
    pub port: Option<u16>,
    /// How the connection is kept private.
    pub tls: Tls,
    /// Who signs in, where it asks for that.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret<String>>,
    /// The address that messages come from.
    pub from: String,
}

/// The settings name no mail server that could be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUsable(pub String);

impl std::fmt::Display for NotUsable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mail: {}", self.0)
    }
}
impl std::error::Error for NotUsable {}

/// A message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Why, in one line.
    pub error: String,
    /// Whether trying again is pointless.
    pub for_good: bool,
}

/// A message, ready to go.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The message's id; becomes its Message-ID, so that a second try is the same mail.
    pub id: MessageId,
    /// The recipient's address.
    pub to: String,
    /// In whose name; the operator's where there is none.
    pub sender_name: Option<String>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// What it says.
    pub mail: Mail,
}

/// How long one message may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection pool to the mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

impl Smtp {
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, NotUsable> {
        let host = settings.host.as_str();
        let wrong = |error: lettre::transport::smtp::Error| NotUsable(error.to_string());
        let mut builder = match settings.tls {
            Tls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(wrong)?,
            Tls::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).map_err(wrong)?,
            Tls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        };
        if let Some(port) = settings.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
        }
        let from = address(&settings.from).map_err(|error| NotUsable(format!("from {error}")))?;
        Ok(Self { transport: builder.timeout(Some(TIMEOUT)).build(), from })
    }

    /// Hands a message over.
    pub(crate) async fn send(&self, letter: &Letter, now: Timestamp) -> Result<(), NotSent> {
        let message = compose(letter, &self.from, now)?;
        match tokio::time::timeout(2 * TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(NotSent { error: one_line(&error.to_string()), for_good: error.is_permanent() }),
            Err(_) => Err(NotSent { error: "the mail server did not answer in time".into(), for_good: false }),
        }
    }
}

/// One address and nothing beside it: no name, no line break, no second address.
fn address(text: &str) -> Result<Address, String> {
    let email = Email::parse(text).map_err(|error| error.detail())?;
    email.as_str().parse().map_err(|error| format!("{error}"))
}

/// The message as it goes out. A line break in anything that becomes a header is refused, whatever the library does.
fn compose(letter: &Letter, from: &Address, now: Timestamp) -> Result<Message, NotSent> {
    let refused = |error: String| NotSent { error, for_good: true };
    let headers = [Some(&letter.to), letter.sender_name.as_ref(), letter.reply_to.as_ref(), Some(&letter.mail.subject)];
    if headers.into_iter().flatten().any(|text| text.contains(['\r', '\n', '\0'])) {
        return Err(refused("a line break in a header".into()));
    }
    let to = address(&letter.to).map_err(|error| refused(format!("recipient {error}")))?;
    let name = letter.sender_name.clone().unwrap_or_else(|| "Tradepost".into());
    let at = UNIX_EPOCH + Duration::from_millis(now.ms().unsigned_abs());
    let mut builder = Message::builder()
        .from(Mailbox::new(Some(name), from.clone()))
        .to(Mailbox::new(None, to))
        .subject(&letter.mail.subject)
        .message_id(Some(format!("<{}@{}>", letter.id, from.domain())))
        .date(at);
    if let Some(reply_to) = &letter.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to).map_err(|error| refused(format!("reply to {error}")))?));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(letter.mail.text.clone(), letter.mail.html.clone()))
        .map_err(|error| refused(one_line(&error.to_string())))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: MessageId::from_bytes([7; 16]),
            to: "ada@example.org".into(),
            sender_name: Some("Northwind, Söhne".into()),
            reply_to: Some("sales@northwind.example".into()),
            mail: Mail { subject: "Your license – Größe".into(), text: "Code: ABCD\n".into(), html: "<p>ABCD</p>".into() },
        }
    }

    fn composed(letter: &Letter) -> Result<String, NotSent> {
        let from = "post@tradepost.example".parse().expect("an address");
        compose(letter, &from, Timestamp::from_ms(1_790_000_000_000)).map(|message| String::from_utf8_lossy(&message.formatted()).into_owned())
    }

    #[test]
    fn a_message_goes_out_in_the_merchants_name_and_answers_go_to_the_merchant() {
        let text = composed(&letter()).expect("it composes");
        for needed in ["To: ada@example.org", "<post@tradepost.example>", "Reply-To: sales@northwind.example", "Message-ID: <msg_", "multipart/alternative"] {
            assert!(text.contains(needed), "{needed}\n{text}");
        }
        assert_eq!(composed(&letter()).map(|text| text.matches("\r\nTo: ").count()), Ok(1));
    }

    #[test]
    fn a_line_break_in_a_header_is_refused_for_good() {
        let inject = "x\r\nBcc: eve@example.org";
        let wrong: Vec<Letter> = vec![
            Letter { to: format!("ada@example.org{inject}"), ..letter() },
            Letter { sender_name: Some(inject.into()), ..letter() },
            Letter { reply_to: Some(format!("a@b.org{inject}")), ..letter() },
            Letter { mail: Mail { subject: inject.into(), ..letter().mail }, ..letter() },
            Letter { mail: Mail { subject: "bare\ncr".into(), ..letter().mail }, ..letter() },
            Letter { to: "ada@example.org, eve@example.org".into(), ..letter() },
            Letter { to: "Ada <ada@example.org>".into(), ..letter() },
        ];
        for letter in wrong {
            assert!(composed(&letter).is_err_and(|error| error.for_good), "{letter:?}");
        }
    }
}
