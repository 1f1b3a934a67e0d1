//! What can be written into a product, and what is wrong with it (CAT-1 … CAT-3). Pure.

use super::{EndUserInformation, Kind, Method};
use serde_json::{Value as Json, json};
use tradepost_kernel::Refusal;
use tradepost_kernel::text::{self, InvalidText};

/// Everything of a product that people set, besides its prices and parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductFields {
    /// Unique per merchant.
    pub sku: String,
    /// As shown.
    pub name: String,
    /// The version of what is sold, such as `2026.1`.
    pub product_version: Option<String>,
    /// One line.
    pub short_description: Option<String>,
    /// Several lines.
    pub description: Option<String>,
    /// Where a picture lies (`https://…`).
    pub image_url: Option<String>,
    /// Whether it is sold.
    pub enabled: bool,
    /// What is sold.
    pub kind: Kind,
    /// Whether it expands to parts. Never changes.
    pub bundle: bool,
    /// What margins and reports group by.
    pub group: Option<String>,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
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
}

/// A part of a bundle as it was asked for: id or SKU, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPatch {
    /// Id or SKU.
    pub product: String,
    /// Units per bundle.
    pub quantity: i64,
}

/// What is to be set; what is `None` stays (or gets its default in a new product). A field that can be empty
/// is set to nothing by `Some(None)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of ProductFields")]
pub struct ProductPatch {
    pub sku: Option<String>,
    pub name: Option<String>,
    pub product_version: Option<Option<String>>,
    pub short_description: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub image_url: Option<Option<String>>,
    pub enabled: Option<bool>,
    pub kind: Option<Kind>,
    pub bundle: Option<bool>,
    pub parts: Option<Vec<PartPatch>>,
    pub group: Option<Option<String>>,
    pub weight_grams: Option<Option<i64>>,
    pub tax_category: Option<Option<String>>,
    pub method: Option<Method>,
    pub end_user_information: Option<EndUserInformation>,
    pub reseller_information: Option<bool>,
    pub min_quantity: Option<Option<i64>>,
    pub max_quantity: Option<Option<i64>>,
}

/// Most units of one line, whatever the product says.
pub const MOST_UNITS: i64 = 100_000;
/// Most parts of a bundle.
const MOST_PARTS: usize = 50;

impl ProductFields {
    /// A new product from what was asked, with defaults: a key from the pool, asked for its end user when it is
    /// activated; a service is delivered by the merchant; a bundle and a download need nothing handed over.
    #[must_use]
    pub fn new(patch: &ProductPatch) -> Self {
        let bundle = patch.bundle.unwrap_or(false);
        let kind = patch.kind.unwrap_or(Kind::Key);
        let usual = match kind {
            Kind::Key if !bundle => Method::KeyPool,
            Kind::Service if !bundle => Method::Merchant,
            _ => Method::None,
        };
        let method = patch.method.unwrap_or(usual);
        let asked = if method == Method::KeyPool { EndUserInformation::AtActivation } else { EndUserInformation::None };
        let blank = Self {
            sku: String::new(),
            name: String::new(),
            product_version: None,
            short_description: None,
            description: None,
            image_url: None,
            enabled: true,
            kind,
            bundle,
            group: None,
            weight_grams: None,
            tax_category: None,
            method,
            end_user_information: patch.end_user_information.unwrap_or(asked),
            reseller_information: false,
            min_quantity: None,
            max_quantity: None,
        };
        blank.with(patch)
    }

    /// These fields with the patch over them. Whether a product is a bundle never changes here.
    #[must_use]
    pub fn with(&self, patch: &ProductPatch) -> Self {
        macro_rules! take {
            ($($field:ident),+) => { Self { $($field: patch.$field.clone().unwrap_or_else(|| self.$field.clone()),)+ bundle: self.bundle } };
        }
        take!(
            sku,
            name,
            product_version,
            short_description,
            description,
            image_url,
            enabled,
            kind,
            group,
            weight_grams,
            tax_category,
            method,
            end_user_information,
            reseller_information,
            min_quantity,
            max_quantity
        )
    }

    /// The same, trimmed, or everything that is wrong with it, each naming its field.
    ///
    /// # Errors
    /// `invalid_field`, `invalid_text`, `quantity_out_of_range`, `not_available_yet`.
    pub fn checked(mut self) -> Result<Self, Vec<Refusal>> {
        let mut wrong = Vec::new();
        take_text(&mut self.sku, "/sku", text::sku, &mut wrong);
        take_text(&mut self.name, "/name", |name| text::line(name, 200), &mut wrong);
        take_optional(&mut self.product_version, "/product_version", |text| text::line(text, 50), &mut wrong);
        take_optional(&mut self.short_description, "/short_description", |text| text::line(text, 300), &mut wrong);
        take_optional(&mut self.description, "/description", |text| text::paragraph(text, 20_000), &mut wrong);
        take_optional(&mut self.image_url, "/image_url", image_url, &mut wrong);
        take_optional(&mut self.group, "/group", |text| text::line(text, 100), &mut wrong);
        take_optional(&mut self.tax_category, "/tax_category", |text| text::line(text, 100), &mut wrong);
        if matches!(self.kind, Kind::Subscription | Kind::Physical) {
            wrong.push(super::not_available_yet("/kind", self.kind.name()));
        }
        if self.bundle && self.method != Method::None {
            wrong.push(Refusal::invalid("invalid_field", "A bundle's method is none: its parts are delivered.").at("/method"));
        }
        if self.weight_grams.is_some_and(|grams| !(0..=1_000_000_000).contains(&grams)) {
            wrong.push(Refusal::invalid("invalid_field", "must be between 0 and 1,000,000 kg").at("/weight_kg"));
        }
        for (quantity, pointer) in [(self.min_quantity, "/min_quantity"), (self.max_quantity, "/max_quantity")] {
            if quantity.is_some_and(|quantity| !(1..=MOST_UNITS).contains(&quantity)) {
                wrong.push(Refusal::invalid("quantity_out_of_range", "must be between 1 and 100,000").at(pointer));
            }
        }
        if let (Some(min), Some(max)) = (self.min_quantity, self.max_quantity)
            && min > max
        {
            wrong.push(Refusal::invalid("quantity_out_of_range", "must not be below min_quantity").at("/max_quantity"));
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// As it stands in the audit trail.
    #[must_use]
    pub fn facts(&self) -> Json {
        json!({
            "sku": self.sku,
            "name": self.name,
            "product_version": self.product_version,
            "short_description": self.short_description,
            "description": self.description,
            "image_url": self.image_url,
            "enabled": self.enabled,
            "kind": self.kind.name(),
            "type": if self.bundle { "bundle" } else { "regular" },
            "group": self.group,
            "weight_grams": self.weight_grams,
            "tax_category": self.tax_category,
            "method": self.method.name(),
            "end_user_information": self.end_user_information.name(),
            "reseller_information": self.reseller_information,
            "min_quantity": self.min_quantity,
            "max_quantity": self.max_quantity,
        })
    }
}

/// A weight in kilograms with at most three decimals, in grams: `0.35` is 350.
#[must_use]
pub fn grams(kilograms: &str) -> Option<i64> {
    let (whole, fraction) = kilograms.split_once('.').map_or((kilograms, ""), |(whole, fraction)| (whole, fraction));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let bare_point = kilograms.contains('.') && fraction.is_empty();
    if whole.is_empty() || whole.len() > 7 || fraction.len() > 3 || bare_point || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}

/// Grams as kilograms: 350 is `0.35`.
#[must_use]
pub fn kilograms(grams: i64) -> String {
    let text = format!("{}.{:03}", grams / 1000, grams % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What is wrong with the parts asked for, as far as it shows without the database.
pub(super) fn parts_error(bundle: bool, parts: Option<&[PartPatch]>) -> Option<Refusal> {
    let parts = parts?;
    if !bundle && !parts.is_empty() {
        return Some(Refusal::invalid("invalid_field", "Only a bundle has parts.").at("/parts"));
    }
    if bundle && parts.is_empty() {
        return Some(Refusal::invalid("invalid_field", "A bundle has at least one part.").at("/parts"));
    }
    if parts.len() > MOST_PARTS {
        return Some(Refusal::invalid("invalid_field", format!("A bundle has at most {MOST_PARTS} parts.")).at("/parts"));
    }
    let wrong = parts.iter().position(|part| !(1..=MOST_UNITS).contains(&part.quantity))?;
    Some(Refusal::invalid("quantity_out_of_range", "must be between 1 and 100,000").at(format!("/parts/{wrong}/quantity")))
}

fn image_url(text: &str) -> Result<String, InvalidText> {
    let url = text::line(text, 500)?;
    let fits = url.starts_with("https://") && url.len() > 8 && !url.chars().any(|c| c.is_whitespace() || "\"'<>\\".contains(c));
    if fits { Ok(url) } else { Err(InvalidText::Malformed) }
}

fn take_text(field: &mut String, pointer: &str, check: impl Fn(&str) -> Result<String, InvalidText>, wrong: &mut Vec<Refusal>) {
    match check(field) {
        Ok(text) => *field = text,
        Err(why) => wrong.push(text_error(why).at(pointer)),
    }
}

/// An optional text: blank is nothing.
fn take_optional(field: &mut Option<String>, pointer: &str, check: impl Fn(&str) -> Result<String, InvalidText>, wrong: &mut Vec<Refusal>) {
    let Some(text) = field.as_mut() else { return };
    match check(text) {
        Ok(checked) => *text = checked,
        Err(InvalidText::Blank) => *field = None,
        Err(why) => wrong.push(text_error(why).at(pointer)),
    }
}

fn text_error(why: InvalidText) -> Refusal {
    let code = if why == InvalidText::Forbidden { "invalid_text" } else { "invalid_field" };
    Refusal::invalid(code, why.detail())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sku: &str, name: &str) -> ProductPatch {
        ProductPatch { sku: Some(sku.into()), name: Some(name.into()), ..ProductPatch::default() }
    }

    /// CAT-2, CAT-3: what a new product is when little is said.
    #[test]
    fn a_key_comes_from_the_pool_and_asks_at_activation() {
        let key = ProductFields::new(&named("A-1", "Atlas"));
        assert_eq!((key.method, key.end_user_information, key.enabled), (Method::KeyPool, EndUserInformation::AtActivation, true));
        let service = ProductFields::new(&ProductPatch { kind: Some(Kind::Service), ..named("S-1", "Set-up") });
        assert_eq!((service.method, service.end_user_information), (Method::Merchant, EndUserInformation::None));
        let bundle = ProductFields::new(&ProductPatch { bundle: Some(true), ..named("B-1", "Suite") });
        assert_eq!(bundle.method, Method::None);
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let patch = ProductPatch {
            kind: Some(Kind::Physical),
            image_url: Some(Some("http://example.org/a.png".into())),
            min_quantity: Some(Some(10)),
            max_quantity: Some(Some(5)),
            ..named("has space", "two\nlines")
        };
        let wrong = ProductFields::new(&patch).checked().expect_err("much is wrong");
        let named: Vec<(&str, &str)> = wrong.iter().map(|no| (no.pointer.as_str(), no.code)).collect();
        assert_eq!(
            named,
            [
                ("/sku", "invalid_field"),
                ("/name", "invalid_text"),
                ("/image_url", "invalid_field"),
                ("/kind", "not_available_yet"),
                ("/max_quantity", "quantity_out_of_range"),
            ]
        );
    }

    #[test]
    fn a_patch_leaves_alone_what_it_does_not_name() {
        let was = ProductFields::new(&ProductPatch { group: Some(Some("Office".into())), ..named("A-1", "Atlas") });
        let is = was.with(&ProductPatch { enabled: Some(false), group: Some(None), ..ProductPatch::default() });
        assert_eq!((is.sku.as_str(), is.enabled, is.group), ("A-1", false, None));
    }

    #[test]
    fn weights_are_kilograms_outside_and_grams_inside() {
        for (text, inside) in [("0.35", 350), ("12", 12_000), ("1.005", 1005), ("0", 0)] {
            assert_eq!((grams(text), kilograms(inside).as_str()), (Some(inside), text));
        }
        for wrong in ["", ".5", "1.", "1.2345", "-1", "1e3", "12345678"] {
            assert_eq!(grams(wrong), None, "{wrong}");
        }
    }

    /// CAT-2
    #[test]
    fn kinds_and_methods_of_later_versions_are_known_and_refused() {
        assert_eq!(Kind::parse("subscription").map_err(|no| no.code), Err("not_available_yet"));
        assert_eq!(Method::parse("ship").map_err(|no| no.code), Err("not_available_yet"));
        assert_eq!(Method::parse("teleport").map_err(|no| no.code), Err("invalid_field"));
    }
}
