//! The dynamic URLs of a partnership (EXT-6): made and rotated by the reseller, switched off by either side.

use crate::answer::Answer;
use crate::api::api_keys::{AddressText, Rotation, mint, of_partnership, owner};
use crate::call::{Call, OrNotFound as _};
use crate::fields::{Line, Upto, Whole};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, view};
use tradepost_domain::access::Side;
use tradepost_domain::fulfillments::CreateDynamicUrl;
use tradepost_domain::fulfillments::dynamic_urls::MOST_PRODUCTS;
use tradepost_domain::identity::{ApiKeyRow, DeleteApiKey, KeyOwner, PreparedKey, RotateApiKey, SwitchApiKey, queries};
use tradepost_domain::{ApiKeyId, ProductId, Right};
use tradepost_kernel::Timestamp;
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};

const KIND: KeyKind = KeyKind::DynamicUrl;

input! {
    /// Which dynamic URLs are wanted.
    pub struct DynamicUrlQuery {
        /// Name contains this.
        pub search: Option<Line<100>>,
    }

    /// A new dynamic URL.
    pub struct NewDynamicUrl {
        /// What it is called: the audit trail shows it.
        pub name: Line<100>,
        /// The ids or SKUs of the products that it sells, with their variants; everything of the partnership where it is left out.
        pub products: Option<Upto<MOST_PRODUCTS, Line<64>>>,
        /// From where it may be used; from everywhere where it is left out.
        pub addresses: Option<Upto<50, AddressText>>,
        /// Its end.
        pub expires_at: Option<Timestamp>,
    }
}

view! {
    /// A dynamic URL, its key masked.
    pub struct DynamicUrl {
        /// Its id.
        pub id: ApiKeyId,
        /// What it is called.
        pub name: String,
        /// The first and last characters of its key.
        pub key: String,
        /// What it sells; empty: everything of the partnership.
        pub products: Vec<ProductId>,
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
        /// The one that took its place.
        pub replaced_by: Option<ApiKeyId>,
    }

    /// A dynamic URL that was just made.
    pub struct NewlyMadeDynamicUrl {
        /// The URL with its key, this once; null where the answer repeats an earlier one.
        pub url: Option<String>,
        /// As it is shown from now on.
        pub dynamic_url: DynamicUrl,
    }
}

impl From<ApiKeyRow> for DynamicUrl {
    fn from(key: ApiKeyRow) -> Self {
        Self {
            id: key.id,
            name: key.name,
            key: key.masked,
            products: key.products,
            addresses: key.addresses,
            created_at: key.created,
            expires_at: key.expires,
            last_used_at: key.last_used,
            disabled_by_merchant_at: key.disabled_by_merchant,
            disabled_by_reseller_at: key.disabled_by_reseller,
            replaced_by: key.replaced_by,
        }
    }
}

async fn one(call: &Call, owner: KeyOwner, id: ApiKeyId) -> Result<DynamicUrl, Problem> {
    let found = call.read(move |reader| Box::pin(async move { queries::key(reader, owner, KIND, id).await })).await?;
    Ok(found.or_not_found()?.into())
}

async fn listed(call: &Call, owner: KeyOwner) -> Result<Answer, Problem> {
    let (page, search) = (call.page()?, call.query::<DynamicUrlQuery>()?.search.map(String::from));
    let found = call.read(move |reader| Box::pin(async move { queries::keys(reader, owner, KIND, search.as_deref(), page).await })).await?;
    Ok(call.list(found, DynamicUrl::from))
}

async fn made(call: &Call, owner: KeyOwner, id: ApiKeyId, text: &ApiKeyText, replayed: bool) -> Result<Answer, Problem> {
    let url = (!replayed).then(|| call.url(&format!("/d/{}", text.text().expose())));
    let dynamic_url = one(call, owner, id).await?;
    Ok(Answer::created(&NewlyMadeDynamicUrl { url, dynamic_url }, &format!("/v1/reseller/dynamic-urls/{id}")))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    listed(&call, owner(&call)?).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&one(&call, owner(&call)?, call.path("id")?).await?))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let (owner, new) = (owner(&call)?, call.body::<NewDynamicUrl>()?);
    let text = mint(&call, owner.merchant, KIND).await?;
    let command = CreateDynamicUrl {
        prepared: PreparedKey::from(&text),
        name: new.name.into_string(),
        products: new.products.map(|list| list.0.into_iter().map(String::from).collect()).unwrap_or_default(),
        expires: new.expires_at,
        addresses: new.addresses.map(|list| list.0.into_iter().map(|address| address.0).collect()).unwrap_or_default(),
    };
    let done = call.execute(command).await?;
    made(&call, owner, done.outcome.key, &text, done.replayed).await
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let (owner, key) = (owner(&call)?, call.path("id")?);
    let overlap = if call.has_body() { call.body::<Rotation>()?.overlap_seconds } else { None };
    let text = mint(&call, owner.merchant, KIND).await?;
    let done = call.execute(RotateApiKey { owner, key, prepared: PreparedKey::from(&text), overlap_s: overlap.map_or(0, Whole::get) }).await?;
    made(&call, owner, done.outcome.key, &text, done.replayed).await
}

async fn switch(call: &Call, owner: KeyOwner, key: ApiKeyId, by: Side, on: bool) -> Result<Answer, Problem> {
    call.execute(SwitchApiKey { owner, key, kind: KIND, by, on }).await?;
    Ok(Answer::ok(&one(call, owner, key).await?))
}

async fn disable(call: Call) -> Result<Answer, Problem> {
    switch(&call, owner(&call)?, call.path("id")?, Side::Reseller, false).await
}

async fn enable(call: Call) -> Result<Answer, Problem> {
    switch(&call, owner(&call)?, call.path("id")?, Side::Reseller, true).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.execute(DeleteApiKey { owner: owner(&call)?, key: call.path("id")?, kind: KIND }).await?;
    Ok(Answer::no_content())
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

const TAG: &str = "Dynamic URLs";

pub(super) fn routes(r: &mut Routes) {
    let right = Right::ResellerKeysManage;
    r.get("/v1/reseller/dynamic-urls", "listDynamicUrls", list)
        .tag(TAG)
        .doc("Lists dynamic URLs, masked, newest first.")
        .needs(right)
        .query::<DynamicUrlQuery>()
        .lists::<DynamicUrl>();
    r.post("/v1/reseller/dynamic-urls", "createDynamicUrl", create)
        .tag(TAG)
        .doc("Makes a dynamic URL, for a shop that can only fetch one. Its full text is shown this once; whoever has it can spend the prepaid balance, so hold it to products and source addresses.")
        .needs(right)
        .fresh()
        .body::<NewDynamicUrl>()
        .answers::<NewlyMadeDynamicUrl>(201)
        .command::<CreateDynamicUrl>();
    r.get("/v1/reseller/dynamic-urls/{id}", "getDynamicUrl", show).tag(TAG).doc("One dynamic URL, masked.").needs(right).answers::<DynamicUrl>(200);
    r.post("/v1/reseller/dynamic-urls/{id}/rotate", "rotateDynamicUrl", rotate)
        .tag(TAG)
        .doc("Puts a new dynamic URL in its place, with the same products and addresses; the old one ends at once, or after the overlap.")
        .needs(right)
        .fresh()
        .body_optional::<Rotation>()
        .answers::<NewlyMadeDynamicUrl>(201)
        .command::<RotateApiKey>();
    r.post("/v1/reseller/dynamic-urls/{id}/disable", "disableDynamicUrl", disable)
        .tag(TAG)
        .doc("Switches a dynamic URL off at once.")
        .needs(right)
        .answers::<DynamicUrl>(200)
        .command::<SwitchApiKey>();
    r.post("/v1/reseller/dynamic-urls/{id}/enable", "enableDynamicUrl", enable)
        .tag(TAG)
        .doc("Switches a dynamic URL on again, unless the merchant switched it off.")
        .needs(right)
        .fresh()
        .answers::<DynamicUrl>(200)
        .command::<SwitchApiKey>();
    r.delete("/v1/reseller/dynamic-urls/{id}", "deleteDynamicUrl", delete)
        .tag(TAG)
        .doc("Deletes a dynamic URL.")
        .needs(right)
        .answers_nothing(204)
        .command::<DeleteApiKey>();
    r.get("/v1/merchant/partnerships/{id}/dynamic-urls", "listPartnershipDynamicUrls", list_of_partnership)
        .tag(TAG)
        .doc("Lists a reseller's dynamic URLs, masked.")
        .needs(Right::KeysManage)
        .query::<DynamicUrlQuery>()
        .lists::<DynamicUrl>();
    r.post("/v1/merchant/partnerships/{id}/dynamic-urls/{key}/disable", "disablePartnershipDynamicUrl", disable_of_partnership)
        .tag(TAG)
        .doc("Switches a reseller's dynamic URL off at once; only the merchant can switch it on again.")
        .needs(Right::KeysManage)
        .answers::<DynamicUrl>(200)
        .command::<SwitchApiKey>();
    r.post("/v1/merchant/partnerships/{id}/dynamic-urls/{key}/enable", "enablePartnershipDynamicUrl", enable_of_partnership)
        .tag(TAG)
        .doc("Takes the merchant's switching off back.")
        .needs(Right::KeysManage)
        .fresh()
        .answers::<DynamicUrl>(200)
        .command::<SwitchApiKey>();
}
