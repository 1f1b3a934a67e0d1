//! Changing how a merchant looks (PLT-12).

use super::{Branding, Picture, branding};
use crate::access::{Caller, Need, Right};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::MerchantId;
use crate::merchants::members::in_own_house;
use crate::merchants::store;
use crate::merchants::update::stale;
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::secret::sha256;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Color, Language, Refusal};
use tradepost_store::{Fault, Tx, params, sql};

/// Changes what is given; `Some(None)` goes back to what follows from the merchant's settings.
#[derive(Clone, Debug, Default)]
pub struct ChangeBranding {
    /// Whose.
    pub merchant: i64,
    /// The version that the change was made from, where it matters to the caller.
    pub version: Option<i64>,
    /// The name that resellers see.
    pub name: Option<Option<String>>,
    /// The color of buttons and links.
    pub accent: Option<Option<Color>>,
    /// The name that mail comes from.
    pub sender_name: Option<Option<String>>,
    /// Where answers to mail go.
    pub reply_to: Option<Option<Email>>,
    /// The language of mails to people whose own is not known.
    pub mail_language: Option<Option<Language>>,
}

/// Whose look was changed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct BrandingChanged {
    /// The merchant.
    pub merchant: MerchantId,
}

/// The merchant's look, with the merchant's row locked until the commit.
async fn locked(tx: &mut Tx<'_>, merchant: i64) -> Result<Option<Branding>, Fault> {
    let _: Option<(i64,)> = tx.query_opt(sql!("SELECT number FROM merchant WHERE number = $1 FOR UPDATE"), params![merchant]).await?;
    branding(tx, merchant).await
}

fn audit_json(look: &Branding) -> serde_json::Value {
    json!({"name": look.own_name, "accent": look.accent.map(|color| color.to_string()), "sender_name": look.sender_name, "reply_to": look.reply_to,
        "mail_language": look.mail_language.map(Language::code)})
}

impl ChangeBranding {
    fn applied_to(&self, look: &Branding) -> Branding {
        let mut after = look.clone();
        if let Some(name) = &self.name {
            after.own_name.clone_from(name);
        }
        if let Some(accent) = self.accent {
            after.accent = accent;
        }
        if let Some(name) = &self.sender_name {
            after.sender_name.clone_from(name);
        }
        if let Some(email) = &self.reply_to {
            after.reply_to = email.as_ref().map(|email| email.as_str().to_owned());
        }
        if let Some(language) = self.mail_language {
            after.mail_language = language;
        }
        after
    }
}

#[async_trait::async_trait]
impl Command for ChangeBranding {
    const NAME: &'static str = "merchants.change_branding";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "stale_version"];
    type Outcome = BrandingChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<BrandingChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let before = locked(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        if self.version.is_some_and(|version| version != before.version) {
            return Err(stale().into());
        }
        let after = self.applied_to(&before);
        // From here on it must succeed.
        if after != before {
            store::write_branding(tx, self.merchant, &after).await?;
            let entry = AuditEntry::new(self.merchant, "merchant.branding_changed", before.merchant);
            ctx.audit(entry.before(audit_json(&before)).after(audit_json(&after)));
            ctx.announce(Event::new(self.merchant, "merchant.branding_changed", before.merchant, json!({"merchant": before.merchant})));
        }
        Ok(BrandingChanged { merchant: before.merchant })
    }
}

/// Sets a merchant's logo in place of the one before.
#[derive(Clone, Debug)]
pub struct SetLogo {
    /// Whose.
    pub merchant: i64,
    /// The file.
    pub content: Vec<u8>,
}

#[async_trait::async_trait]
impl Command for SetLogo {
    const NAME: &'static str = "merchants.set_logo";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invalid_logo"];
    type Outcome = BrandingChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<BrandingChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let before = locked(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        let picture = Picture::of(&self.content).map_err(|why| Refusal::invalid("invalid_logo", format!("The logo {why}.")).at("/file"))?;
        let hash = sha256(&self.content);
        // From here on it must succeed.
        if before.logo.as_ref().is_none_or(|logo| logo.hash != hash) {
            store::write_logo(tx, self.merchant, picture, hash, &self.content).await?;
            let after = json!({"kind": picture.kind.name(), "width": picture.width, "height": picture.height});
            ctx.audit(AuditEntry::new(self.merchant, "merchant.logo_set", before.merchant).after(after));
            ctx.announce(Event::new(self.merchant, "merchant.branding_changed", before.merchant, json!({"merchant": before.merchant})));
        }
        Ok(BrandingChanged { merchant: before.merchant })
    }
}

/// Takes a merchant's logo away; whoever has none is fine.
#[derive(Clone, Copy, Debug)]
pub struct RemoveLogo {
    /// Whose.
    pub merchant: i64,
}

#[async_trait::async_trait]
impl Command for RemoveLogo {
    const NAME: &'static str = "merchants.remove_logo";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = BrandingChanged;

    fn need(&self) -> Need {
        Need::Right(Right::MerchantManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<BrandingChanged, No> {
        in_own_house(ctx.caller(), self.merchant)?;
        let before = locked(tx, self.merchant).await?.ok_or_else(Refusal::not_found)?;
        // From here on it must succeed.
        if before.logo.is_some() {
            store::delete_logo(tx, self.merchant).await?;
            ctx.audit(AuditEntry::new(self.merchant, "merchant.logo_removed", before.merchant));
            ctx.announce(Event::new(self.merchant, "merchant.branding_changed", before.merchant, json!({"merchant": before.merchant})));
        }
        Ok(BrandingChanged { merchant: before.merchant })
    }
}
