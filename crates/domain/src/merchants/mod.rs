//! Merchants, their sandbox twins, staff and number counters.
//!
//! Always true here:
//! - A merchant is two rows, live and sandbox, each the other's twin; they share the slug and nothing else.
//! - A merchant has at least one owner.
//! - A counter counts without gaps: it moves in the transaction that uses its number.
//!
//! What does not belong: channels and terms (partners), price lists (catalog).

pub mod branding;
pub mod members;
pub mod ownership;
pub mod queries;
pub mod store;
pub mod update;

use crate::ids::MerchantId;
pub use branding::{Branding, ChangeBranding, Logo, LogoKind, RemoveLogo, SetLogo, branding};
pub use members::{AddMerchantMember, ChangeMerchantMember, RemoveMerchantMember};
pub use ownership::TransferMerchant;
use serde::{Deserialize, Serialize};
pub use store::{next_number, next_numbers, next_numbers_of_all};
use tradepost_kernel::{Bic, Currency, Iban, Timestamp};
pub use update::{MerchantUpdated, UpdateMerchant};

/// A merchant or its sandbox, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantView {
    /// The small number that its rows carry.
    pub number: i64,
    /// The public id.
    pub id: MerchantId,
    /// The name in URLs; the sandbox has the same.
    pub slug: String,
    /// The name on pages and documents.
    pub name: String,
    /// Whether it is the sandbox (PLT-6).
    pub test: bool,
    /// The number of the other one.
    pub twin: i64,
    /// The currency it began with; also the program's term.
    pub currency: Currency,
    /// IANA name; dates of documents are of this zone.
    pub time_zone: String,
    /// Where its mail comes from.
    pub sender_email: Option<String>,
    /// Postal address, several lines.
    pub address: Option<String>,
    /// ISO 3166 code, two letters.
    pub country: Option<String>,
    /// VAT id.
    pub vat_id: Option<String>,
    /// What else to know to pay by check or money order, printed on invoices (BIL-3).
    pub check_instructions: Option<String>,
    /// What else to know to pay by wire, printed on invoices (BIL-3).
    pub wire_instructions: Option<String>,
    /// Where wires go, printed on invoices (BIL-3).
    pub bank_account: Option<BankAccount>,
    /// When it was created.
    pub created: Timestamp,
    /// When its owner closed the account.
    pub closed: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
}

/// The account that wires to a merchant go to (BIL-3). Invoices keep it as it was when they were issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// Whose it is, as the bank has it: one line of at most [`BankAccount::LONGEST_HOLDER`] characters.
    pub holder: String,
    /// Its number.
    pub iban: Iban,
    /// Its bank; within the European Economic Area the IBAN alone is enough.
    pub bic: Option<Bic>,
}

impl BankAccount {
    /// Characters that a holder's name has at most (EPC069-12, AT-21).
    pub const LONGEST_HOLDER: usize = 70;
}

/// A slug: 2–40 of a–z, 0–9 and inner hyphens. With `make` it is made from a name, else the text must be one.
#[must_use]
pub fn slug(text: &str, make: bool) -> Option<String> {
    let text = if make {
        let dashed: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        dashed.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").chars().take(40).collect::<String>().trim_matches('-').to_owned()
    } else {
        text.to_owned()
    };
    let fits = (2..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_from_a_name_or_taken_as_it_is() {
        assert_eq!(slug("Acme Software GmbH & Co.", true).as_deref(), Some("acme-software-gmbh-co"));
        assert_eq!(slug("acme-2", false).as_deref(), Some("acme-2"));
        for wrong in ["Acme", "a", "-a", "a-", "a b", "ä-b"] {
            assert_eq!(slug(wrong, false), None, "{wrong}");
        }
        assert_eq!(slug("日本", true), None);
    }
}
