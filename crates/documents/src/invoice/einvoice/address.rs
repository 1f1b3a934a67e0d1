//! Where the two parties are: parts where they are known, lines of the letter where not. The country is needed.

use super::Issuer;
use crate::invoice::told::Told;
use crate::xml::Xml;
use tradepost_domain::billing::document::InvoiceDocument;
use tradepost_kernel::{Language, countries};

/// An address (BG-5, BG-8).
pub(super) struct Address<'a> {
    postal_code: Option<&'a str>,
    lines: Vec<String>,
    city: Option<&'a str>,
    region: Option<&'a str>,
    country: &'a str,
}

/// Whether these are the two letters of a country. Not all are: `UK` is none.
fn is_country(code: &str) -> bool {
    countries::name(Language::English, code).is_some()
}

/// The merchant's country: the document's, else the one of today. Where the document says none, its letter named none, so that nothing is told differently.
pub(super) fn seller_country<'a>(document: &'a InvoiceDocument, issuer: &'a Issuer) -> Option<&'a str> {
    [&document.seller.country, &issuer.country].into_iter().flatten().map(String::as_str).find(|code| is_country(code))
}

/// The reseller's country. Documents without parts of an address have it as their last line: it was always written there.
pub(super) fn buyer_country(document: &InvoiceDocument) -> Option<&str> {
    let buyer = &document.buyer;
    let code = buyer.place.as_ref().map_or_else(|| buyer.address.last(), |place| Some(&place.country));
    code.map(String::as_str).filter(|code| is_country(code))
}

/// The lines of the letter without the country, which is the last of them where the document says one.
pub(super) fn seller<'a>(told: &Told<'a>, issuer: &'a Issuer) -> Option<Address<'a>> {
    let (document, mut lines) = (told.document, told.seller_address());
    if document.seller.country.is_some() {
        lines.pop();
    }
    let lines = lines.iter().filter_map(|line| some(line)).map(str::to_owned).collect();
    Some(Address { postal_code: None, lines, city: None, region: None, country: seller_country(document, issuer)? })
}

pub(super) fn buyer(document: &InvoiceDocument) -> Option<Address<'_>> {
    let (buyer, country) = (&document.buyer, buyer_country(document)?);
    let Some(place) = &buyer.place else {
        let before = buyer.address.len().saturating_sub(1);
        let lines = buyer.address.iter().take(before).filter_map(|line| some(line)).map(str::to_owned).collect();
        return Some(Address { postal_code: None, lines, city: None, region: None, country });
    };
    Some(Address {
        postal_code: place.postal_code.as_deref().and_then(some),
        lines: place.street.iter().flat_map(|street| street.lines()).filter_map(some).map(str::to_owned).collect(),
        city: place.city.as_deref().and_then(some),
        region: place.region.as_deref().and_then(some),
        country,
    })
}

/// Nothing is written of what is blank.
fn some(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

impl Address<'_> {
    /// In the order of the syntax. There is room for three lines: what is beyond goes into the third one.
    pub(super) fn write(&self, xml: &mut Xml) {
        let write = |xml: &mut Xml, name: &str, text: Option<&str>| {
            if let Some(text) = text {
                xml.text(name, text);
            }
        };
        write(xml, "ram:PostcodeCode", self.postal_code);
        let rest = self.lines.get(2..).unwrap_or_default().join(", ");
        write(xml, "ram:LineOne", self.lines.first().map(String::as_str));
        write(xml, "ram:LineTwo", self.lines.get(1).map(String::as_str));
        write(xml, "ram:LineThree", some(&rest));
        write(xml, "ram:CityName", self.city);
        xml.text("ram:CountryID", self.country);
        write(xml, "ram:CountrySubDivisionName", self.region);
    }
}
