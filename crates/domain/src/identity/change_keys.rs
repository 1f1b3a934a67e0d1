//! Rotating, switching and deleting API keys, and noting their use (PAR-16).

use super::api_keys::{ApiKeyRow, KeyOwner, PreparedKey, grantable, note, owns};
use super::key_store;
use super::sign_in::AttemptCounted;
use crate::access::{Caller, Need, Right, Side};
use crate::command::{Command, Ctx, No};
use crate::ids::ApiKeyId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::api_key::KeyKind;
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::Tx;

/// The longest overlap of an old and a new key: a week, in seconds.
pub const LONGEST_OVERLAP_S: i64 = 7 * 24 * 3600;

/// The key that was changed; after a rotation the new one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct KeyChanged {
    /// Which.
    pub key: ApiKeyId,
}

/// The owner's key of that kind, locked: a key of the API is not found where a dynamic URL is meant, and the reverse.
async fn locked(tx: &mut Tx<'_>, owner: KeyOwner, kind: KeyKind, id: ApiKeyId) -> Result<ApiKeyRow, No> {
    let found = key_store::lock(tx, owner.merchant, id).await?;
    Ok(found.filter(|key| key.owner == owner && key.kind == kind).ok_or_else(Refusal::not_found)?)
}

/// Puts a new key of the same kind, name, scopes, addresses and products in a key's place.
#[derive(Clone, Debug)]
pub struct RotateApiKey {
    /// Whose.
    pub owner: KeyOwner,
    /// The old one.
    pub key: ApiKeyId,
    /// The new one, minted before.
    pub prepared: PreparedKey,
    /// How long the old one still works, in seconds; 0: it dies at once.
    pub overlap_s: i64,
}

#[async_trait::async_trait]
impl Command for RotateApiKey {
    const NAME: &'static str = "api_keys.rotate";
    const REFUSALS: &'static [&'static str] = &["forbidden", "invalid_field", "not_found", "unknown_scope", "key_not_usable"];
    type Outcome = KeyChanged;

    fn need(&self) -> Need {
        Need::Right(self.owner.right())
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.owner.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyChanged, No> {
        if !(0..=LONGEST_OVERLAP_S).contains(&self.overlap_s) {
            return Err(Refusal::invalid("invalid_field", "The overlap must be from 0 seconds to 7 days.").at("/overlap_seconds").into());
        }
        owns(ctx.caller(), self.owner)?;
        let old = locked(tx, self.owner, self.prepared.kind, self.key).await?;
        // Whoever rotates sees the new key's text: they must hold all that it may do.
        grantable(ctx.caller(), self.owner, &old.rights)?;
        if !old.is_valid(ctx.now) || old.replaced_by.is_some() {
            return Err(Refusal::conflict("key_not_usable", "This key is disabled, expired or was rotated already.").into());
        }
        let ends = ctx.now.plus_ms(self.overlap_s * 1000);
        let ends = old.expires.map_or(ends, |expires| expires.min(ends));
        let new = ApiKeyRow { id: ctx.id(), masked: self.prepared.masked.clone(), created: ctx.now, last_used: None, ..old.clone() };
        // From here on it must succeed.
        key_store::insert(tx, &new, self.prepared.hash).await?;
        key_store::replace(tx, &old, new.id, ends).await?;
        note(ctx, "api_key.rotated", &old, Some(old.audit_json()), Some(json!({"replaced_by": new.id, "expires_at": ends})));
        note(ctx, "api_key.created", &new, None, Some(new.audit_json()));
        Ok(KeyChanged { key: new.id })
    }
}

/// Switches a key off or on again. Both sides can, for a partnership's key: it works while neither has switched
/// it off, and nobody undoes the other's.
#[derive(Clone, Copy, Debug)]
pub struct SwitchApiKey {
    /// Whose.
    pub owner: KeyOwner,
    /// Which.
    pub key: ApiKeyId,
    /// Of which kind.
    pub kind: KeyKind,
    /// From which side: its owner's, or the merchant's for a partnership's key.
    pub by: Side,
    /// On or off.
    pub on: bool,
}

impl SwitchApiKey {
    /// Whether the caller stands where the command says.
    fn stands(&self, caller: &Caller) -> Result<(), Refusal> {
        match (caller, self.by) {
            (Caller::System | Caller::Operator, _) => Ok(()),
            (_, Side::Merchant) if caller.merchant()?.merchant == self.owner.merchant => Ok(()),
            (_, Side::Reseller) => owns(caller, self.owner),
            _ => Err(Refusal::not_found()),
        }
    }
}

#[async_trait::async_trait]
impl Command for SwitchApiKey {
    const NAME: &'static str = "api_keys.switch";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "key_disabled_by_merchant", "key_disabled_by_reseller"];
    type Outcome = KeyChanged;

    fn need(&self) -> Need {
        Need::Right(if self.by == Side::Merchant { Right::KeysManage } else { Right::ResellerKeysManage })
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.owner.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyChanged, No> {
        self.stands(ctx.caller())?;
        let key = locked(tx, self.owner, self.kind, self.key).await?;
        let mut after = key.clone();
        let (own, others, code) = match self.by {
            Side::Merchant => (&mut after.disabled_by_merchant, key.disabled_by_reseller, "key_disabled_by_reseller"),
            Side::Reseller => (&mut after.disabled_by_reseller, key.disabled_by_merchant, "key_disabled_by_merchant"),
        };
        if self.on && own.is_none() && others.is_some() {
            return Err(Refusal::conflict(code, "The other side disabled this key; only it can enable it again.").into());
        }
        *own = if self.on { None } else { own.or(Some(ctx.now)) };
        // From here on it must succeed.
        if after != key {
            key_store::write_switches(tx, &after).await?;
            let what = if self.on { "api_key.enabled" } else { "api_key.disabled" };
            note(ctx, what, &key, Some(key.audit_json()), Some(after.audit_json()));
        }
        Ok(KeyChanged { key: key.id })
    }
}

/// Deletes a key of one's own side.
#[derive(Clone, Copy, Debug)]
pub struct DeleteApiKey {
    /// Whose.
    pub owner: KeyOwner,
    /// Which.
    pub key: ApiKeyId,
    /// Of which kind.
    pub kind: KeyKind,
}

#[async_trait::async_trait]
impl Command for DeleteApiKey {
    const NAME: &'static str = "api_keys.delete";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found"];
    type Outcome = KeyChanged;

    fn need(&self) -> Need {
        Need::Right(self.owner.right())
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.owner.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyChanged, No> {
        owns(ctx.caller(), self.owner)?;
        let key = locked(tx, self.owner, self.kind, self.key).await?;
        // From here on it must succeed.
        key_store::delete(tx, &key).await?;
        note(ctx, "api_key.deleted", &key, Some(key.audit_json()), None);
        Ok(KeyChanged { key: key.id })
    }
}

/// Notes that a key is in use; run beside the request, at most once a minute per key.
#[derive(Clone, Copy, Debug)]
pub struct NoteKeyUse {
    /// The merchant's number.
    pub merchant: i64,
    /// Which.
    pub key: ApiKeyId,
    /// When.
    pub at: Timestamp,
}

#[async_trait::async_trait]
impl Command for NoteKeyUse {
    const NAME: &'static str = "api_keys.note_use";
    const REFUSALS: &'static [&'static str] = &[];
    type Outcome = AttemptCounted;

    fn need(&self) -> Need {
        Need::House
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.merchant
    }

    async fn run(&self, _ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<AttemptCounted, No> {
        key_store::touch(tx, self.merchant, self.key, self.at).await?;
        Ok(AttemptCounted {})
    }
}
