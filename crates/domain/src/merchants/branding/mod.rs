//! How a merchant looks to its resellers: name, logo, color, and in whose name its mail comes (PLT-12).

mod change;
mod logo;

use crate::ids::MerchantId;
pub use change::{BrandingChanged, ChangeBranding, RemoveLogo, SetLogo};
pub use logo::{LARGEST_LOGO, LogoKind, NoLogo, Picture, WIDEST_LOGO};
use std::fmt::Write as _;
use tradepost_kernel::{Color, Language};
use tradepost_store::{Fault, FromRow, Reader, Row, params, sql};

/// How a merchant looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The name that resellers see: the one that was chosen for this, else the merchant's.
    pub name: String,
    /// The name that was chosen for this; `None`: the merchant's.
    pub own_name: Option<String>,
    /// The picture beside the name.
    pub logo: Option<Logo>,
    /// The color of buttons and links. Any color: take [`Color::text`] for what stands on it and [`Color::on`] for text in it.
    pub accent: Option<Color>,
    /// The name that mail comes from; `None`: [`Branding::name`].
    pub sender_name: Option<String>,
    /// Where answers to mail go; `None`: the sender address of the merchant's settings.
    pub reply_to: Option<String>,
    /// The language of mails to people whose own is not known; `None`: English.
    pub mail_language: Option<Language>,
    /// Counts changes of everything but the logo; 0 where nothing was ever chosen.
    pub version: i64,
}

/// A logo without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// What kind of picture.
    pub kind: LogoKind,
    /// In pixels.
    pub width: i64,
    /// In pixels.
    pub height: i64,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
}

impl Logo {
    /// The name of its file: what is in it, so that a browser may keep it for good.
    #[must_use]
    pub fn file(&self) -> String {
        let mut name = self.hash.iter().take(16).fold(String::with_capacity(40), |mut name, byte| {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        });
        name.push('.');
        name.push_str(self.kind.name());
        name
    }
}

impl Branding {
    /// Where the logo is, below the server's address.
    #[must_use]
    pub fn logo_path(&self) -> Option<String> {
        self.logo.as_ref().map(|logo| format!("/brand/{}/{}", self.merchant, logo.file()))
    }
}

type LogoRow = (Option<String>, Option<i64>, Option<i64>, Option<[u8; 32]>);

impl FromRow for Branding {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut columns = row.take();
        let (merchant, merchant_name, own_name): (MerchantId, String, Option<String>) = (columns.next()?, columns.next()?, columns.next()?);
        let (accent, sender_name, reply_to): (Option<String>, Option<String>, Option<String>) = (columns.next()?, columns.next()?, columns.next()?);
        let (mail_language, version): (Option<String>, Option<i64>) = (columns.next()?, columns.next()?);
        let logo: LogoRow = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
        let logo = match logo {
            (Some(kind), Some(width), Some(height), Some(hash)) => {
                let kind = LogoKind::from_name(&kind).ok_or(Fault::Column("a kind of picture"))?;
                Some(Logo { kind, width, height, hash })
            }
            _ => None,
        };
        Ok(Self {
            merchant,
            name: own_name.clone().unwrap_or(merchant_name),
            own_name,
            logo,
            accent: accent.map(|text| text.parse().map_err(|_| Fault::Column("a color"))).transpose()?,
            sender_name,
            reply_to,
            mail_language: mail_language.as_deref().and_then(Language::of_code),
            version: version.unwrap_or(0),
        })
    }
}

/// How a merchant looks, by its number; `None` where there is no such merchant.
///
/// # Errors
/// The store's.
pub async fn branding(reader: &mut Reader<'_>, merchant: i64) -> Result<Option<Branding>, Fault> {
    reader
        .query_opt(
            sql!(
                "SELECT m.id, m.name, b.name, b.accent, b.sender_name, b.reply_to, b.mail_language, b.version, l.kind, l.width, l.height, l.hash
                 FROM merchant m LEFT JOIN merchant_branding b ON b.merchant = m.number LEFT JOIN merchant_logo l ON l.merchant = m.number
                 WHERE m.number = $1"
            ),
            params![merchant],
        )
        .await
}

/// The language of a merchant's mails to people whose own is not known (PLT-12).
///
/// # Errors
/// The store's.
pub async fn mail_language(reader: &mut Reader<'_>, merchant: i64) -> Result<Option<Language>, Fault> {
    let row: Option<(Option<String>,)> = reader.query_opt(sql!("SELECT mail_language FROM merchant_branding WHERE merchant = $1"), params![merchant]).await?;
    Ok(row.and_then(|(code,)| Language::of_code(&code?)))
}

/// The bytes of a merchant's logo.
///
/// # Errors
/// The store's.
pub async fn logo_content(reader: &mut Reader<'_>, merchant: i64) -> Result<Option<Vec<u8>>, Fault> {
    let row: Option<(Vec<u8>,)> = reader.query_opt(sql!("SELECT content FROM merchant_logo WHERE merchant = $1"), params![merchant]).await?;
    Ok(row.map(|(content,)| content))
}
