//! API keys of both sides (PAR-16).

use crate::answer::Answer;
use crate::call::{Call, OrNotFound as _};
use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Upto, Whole};
use crate::input::Field;
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{input, named_choice, view};
use serde_json::{Value, json};
use tradepost_domain::access::Side;
use tradepost_domain::identity::change_keys::LONGEST_OVERLAP_S;
use tradepost_domain::identity::{AddressRule, ApiKeyRow, CreateApiKey, DeleteApiKey, KeyOwner, PreparedKey, RotateApiKey, SwitchApiKey, queries};
use tradepost_domain::{ApiKeyId, PartnershipId, Right, merchants, partners};
use tradepost_kernel::Timestamp;
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};

named_choice!(Right);

/// A network address or block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressText(pub String);

impl Field for AddressText {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        match value {
            Json::Text(text) if AddressRule::parse(text).is_some() => Some(Self(text.clone())),
            _ => errors.refuse(at, "must be a network address or a block such as 192.0.2.0/24"),
        }
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["192.0.2.0/24"] })
    }
}

input! {
    /// A new key.
    pub struct NewApiKey {
        /// What it is called.
        pub name: Line<100>,
        /// What it may do: exactly this, and nothing that you may not do yourself.
        pub scopes: Upto<64, Right>,
        /// Its end.
        pub expires_at: Option<Timestamp>,
        /// From where it may be used; from everywhere where it is left out.
        pub addresses: Option<Upto<50, AddressText>>,
    }

    /// Which keys are wanted.
    pub struct ApiKeyQuery {
        /// Name contains this.
        pub search: Option<Line<100>>,
    }

    /// How a key is rotated.
    pub struct Rotation {
        /// How long the old key still works; 0 where it is left out: it dies at once.
        pub overlap_seconds: Option<Whole<0, LONGEST_OVERLAP_S>>,
    }
}

view! {
    /// A key, masked.
    pub struct ApiKey {
        /// Its id.
        pub id: ApiKeyId,
        /// What it is called.
        pub name: String,
        /// Its first and last characters.
        pub key: String,
        /// What it may do.
        pub scopes: Vec<Right>,
        /// From where it may be used; empty: from everywhere.
        pub addresses: Vec<String>,
        /// Since when.
        pub created_at: Timestamp,
        /// Its end.
        pub expires_at: Option<Timestamp>,
        /// Last use, to the minute.
        pub last_used_at: Option<Timestamp>,
        /// When the merchant switched it off.
        pub disabled_by_merchant_at: Option<Timestamp>,
        /// When the reseller switched it off.
        pub disabled_by_reseller_at: Option<Timestamp>,
        /// The key that took its place.
        pub replaced_by: Option<ApiKeyId>,
    }

    /// A key that was just made.
    pub struct NewlyMadeApiKey {
        /// Its full text, this once; null where the answer repeats an earlier one.
        pub secret: Option<String>,
        /// The key as it is shown from now on.
        pub api_key: ApiKey,
    }
}

impl From<ApiKeyRow> for ApiKey {
    fn from(k: ApiKeyRow) -> Self {
        Self {
            id: k.id,
            name: k.name,
            key: k.masked,
            scopes: k.rights,
            addresses: k.addresses,
            created_at: k.created,
            expires_at: k.expires,
            last_used_at: k.last_used,
            disabled_by_merchant_at: k.disabled_by_merchant,
            disabled_by_reseller_at: k.disabled_by_reseller,
            replaced_by: k.replaced_by,
        }
    }
}

pub(super) fn owner(call: &Call) -> Result<KeyOwner, Problem> {
    KeyOwner::of(call.caller()).map_err(Problem::from)
}

const fn kind_of(owner: KeyOwner) -> KeyKind {
    if owner.partnership.is_some() { KeyKind::Partnership } else { KeyKind::Merchant }
}

/// The text of a new key of the merchant with this number. Nothing knows it yet: a command makes the key.
///
/// # Errors
/// 404; faults of the store.
pub async fn mint(call: &Call, number: i64, kind: KeyKind) -> Result<ApiKeyText, Problem> {
    let merchant = call.read(move |reader| Box::pin(async move { merchants::queries::merchant(reader, number).await })).await?.or_not_found()?;
    let environment = &call.engine().environment;
    Ok(ApiKeyText::mint(kind, merchant.test, || environment.random::<1>()[0]))
}

async fn one(call: &Call, owner: KeyOwner, id: ApiKeyId) -> Result<ApiKeyRow, Problem> {
    call.read(move |reader| Box::pin(async move { queries::key(reader, owner, kind_of(owner), id).await })).await?.or_not_found()
}

async fn listed(call: &Call, owner: KeyOwner) -> Result<Answer, Problem> {
    let (page, search) = (call.page()?, call.query::<ApiKeyQuery>()?.search.map(String::from));
    let found = call.read(move |reader| Box::pin(async move { queries::keys(reader, owner, kind_of(owner), search.as_deref(), page).await })).await?;
    Ok(call.list(found, ApiKey::from))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    listed(&call, owner(&call)?).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let found = one(&call, owner(&call)?, call.path("id")?).await?;
    Ok(Answer::ok(&ApiKey::from(found)))
}

async fn made(call: &Call, owner: KeyOwner, id: ApiKeyId, text: &ApiKeyText, replayed: bool) -> Result<Answer, Problem> {
    let api_key = ApiKey::from(one(call, owner, id).await?);
    let location = format!("{}/{id}", if owner.partnership.is_some() { "/v1/reseller/api-keys" } else { "/v1/merchant/api-keys" });
    let secret = (!replayed).then(|| text.text().expose().clone());
    Ok(Answer::created(&NewlyMadeApiKey { secret, api_key }, &location))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let owner = owner(&call)?;
    create_for(&call, owner).await
}

async fn create_of_partnership(call: Call) -> Result<Answer, Problem> {
    let owner = of_partnership(&call).await?;
    create_for(&call, owner).await
}

async fn create_for(call: &Call, owner: KeyOwner) -> Result<Answer, Problem> {
    let body: NewApiKey = call.body()?;
    let text = mint(call, owner.merchant, kind_of(owner)).await?;
    let command = CreateApiKey {
        owner,
        prepared: PreparedKey::from(&text),
        name: body.name.into_string(),
        rights: body.scopes.0,
        expires: body.expires_at,
        addresses: body.addresses.map(|list| list.0.into_iter().map(|address| address.0).collect()).unwrap_or_default(),
    };
    let done = call.execute(command).await?;
    made(call, owner, done.outcome.key, &text, done.replayed).await
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let owner = owner(&call)?;
    let overlap = if call.has_body() { call.body::<Rotation>()?.overlap_seconds } else { None };
    let text = mint(&call, owner.merchant, kind_of(owner)).await?;
    let key = call.path("id")?;
    let done = call.execute(RotateApiKey { owner, key, prepared: PreparedKey::from(&text), overlap_s: overlap.map_or(0, Whole::get) }).await?;
    made(&call, owner, done.outcome.key, &text, done.replayed).await
}

async fn switch(call: &Call, owner: KeyOwner, key: ApiKeyId, by: Side, on: bool) -> Result<Answer, Problem> {
    call.execute(SwitchApiKey { owner, key, kind: kind_of(owner), by, on }).await?;
    Ok(Answer::ok(&ApiKey::from(one(call, owner, key).await?)))
}

async fn disable(call: Call) -> Result<Answer, Problem> {
    let owner = owner(&call)?;
    switch(&call, owner, call.path("id")?, owner.side(), false).await
}

async fn enable(call: Call) -> Result<Answer, Problem> {
    let owner = owner(&call)?;
    switch(&call, owner, call.path("id")?, owner.side(), true).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let owner = owner(&call)?;
    call.execute(DeleteApiKey { owner, key: call.path("id")?, kind: kind_of(owner) }).await?;
    Ok(Answer::no_content())
}

/// The keys of a reseller, as the merchant sees them.
pub(super) async fn of_partnership(call: &Call) -> Result<KeyOwner, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<PartnershipId>("id")?);
    call.read(move |reader| Box::pin(async move { partners::queries::partnership(reader, scope, id).await })).await?.or_not_found()?;
    Ok(KeyOwner { merchant: scope.merchant, partnership: Some(id) })
}

async fn list_of_partnership(call: Call) -> Result<Answer, Problem> {
    listed(&call, of_partnership(&call).await?).await
}

async fn disable_of_partnership(call: Call) -> Result<Answer, Problem> {
    switch(&call, of_partnership(&call).await?, call.path("key")?, Side::Merchant, false).await
}

async fn enable_of_partnership(call: Call) -> Result<Answer, Problem> {
    switch(&call, of_partnership(&call).await?, call.path("key")?, Side::Merchant, true).await
}

const TAG: &str = "API keys";

macro_rules! key_routes {
    ($r:ident, $root:literal, $right:expr, [$list:literal, $create:literal, $get:literal, $rotate:literal, $disable:literal, $enable:literal, $delete:literal]) => {
        $r.get($root, $list, list).tag(TAG).doc("Lists API keys, masked, newest first.").needs($right).query::<ApiKeyQuery>().lists::<ApiKey>();
        $r.post($root, $create, create)
            .tag(TAG)
            .doc("Makes an API key. Its full text is shown this once.")
            .needs($right)
            .fresh()
            .body::<NewApiKey>()
            .answers::<NewlyMadeApiKey>(201)
            .command::<CreateApiKey>();
        $r.get(concat!($root, "/{id}"), $get, show).tag(TAG).doc("One API key, masked.").needs($right).answers::<ApiKey>(200);
        $r.post(concat!($root, "/{id}/rotate"), $rotate, rotate)
            .tag(TAG)
            .doc("Puts a new key in a key's place; the old one dies at once, or after the overlap.")
            .needs($right)
            .fresh()
            .body::<Rotation>()
            .answers::<NewlyMadeApiKey>(201)
            .command::<RotateApiKey>();
        $r.post(concat!($root, "/{id}/disable"), $disable, disable)
            .tag(TAG)
            .doc("Switches a key off at once.")
            .needs($right)
            .answers::<ApiKey>(200)
            .command::<SwitchApiKey>();
        $r.post(concat!($root, "/{id}/enable"), $enable, enable)
            .tag(TAG)
            .doc("Switches a key on again, unless the other side switched it off.")
            .needs($right)
            .fresh()
            .answers::<ApiKey>(200)
            .command::<SwitchApiKey>();
        $r.delete(concat!($root, "/{id}"), $delete, delete).tag(TAG).doc("Deletes a key.").needs($right).answers_nothing(204).command::<DeleteApiKey>();
    };
}

pub(super) fn routes(r: &mut Routes) {
    key_routes!(
        r,
        "/v1/merchant/api-keys",
        Right::KeysManage,
        ["listMerchantKeys", "createMerchantKey", "getMerchantKey", "rotateMerchantKey", "disableMerchantKey", "enableMerchantKey", "deleteMerchantKey"]
    );
    key_routes!(
        r,
        "/v1/reseller/api-keys",
        Right::ResellerKeysManage,
        ["listKeys", "createKey", "getKey", "rotateKey", "disableKey", "enableKey", "deleteKey"]
    );
    r.get("/v1/merchant/partnerships/{id}/api-keys", "listPartnershipKeys", list_of_partnership)
        .tag(TAG)
        .doc("Lists a reseller's API keys, masked.")
        .needs(Right::KeysManage)
        .query::<ApiKeyQuery>()
        .lists::<ApiKey>();
    r.post("/v1/merchant/partnerships/{id}/api-keys", "createPartnershipKey", create_of_partnership)
        .tag(TAG)
        .doc("Makes an API key for a reseller, to hand over; the reseller sees it in its list and can disable it. The answer is the only one that shows it.")
        .needs(Right::KeysManage)
        .fresh()
        .body::<NewApiKey>()
        .answers::<NewlyMadeApiKey>(201)
        .command::<CreateApiKey>();
    r.post("/v1/merchant/partnerships/{id}/api-keys/{key}/disable", "disablePartnershipKey", disable_of_partnership)
        .tag(TAG)
        .doc("Switches a reseller's key off at once; only the merchant can switch it on again.")
        .needs(Right::KeysManage)
        .answers::<ApiKey>(200)
        .command::<SwitchApiKey>();
    r.post("/v1/merchant/partnerships/{id}/api-keys/{key}/enable", "enablePartnershipKey", enable_of_partnership)
        .tag(TAG)
        .doc("Takes the merchant's switching off back.")
        .needs(Right::KeysManage)
        .fresh()
        .answers::<ApiKey>(200)
        .command::<SwitchApiKey>();
}
