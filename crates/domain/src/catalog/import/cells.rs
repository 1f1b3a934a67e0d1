//! The columns of a product file, and how their cells are read and written.

use super::ProductLine;
use crate::catalog::queries::ProductView;
use crate::catalog::{EndUserInformation, Kind, Method, PartPatch, Tier, grams, kilograms, tiers_error};
use tradepost_kernel::Currency;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Sku,
    Name,
    Kind,
    Type,
    Method,
    Group,
    Parent,
    Parts,
    Enabled,
    EndUserInformation,
    ResellerInformation,
    MinQuantity,
    MaxQuantity,
    ProductVersion,
    ShortDescription,
    Description,
    ImageUrl,
    WeightKg,
    TaxCategory,
    Price(Currency),
}

/// All columns but prices, in the order in which they are written.
pub(super) const COLUMNS: &[(Column, &str)] = &[
    (Column::Sku, "sku"),
    (Column::Name, "name"),
    (Column::Kind, "kind"),
    (Column::Type, "type"),
    (Column::Method, "method"),
    (Column::Group, "group"),
    (Column::Parent, "parent"),
    (Column::Parts, "parts"),
    (Column::Enabled, "enabled"),
    (Column::EndUserInformation, "end_user_information"),
    (Column::ResellerInformation, "reseller_information"),
    (Column::MinQuantity, "min_quantity"),
    (Column::MaxQuantity, "max_quantity"),
    (Column::ProductVersion, "product_version"),
    (Column::ShortDescription, "short_description"),
    (Column::Description, "description"),
    (Column::ImageUrl, "image_url"),
    (Column::WeightKg, "weight_kg"),
    (Column::TaxCategory, "tax_category"),
];

impl Column {
    pub(super) fn named(name: &str) -> Option<Self> {
        if let Some(code) = name.strip_prefix("price_") {
            return code.parse().ok().map(Self::Price);
        }
        COLUMNS.iter().find(|(_, known)| *known == name).map(|(column, _)| *column)
    }

    pub(super) fn name(self) -> String {
        if let Self::Price(currency) = self {
            return format!("price_{currency}");
        }
        COLUMNS.iter().find(|(column, _)| *column == self).map_or_else(String::new, |(_, name)| (*name).to_owned())
    }

    /// Reads a cell into a line, or says what is wrong with it.
    pub(super) fn take(self, cell: &str, line: &mut ProductLine) -> Result<(), String> {
        let text = unguarded(cell);
        let filled = (!text.trim().is_empty()).then(|| text.to_owned());
        let patch = &mut line.patch;
        match self {
            Self::Sku => {
                line.sku = text.trim().to_owned();
                patch.sku = Some(line.sku.clone());
            }
            Self::Name => patch.name = filled,
            Self::Group => patch.group = Some(filled),
            Self::ProductVersion => patch.product_version = Some(filled),
            Self::ShortDescription => patch.short_description = Some(filled),
            Self::Description => patch.description = Some(filled),
            Self::ImageUrl => patch.image_url = Some(filled),
            Self::TaxCategory => patch.tax_category = Some(filled),
            Self::Parent => line.parent = Some(filled.map(|sku| sku.trim().to_owned())),
            Self::Kind => patch.kind = filled.map(|name| Kind::parse(name.trim()).map_err(|no| no.detail)).transpose()?,
            Self::Method => patch.method = filled.map(|name| Method::parse(name.trim()).map_err(|no| no.detail)).transpose()?,
            Self::Type => patch.bundle = filled.map(|name| bundle(name.trim())).transpose()?,
            Self::EndUserInformation => {
                let read = |name: String| EndUserInformation::from_name(name.trim()).ok_or("must be none, at_activation or before_delivery");
                patch.end_user_information = filled.map(read).transpose()?;
            }
            Self::Enabled => patch.enabled = filled.map(|name| yes(name.trim())).transpose()?,
            Self::ResellerInformation => patch.reseller_information = filled.map(|name| yes(name.trim())).transpose()?,
            Self::MinQuantity => patch.min_quantity = Some(filled.map(|number| whole(number.trim())).transpose()?),
            Self::MaxQuantity => patch.max_quantity = Some(filled.map(|number| whole(number.trim())).transpose()?),
            Self::WeightKg => {
                let read = |text: String| grams(text.trim()).ok_or("must be kilograms with at most three decimals");
                patch.weight_grams = Some(filled.map(read).transpose()?);
            }
            Self::Parts => patch.parts = filled.map(|text| parts(&text)).transpose()?,
            Self::Price(currency) => {
                let tiers = filled.map(|text| tiers(currency, &text)).transpose()?.unwrap_or_default();
                line.prices.push((currency, tiers));
            }
        }
        Ok(())
    }

    /// The cell of a product; prices are written apart.
    pub(super) fn cell(self, product: &ProductView, parent_sku: Option<&str>) -> String {
        let fields = &product.fields;
        let text = |text: &Option<String>| guarded(text.as_deref().unwrap_or_default());
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        match self {
            Self::Sku => guarded(&fields.sku),
            Self::Name => guarded(&fields.name),
            Self::Kind => fields.kind.name().into(),
            Self::Type => if fields.bundle { "bundle" } else { "regular" }.into(),
            Self::Method => fields.method.name().into(),
            Self::Group => text(&fields.group),
            Self::Parent => guarded(parent_sku.unwrap_or_default()),
            Self::Parts => {
                let parts: Vec<String> = product.parts.iter().map(|part| format!("{}:{}", part.sku, part.quantity)).collect();
                guarded(&parts.join("|"))
            }
            Self::Enabled => fields.enabled.to_string(),
            Self::EndUserInformation => fields.end_user_information.name().into(),
            Self::ResellerInformation => fields.reseller_information.to_string(),
            Self::MinQuantity => number(fields.min_quantity),
            Self::MaxQuantity => number(fields.max_quantity),
            Self::ProductVersion => text(&fields.product_version),
            Self::ShortDescription => text(&fields.short_description),
            Self::Description => text(&fields.description),
            Self::ImageUrl => text(&fields.image_url),
            Self::WeightKg => fields.weight_grams.map(kilograms).unwrap_or_default(),
            Self::TaxCategory => text(&fields.tax_category),
            Self::Price(_) => String::new(),
        }
    }
}

fn bundle(name: &str) -> Result<bool, String> {
    match name {
        "bundle" => Ok(true),
        "regular" => Ok(false),
        _ => Err("must be regular or bundle".into()),
    }
}

fn yes(name: &str) -> Result<bool, String> {
    match name.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn whole(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "must be a whole number".into())
}

fn parts(text: &str) -> Result<Vec<PartPatch>, String> {
    let part = |text: &str| {
        let (product, quantity) = text.trim().rsplit_once(':').ok_or("must be like SKU:2|OTHER:1")?;
        Ok(PartPatch { product: product.to_owned(), quantity: whole(quantity)? })
    };
    text.split('|').map(part).collect()
}

fn tiers(currency: Currency, text: &str) -> Result<Vec<Tier>, String> {
    let tier = |text: &str| {
        let (from, amount) = text.trim().split_once(':').unwrap_or(("1", text.trim()));
        let money = currency.parse(amount).map_err(|_| format!("{amount} is not an amount of {currency}"))?;
        Ok(Tier { from_quantity: whole(from)?, unit_minor: money.minor })
    };
    let tiers: Vec<Tier> = text.split('|').map(tier).collect::<Result<_, String>>()?;
    tiers_error(&tiers).map_or(Ok(tiers), |no| Err(no.detail))
}

/// A price cell: the first tier bare, the others with their quantity.
pub(super) fn price_cell(currency: Currency, tiers: &[Tier]) -> String {
    let tier = |tier: &Tier| {
        let amount = currency.minor(tier.unit_minor).amount_text();
        if tier.from_quantity == 1 { amount } else { format!("{}:{amount}", tier.from_quantity) }
    };
    tiers.iter().map(tier).collect::<Vec<_>>().join("|")
}

/// What a spreadsheet would run, as seen through the apostrophes in front.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

fn guarded(text: &str) -> String {
    if is_formula(text) { format!("'{text}") } else { text.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PLT-14: what is written is harmless in a spreadsheet and reads back the same.
    #[test]
    fn formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "'=1", "''@x", "plain", "'quoted'", "-5 %", "", "＝1"] {
            let cell = guarded(text);
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝']), "{cell}");
            assert_eq!(unguarded(&cell), text);
        }
    }

    #[test]
    fn price_cells_read_back() {
        let usd: Currency = "USD".parse().expect("a currency");
        for cell in ["40.00", "40.00|10:36.00|100:32.00", "0.00"] {
            assert_eq!(price_cell(usd, &tiers(usd, cell).expect(cell)), cell);
        }
        for wrong in ["10:36.00", "40.00|10", "40.001", "-1", "40.00|5:1|5:1", "abc"] {
            assert!(tiers(usd, wrong).is_err(), "{wrong}");
        }
    }
}
