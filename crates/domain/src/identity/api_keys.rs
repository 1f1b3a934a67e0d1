//! API keys of merchants and partnerships (PAR-16): what they are, and how one is made.

use super::key_store;
use crate::access::{Caller, Need, Right, Side};
use crate::audit::AuditEntry;
use crate::command::{Command, Ctx, No};
use crate::ids::{ApiKeyId, PartnershipId, ProductId};
use crate::outbox::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::IpAddr;
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_kernel::{Refusal, Timestamp};
use tradepost_store::{Fault, Tx};

/// Whose a key is: a merchant's, or one partnership's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOwner {
    /// The merchant's number.
    pub merchant: i64,
    /// The partnership, where it is a reseller's key.
    pub partnership: Option<PartnershipId>,
}

impl KeyOwner {
    /// Whose keys a caller manages: their own side's.
    ///
    /// # Errors
    /// `forbidden` for who is on neither side.
    pub fn of(caller: &Caller) -> Result<Self, Refusal> {
        if let Ok(scope) = caller.partnership() {
            return Ok(Self { merchant: scope.merchant, partnership: Some(scope.partnership) });
        }
        Ok(Self { merchant: caller.merchant()?.merchant, partnership: None })
    }

    /// The side whose rights its keys hold.
    #[must_use]
    pub const fn side(&self) -> Side {
        if self.partnership.is_some() { Side::Reseller } else { Side::Merchant }
    }

    /// The right that managing its keys from its own side needs.
    #[must_use]
    pub const fn right(&self) -> Right {
        if self.partnership.is_some() { Right::ResellerKeysManage } else { Right::KeysManage }
    }
}

/// A minted key as a command may know it: without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedKey {
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// How it is shown.
    pub masked: String,
    /// Whose it is for.
    pub kind: KeyKind,
    /// Whether for the sandbox.
    pub test: bool,
}

/// What a kind is called in events and in the database; whose a key of the API is says its partnership.
pub(crate) const fn kind_name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Merchant | KeyKind::Partnership => "api",
        KeyKind::DynamicUrl => "dynamic_url",
    }
}

impl From<&ApiKeyText> for PreparedKey {
    fn from(text: &ApiKeyText) -> Self {
        Self { hash: text.hash(), masked: text.masked(), kind: text.kind, test: text.test }
    }
}

/// A network address, or a block of them: `192.0.2.7`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRule {
    network: IpAddr,
    bits: u8,
}

impl AddressRule {
    /// Reads one; `None` where the text is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let network: IpAddr = address.parse().ok()?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok().filter(|bits| *bits <= most)?,
            Some(_) => return None,
        };
        Some(Self { network, bits })
    }

    /// Whether an address is it or in it. IPv4 addresses that came over IPv6 count as IPv4.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, true),
            IpAddr::V6(v6) => (v6.to_bits(), false),
        };
        let ((network, v4), (asked, asked_v4)) = (number(self.network.to_canonical()), number(address.to_canonical()));
        let mask = if self.bits == 0 { 0 } else { u128::MAX << (128 - u32::from(self.bits)) };
        v4 == asked_v4 && network & mask == asked & mask
    }
}

/// A key as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Which.
    pub id: ApiKeyId,
    /// What it opens: the API of its side, or a dynamic URL.
    pub kind: KeyKind,
    /// Whose.
    pub owner: KeyOwner,
    /// What it was called.
    pub name: String,
    /// How it is shown.
    pub masked: String,
    /// What it may do.
    pub rights: Vec<Right>,
    /// From where it may be used; empty: from everywhere.
    pub addresses: Vec<String>,
    /// What a dynamic URL sells; empty: everything of the partnership (EXT-6).
    pub products: Vec<ProductId>,
    /// Since when.
    pub created: Timestamp,
    /// Its end, where it has one.
    pub expires: Option<Timestamp>,
    /// Last use, to the minute.
    pub last_used: Option<Timestamp>,
    /// Switched off by the merchant.
    pub disabled_by_merchant: Option<Timestamp>,
    /// Switched off by the reseller.
    pub disabled_by_reseller: Option<Timestamp>,
    /// The key that took its place.
    pub replaced_by: Option<ApiKeyId>,
}

impl ApiKeyRow {
    /// Whether it still lets in.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.disabled_by_merchant.is_none() && self.disabled_by_reseller.is_none() && self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether it may be used from `address` (`None`: unknown, allowed only without a list).
    #[must_use]
    pub fn is_allowed_from(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| self.addresses.iter().filter_map(|rule| AddressRule::parse(rule)).any(|rule| rule.covers(address)))
    }

    /// Whether its use is worth noting again.
    #[must_use]
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        self.last_used.is_none_or(|last| now.ms() - last.ms() >= super::NOTED_EVERY_MS)
    }

    /// For the audit trail.
    pub(crate) fn audit_json(&self) -> serde_json::Value {
        json!({
            "name": self.name, "key": self.masked, "scopes": self.rights.iter().map(|right| right.name()).collect::<Vec<_>>(),
            "addresses": self.addresses, "products": self.products, "expires_at": self.expires,
            "disabled_by_merchant": self.disabled_by_merchant.is_some(), "disabled_by_reseller": self.disabled_by_reseller.is_some(),
        })
    }
}

/// Whether the caller may hand these rights out: they fit the side, and the caller holds each of them.
pub(crate) fn grantable(caller: &Caller, owner: KeyOwner, rights: &[Right]) -> Result<(), Refusal> {
    if rights.is_empty() {
        return Err(Refusal::invalid("invalid_field", "Name at least one scope.").at("/scopes"));
    }
    for (at, right) in rights.iter().enumerate() {
        if right.side() != owner.side() || !right.is_for_keys() {
            return Err(Refusal::invalid("unknown_scope", format!("{} is not a scope of this kind of key.", right.name())).at(format!("/scopes/{at}")));
        }
    }
    let by_merchant = caller.merchant().is_ok() && owner.partnership.is_some();
    let held = |right: Right| caller.authorize(Need::Right(if by_merchant { counterpart(right) } else { right })).is_ok();
    match rights.iter().find(|right| !held(**right)) {
        Some(right) => Err(Refusal::forbidden("forbidden", format!("You cannot give a key the scope {}, which you do not hold.", right.name()))),
        None => Ok(()),
    }
}

/// What a merchant's caller must hold to give a reseller's key this right: no key is a way around its maker's limits.
const fn counterpart(right: Right) -> Right {
    match right {
        // Both bring codes to light.
        Right::LicensesDistribute | Right::FulfillmentsCreate => Right::LicensesReveal,
        Right::BalanceManage => Right::BillingManage,
        Right::OrdersPlace => Right::OrdersManage,
        Right::ResellerKeysManage => Right::KeysManage,
        _ => Right::MerchantRead,
    }
}

/// The caller manages the keys of this owner from its own side, or hands a reseller its key as its merchant, or is
/// the house.
pub(crate) fn owns(caller: &Caller, owner: KeyOwner) -> Result<(), Refusal> {
    match caller {
        Caller::System | Caller::Operator => Ok(()),
        _ if KeyOwner::of(caller)? == owner => Ok(()),
        _ if caller.merchant().is_ok_and(|scope| scope.merchant == owner.merchant) => Ok(()),
        _ => Err(Refusal::not_found()),
    }
}

/// Makes a key. Its text was minted before, is shown once and stored nowhere.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// Whose it is to be.
    pub owner: KeyOwner,
    /// The minted key.
    pub prepared: PreparedKey,
    /// What it is called.
    pub name: String,
    /// What it may do: exactly this.
    pub rights: Vec<Right>,
    /// Its end, where it is to have one.
    pub expires: Option<Timestamp>,
    /// From where it may be used; empty: from everywhere. Each parses as [`AddressRule`].
    pub addresses: Vec<String>,
}

/// The key that was made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct KeyCreated {
    /// Which.
    pub key: ApiKeyId,
}

#[async_trait::async_trait]
impl Command for CreateApiKey {
    const NAME: &'static str = "api_keys.create";
    const REFUSALS: &'static [&'static str] = &["forbidden", "not_found", "invalid_field", "unknown_scope"];
    type Outcome = KeyCreated;

    fn need(&self) -> Need {
        Need::Either(self.owner.right(), Right::KeysManage)
    }

    fn merchant(&self, _caller: &Caller) -> i64 {
        self.owner.merchant
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<KeyCreated, No> {
        if self.prepared.kind == KeyKind::DynamicUrl {
            // Those are made by a command of their own, which knows products.
            return Err(Fault::invariant("a key of the API is made of a dynamic URL's").into());
        }
        owns(ctx.caller(), self.owner)?;
        grantable(ctx.caller(), self.owner, &self.rights)?;
        check_bounds(self.expires, &self.addresses, ctx.now)?;
        let mut rights = self.rights.clone();
        rights.sort_unstable();
        rights.dedup();
        let row = ApiKeyRow {
            id: ctx.id(),
            kind: self.prepared.kind,
            owner: self.owner,
            name: self.name.clone(),
            masked: self.prepared.masked.clone(),
            rights,
            addresses: self.addresses.clone(),
            products: Vec::new(),
            created: ctx.now,
            expires: self.expires,
            last_used: None,
            disabled_by_merchant: None,
            disabled_by_reseller: None,
            replaced_by: None,
        };
        // From here on it must succeed.
        insert(ctx, tx, &row, &self.prepared).await?;
        Ok(KeyCreated { key: row.id })
    }
}

/// Whether end and source addresses of a new key can be meant.
pub(crate) fn check_bounds(expires: Option<Timestamp>, addresses: &[String], now: Timestamp) -> Result<(), Refusal> {
    if expires.is_some_and(|expires| expires <= now) {
        return Err(Refusal::invalid("invalid_field", "The end must be in the future.").at("/expires_at"));
    }
    match addresses.iter().position(|rule| AddressRule::parse(rule).is_none()) {
        Some(at) => Err(Refusal::invalid("invalid_field", "Must be a network address or a block such as 192.0.2.0/24.").at(format!("/addresses/{at}"))),
        None => Ok(()),
    }
}

/// Writes a new key, with its audit entry and event.
pub(crate) async fn insert(ctx: &mut Ctx, tx: &mut Tx<'_>, row: &ApiKeyRow, prepared: &PreparedKey) -> Result<(), Fault> {
    key_store::insert(tx, row, prepared.hash).await?;
    note(ctx, "api_key.created", row, None, Some(row.audit_json()));
    Ok(())
}

/// Leaves audit entry and event of a change of a key.
pub(crate) fn note(ctx: &mut Ctx, what: &'static str, key: &ApiKeyRow, before: Option<serde_json::Value>, after: Option<serde_json::Value>) {
    let mut entry = AuditEntry::new(key.owner.merchant, what, key.id);
    let mut event = Event::new(key.owner.merchant, what, key.id, json!({"key": key.id, "name": key.name, "kind": kind_name(key.kind)}));
    if let Some(partnership) = key.owner.partnership {
        (entry, event) = (entry.of(partnership), event.of(partnership));
    }
    if let Some(before) = before {
        entry = entry.before(before);
    }
    if let Some(after) = after {
        entry = entry.after(after);
    }
    ctx.audit(entry);
    ctx.announce(event);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-16
    #[test]
    fn a_block_covers_its_addresses_and_no_others() {
        let covers = |rule: &str, address: &str| AddressRule::parse(rule).expect("a rule").covers(address.parse().expect("an address"));
        assert!(covers("192.0.2.7", "192.0.2.7") && !covers("192.0.2.7", "192.0.2.8"));
        assert!(covers("192.0.2.0/24", "192.0.2.255") && !covers("192.0.2.0/24", "192.0.3.0"));
        assert!(covers("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(covers("2001:db8::/32", "2001:db8:1::1") && !covers("2001:db8::/32", "2001:db9::1"));
        assert!(covers("0.0.0.0/0", "203.0.113.9") && !covers("0.0.0.0/0", "2001:db8::1"));
        for wrong in ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "example.org", "2001:db8::/129"] {
            assert_eq!(AddressRule::parse(wrong), None, "{wrong}");
        }
    }

    /// PAR-16
    #[test]
    fn nobody_gives_a_key_more_than_they_hold() {
        let owner = KeyOwner { merchant: 1, partnership: None };
        let key = |rights: Vec<Right>| Caller::MerchantKey { key: ApiKeyId::from_bytes([1; 16]), name: "shop".into(), merchant: 1, rights };
        let held = key(vec![Right::KeysManage, Right::StockRead]);
        assert_eq!(grantable(&held, owner, &[Right::StockRead]), Ok(()));
        assert_eq!(grantable(&held, owner, &[Right::BillingManage]).map_err(|no| no.code), Err("forbidden"));
        assert_eq!(grantable(&held, owner, &[Right::OrdersPlace]).map_err(|no| no.code), Err("unknown_scope"));
        assert_eq!(grantable(&held, owner, &[]).map_err(|no| no.code), Err("invalid_field"));
        assert_eq!(grantable(&Caller::Operator, owner, &[Right::BillingManage]), Ok(()));
    }

    /// PAR-16: what a merchant's key may not do it does not do by the key of a reseller either.
    #[test]
    fn no_key_of_a_reseller_is_a_way_around_the_limits_of_its_maker() {
        let owner = KeyOwner { merchant: 1, partnership: Some(PartnershipId::from_bytes([2; 16])) };
        let key = |rights: Vec<Right>| Caller::MerchantKey { key: ApiKeyId::from_bytes([1; 16]), name: "back office".into(), merchant: 1, rights };
        let reads = key(vec![Right::KeysManage, Right::MerchantRead]);
        for right in Right::all_for_keys(Side::Reseller) {
            let only_reads = matches!(right, Right::ProgramRead | Right::OrdersRead | Right::FulfillmentsRead | Right::InvoicesRead);
            // Who manages keys may hand that out.
            let may = only_reads || right == Right::ResellerKeysManage;
            assert_eq!(grantable(&reads, owner, &[right]).is_ok(), may, "{}", right.name());
        }
        let reveals = key(vec![Right::KeysManage, Right::LicensesReveal, Right::BillingManage]);
        assert_eq!(grantable(&reveals, owner, &[Right::FulfillmentsCreate, Right::LicensesDistribute, Right::BalanceManage]), Ok(()));
    }

    /// PAR-16: a key reaches one partnership and nothing else, so nobody gives it what concerns the company.
    #[test]
    fn no_key_is_given_what_is_for_people() {
        let owner = KeyOwner { merchant: 1, partnership: Some(PartnershipId::from_bytes([2; 16])) };
        for right in [Right::ResellerPeopleRead, Right::ResellerPeopleManage] {
            assert_eq!(grantable(&Caller::Operator, owner, &[right]).map_err(|no| no.code), Err("unknown_scope"));
        }
        assert_eq!(grantable(&Caller::Operator, owner, &Right::all_for_keys(Side::Reseller).collect::<Vec<_>>()), Ok(()));
    }
}
