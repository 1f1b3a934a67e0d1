//! `/v1/merchant/products`: products, bundles and variants (CAT-1 … CAT-3).

use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::errors::{Errors, Pointer};
use crate::fields::{Line, Paragraph, Quantity, Sku, Upto};
use crate::input::{Field, Patch};
use crate::json::Json;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::schema::Schemas;
use crate::{choices, input, named_choice, view};
use serde_json::{Value, json};
use tradepost_domain::catalog::queries::{self, ProductFilter, ProductSort};
use tradepost_domain::catalog::{ChangeProduct, CreateProduct, EndUserInformation, Kind, Method, PartPatch, ProductPatch, grams, import, kilograms};
use tradepost_domain::ids::ProductId;
use tradepost_domain::{MerchantScope, Right};
use tradepost_kernel::Timestamp;

named_choice!(Kind, EndUserInformation, Method, ProductSort);

choices! {
    /// Whether a product expands to parts when it is ordered.
    pub enum ProductType { Regular = "regular", Bundle = "bundle" }
}

/// How a sold unit comes to be. Methods of later versions are known by name, and refused as such.
#[derive(Clone, Copy, Debug)]
pub struct MethodName(Method);

impl Field for MethodName {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        if let Json::Text(name) = value
            && let Err(refusal) = Method::parse(name)
            && refusal.code == "not_available_yet"
        {
            errors.add(at, refusal.code, refusal.detail);
            return None;
        }
        Method::read(value, at, errors).map(Self)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        <Method as Field>::schema(schemas)
    }
}

/// A weight in kilograms.
#[derive(Clone, Copy, Debug)]
pub struct Kilograms(i64);

impl Field for Kilograms {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let read = if let Json::Text(text) = value { grams(text) } else { None };
        read.map(Self).or_else(|| errors.refuse(at, "must be kilograms with at most three decimals, as a string"))
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[0-9]{1,7}(\\.[0-9]{1,3})?$", "examples": ["0.35"] })
    }
}

input! {
    /// A part of a bundle.
    pub struct PartInput {
        /// Id or SKU of a product that is no bundle.
        pub product: Line<64>,
        /// Units per bundle.
        pub quantity: Quantity,
    }

    /// A new product. What is left out gets its usual value; a variant takes it from its parent.
    pub struct NewProduct {
        /// Unique at the merchant.
        pub sku: Sku,
        /// As shown.
        pub name: Line<200>,
        /// Version of what is sold.
        pub product_version: Option<Line<50>>,
        /// One line.
        pub short_description: Option<Line<300>>,
        /// Several lines.
        pub description: Option<Paragraph<20_000>>,
        /// `https://…`
        pub image_url: Option<Line<500>>,
        /// Whether it is sold; usually true.
        pub enabled: Option<bool>,
        /// What is sold; usually `key`. `subscription` and `physical` are not available yet.
        pub kind: Option<Kind>,
        /// Usually `regular`; never changes.
        pub r#type: Option<ProductType>,
        /// The parts of a bundle.
        pub parts: Option<Upto<50, PartInput>>,
        /// What margins and reports group by.
        pub group: Option<Line<100>>,
        /// Weight.
        pub weight_kg: Option<Kilograms>,
        /// What tax rates go by.
        pub tax_category: Option<Line<100>>,
        /// How a sold unit comes to be: usually `key_pool` for a key, `merchant` for a service, else `none`.
        pub method: Option<MethodName>,
        /// When the end user is asked; usually `at_activation` with `key_pool`, else `none`.
        pub end_user_information: Option<EndUserInformation>,
        /// Whether the company that sells on must be named; usually false.
        pub reseller_information: Option<bool>,
        /// Fewest units of a line.
        pub min_quantity: Option<Quantity>,
        /// Most units of a line.
        pub max_quantity: Option<Quantity>,
    }

    /// Changes of a product: what is left out stays, null clears.
    pub struct ProductChanges {
        /// Unique at the merchant.
        pub sku: Option<Sku>,
        /// As shown.
        pub name: Option<Line<200>>,
        /// Version of what is sold.
        pub product_version: Patch<Line<50>>,
        /// One line.
        pub short_description: Patch<Line<300>>,
        /// Several lines.
        pub description: Patch<Paragraph<20_000>>,
        /// `https://…`
        pub image_url: Patch<Line<500>>,
        /// Whether it is sold. There is no deleting: what is no longer sold is disabled.
        pub enabled: Option<bool>,
        /// What is sold.
        pub kind: Option<Kind>,
        /// The parts of a bundle, in place of those it has.
        pub parts: Option<Upto<50, PartInput>>,
        /// What margins and reports group by.
        pub group: Patch<Line<100>>,
        /// Weight.
        pub weight_kg: Patch<Kilograms>,
        /// What tax rates go by.
        pub tax_category: Patch<Line<100>>,
        /// How a sold unit comes to be.
        pub method: Option<MethodName>,
        /// When the end user is asked.
        pub end_user_information: Option<EndUserInformation>,
        /// Whether the company that sells on must be named.
        pub reseller_information: Option<bool>,
        /// Fewest units of a line.
        pub min_quantity: Patch<Quantity>,
        /// Most units of a line.
        pub max_quantity: Patch<Quantity>,
    }

    /// Which products are listed.
    pub struct ProductQuery {
        /// Sold, or not.
        pub enabled: Option<bool>,
        /// Of this kind.
        pub kind: Option<Kind>,
        /// Of this group.
        pub group: Option<Line<100>>,
        /// SKU or name contains this.
        pub search: Option<Line<100>>,
        /// In what order: the newest first where nothing is said.
        pub sort: Option<ProductSort>,
    }
}

view! {
    /// A part of a bundle.
    pub struct PartView {
        /// Which product.
        pub product: ProductId,
        /// Its SKU.
        pub sku: String,
        /// Units per bundle.
        pub quantity: i64,
    }

    /// A product, as its merchant sees it.
    pub struct ProductView {
        /// Its id.
        pub id: ProductId,
        /// The product that it is a variant of.
        pub parent: Option<ProductId>,
        /// Unique at the merchant.
        pub sku: String,
        /// As shown.
        pub name: String,
        /// Version of what is sold.
        pub product_version: Option<String>,
        /// One line.
        pub short_description: Option<String>,
        /// Several lines.
        pub description: Option<String>,
        /// A picture.
        pub image_url: Option<String>,
        /// Whether it is sold.
        pub enabled: bool,
        /// What is sold.
        pub kind: Kind,
        /// Whether it expands to parts when it is ordered.
        pub r#type: ProductType,
        /// The parts of a bundle.
        pub parts: Vec<PartView>,
        /// What margins and reports group by.
        pub group: Option<String>,
        /// Weight in kilograms.
        pub weight_kg: Option<String>,
        /// What tax rates go by.
        pub tax_category: Option<String>,
        /// How a sold unit comes to be.
        pub method: Method,
        /// When the end user is asked.
        pub end_user_information: EndUserInformation,
        /// Whether the company that sells on must be named.
        pub reseller_information: bool,
        /// Fewest units of a line.
        pub min_quantity: Option<i64>,
        /// Most units of a line.
        pub max_quantity: Option<i64>,
        /// When it was created.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
        /// Counts changes.
        pub version: i64,
    }
}

impl From<queries::ProductView> for ProductView {
    fn from(product: queries::ProductView) -> Self {
        let fields = product.fields;
        Self {
            id: product.id,
            parent: product.parent.map(|(_, id)| id),
            sku: fields.sku,
            name: fields.name,
            product_version: fields.product_version,
            short_description: fields.short_description,
            description: fields.description,
            image_url: fields.image_url,
            enabled: fields.enabled,
            kind: fields.kind,
            r#type: if fields.bundle { ProductType::Bundle } else { ProductType::Regular },
            parts: product.parts.into_iter().map(|part| PartView { product: part.id, sku: part.sku, quantity: part.quantity }).collect(),
            group: fields.group,
            weight_kg: fields.weight_grams.map(kilograms),
            tax_category: fields.tax_category,
            method: fields.method,
            end_user_information: fields.end_user_information,
            reseller_information: fields.reseller_information,
            min_quantity: fields.min_quantity,
            max_quantity: fields.max_quantity,
            created_at: product.created,
            updated_at: product.updated,
            version: product.version,
        }
    }
}

/// Adds the paths to the table.
pub fn routes(r: &mut Routes) {
    r.get("/v1/merchant/products", "listProducts", list)
        .tag("Products")
        .doc("Lists the products, newest first. With `Accept: text/csv` all of them as the file that `/products/imports` takes.")
        .needs(Right::MerchantRead)
        .query::<ProductQuery>()
        .lists::<ProductView>()
        .answers_text("text/csv");
    r.post("/v1/merchant/products", "createProduct", create)
        .tag("Products")
        .doc("Creates a product or a bundle.")
        .needs(Right::CatalogManage)
        .body::<NewProduct>()
        .answers::<ProductView>(201)
        .command::<CreateProduct>();
    r.get("/v1/merchant/products/{id}", "getProduct", get).tag("Products").doc("Shows a product.").needs(Right::MerchantRead).answers::<ProductView>(200);
    r.patch("/v1/merchant/products/{id}", "changeProduct", change)
        .tag("Products")
        .doc("Changes a product. `If-Match` is honored.")
        .needs(Right::CatalogManage)
        .body::<ProductChanges>()
        .answers::<ProductView>(200)
        .command::<ChangeProduct>();
    r.get("/v1/merchant/products/{id}/variants", "listVariants", variants)
        .tag("Products")
        .doc("Lists the variants of a product, newest first.")
        .needs(Right::MerchantRead)
        .lists::<ProductView>();
    r.post("/v1/merchant/products/{id}/variants", "createVariant", create_variant)
        .tag("Products")
        .doc("Creates a variant with its own SKU, prices and stock. What is left out it takes from the product; who may order it follows the product.")
        .needs(Right::CatalogManage)
        .body::<NewProduct>()
        .answers::<ProductView>(201)
        .command::<CreateProduct>();
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, asked) = (call.merchant()?, call.query::<ProductQuery>()?);
    if call.wants_csv() {
        let file = call.read(move |reader| Box::pin(async move { import::export(reader, scope).await })).await?;
        return Ok(Answer::csv("products.csv", file));
    }
    let (group, search, sort) = (asked.group.map(Into::into), asked.search.map(Into::into), asked.sort.unwrap_or_default());
    let filter = ProductFilter { enabled: asked.enabled, kind: asked.kind, group, parent: None, search, sort };
    let page = call.page()?;
    let page = call.read(move |reader| Box::pin(async move { queries::products(reader, scope, &filter, page).await })).await?;
    Ok(call.list(page, ProductView::from))
}

async fn shown(call: &Call, scope: MerchantScope, id: ProductId) -> Result<ProductView, Problem> {
    let found = call.read(move |reader| Box::pin(async move { queries::product(reader, scope, id).await })).await?;
    Ok(found.or_not_found()?.into())
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let product = shown(&call, call.merchant()?, call.path("id")?).await?;
    Ok(Answer::ok(&product).etag(product.version))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let scope = call.merchant()?;
    let patch = new_patch(call.body()?);
    let id = call.execute(CreateProduct { scope, parent: None, patch }).await?.outcome;
    let product = shown(&call, scope, id).await?;
    Ok(Answer::created(&product, &call.location(id)).etag(product.version))
}

async fn create_variant(call: Call) -> Result<Answer, Problem> {
    let (scope, parent) = (call.merchant()?, call.path("id")?);
    let patch = new_patch(call.body()?);
    let id = call.execute(CreateProduct { scope, parent: Some(parent), patch }).await?.outcome;
    let product = shown(&call, scope, id).await?;
    Ok(Answer::created(&product, &format!("/v1/merchant/products/{id}")).etag(product.version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let (scope, product) = (call.merchant()?, call.path("id")?);
    let (expected_version, patch) = (call.if_match()?, changed_patch(call.body()?));
    call.execute(ChangeProduct { scope, product, expected_version, patch }).await?;
    let product = shown(&call, scope, product).await?;
    Ok(Answer::ok(&product).etag(product.version))
}

async fn variants(call: Call) -> Result<Answer, Problem> {
    let (scope, id, page) = (call.merchant()?, call.path::<ProductId>("id")?, call.page()?);
    let parent = call.read(move |reader| Box::pin(async move { queries::product(reader, scope, id).await })).await?.or_not_found()?;
    let filter = ProductFilter { parent: Some(parent.number), ..ProductFilter::default() };
    let page = call.read(move |reader| Box::pin(async move { queries::products(reader, scope, &filter, page).await })).await?;
    Ok(call.list(page, ProductView::from))
}

fn parts(parts: Upto<50, PartInput>) -> Vec<PartPatch> {
    parts.0.into_iter().map(|part| PartPatch { product: part.product.into(), quantity: part.quantity.get() }).collect()
}

/// What was left out of a new product is not set at all, so that a variant takes it from its parent.
fn new_patch(new: NewProduct) -> ProductPatch {
    ProductPatch {
        sku: Some(new.sku.into()),
        name: Some(new.name.into()),
        product_version: new.product_version.map(|text| Some(text.into())),
        short_description: new.short_description.map(|text| Some(text.into())),
        description: new.description.map(|text| Some(text.into())),
        image_url: new.image_url.map(|text| Some(text.into())),
        enabled: new.enabled,
        kind: new.kind,
        bundle: new.r#type.map(|chosen| chosen == ProductType::Bundle),
        parts: new.parts.map(parts),
        group: new.group.map(|text| Some(text.into())),
        weight_grams: new.weight_kg.map(|Kilograms(grams)| Some(grams)),
        tax_category: new.tax_category.map(|text| Some(text.into())),
        method: new.method.map(|MethodName(method)| method),
        end_user_information: new.end_user_information,
        reseller_information: new.reseller_information,
        min_quantity: new.min_quantity.map(|quantity| Some(quantity.get())),
        max_quantity: new.max_quantity.map(|quantity| Some(quantity.get())),
    }
}

fn changed_patch(changes: ProductChanges) -> ProductPatch {
    ProductPatch {
        sku: changes.sku.map(Into::into),
        name: changes.name.map(Into::into),
        product_version: changes.product_version.map(Into::into).change(),
        short_description: changes.short_description.map(Into::into).change(),
        description: changes.description.map(Into::into).change(),
        image_url: changes.image_url.map(Into::into).change(),
        enabled: changes.enabled,
        kind: changes.kind,
        bundle: None,
        parts: changes.parts.map(parts),
        group: changes.group.map(Into::into).change(),
        weight_grams: changes.weight_kg.map(|Kilograms(grams)| grams).change(),
        tax_category: changes.tax_category.map(Into::into).change(),
        method: changes.method.map(|MethodName(method)| method),
        end_user_information: changes.end_user_information,
        reseller_information: changes.reseller_information,
        min_quantity: changes.min_quantity.map(Quantity::get).change(),
        max_quantity: changes.max_quantity.map(Quantity::get).change(),
    }
}
