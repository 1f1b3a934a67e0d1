//! The QR code that a banking app makes a transfer of (BIL-3): "Quick Response Code: Guidelines to enable data capture for the
//! initiation of a SEPA credit transfer", EPC069-12, version 002.

use crate::qr::Code;
use tradepost_domain::merchants::BankAccount;
use tradepost_kernel::Currency;

/// The least and the most that a transfer may be over, in cents.
const AMOUNTS: std::ops::RangeInclusive<i64> = 1..=99_999_999_999;
/// Bytes that the text has at most: what a code of version 13 takes at level M.
const MOST_BYTES: usize = 331;
/// Characters that the purpose in words has at most.
const LONGEST_PURPOSE: usize = 140;

/// The text of the code, with lines that end in LF: a transfer of `open_minor` to `account` with the number of the invoice as its
/// purpose. `None` where there is no such code: another currency, nothing to be paid, an account that SEPA does not reach or
/// only with a BIC that is not there, texts that do not fit.
#[must_use]
pub fn text(account: &BankAccount, currency: Currency, open_minor: i64, number: &str) -> Option<String> {
    let bic = account.bic.as_ref().map_or("", |bic| bic.as_str());
    let reachable = account.iban.is_eea() || account.iban.is_sepa() && !bic.is_empty();
    let fits = currency.code() == "EUR" && AMOUNTS.contains(&open_minor) && reachable && number.chars().count() <= LONGEST_PURPOSE;
    if !fits {
        return None;
    }
    let amount = format!("EUR{}", currency.minor(open_minor).amount_text());
    // Tag, version, UTF-8, a SEPA credit transfer; no code of a purpose and no structured reference.
    let lines = ["BCD", "002", "1", "SCT", bic, &account.holder, account.iban.as_str(), &amount, "", "", number];
    let text = lines.join("\n");
    (text.len() <= MOST_BYTES).then_some(text)
}

/// The code of [`text`].
#[must_use]
pub fn code(account: &BankAccount, currency: Currency, open_minor: i64, number: &str) -> Option<Code> {
    Code::of(&text(account, currency, open_minor, number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(iban: &str, bic: Option<&str>) -> BankAccount {
        BankAccount { holder: "Müller & Söhne GmbH".into(), iban: iban.parse().expect("an IBAN"), bic: bic.map(|bic| bic.parse().expect("a BIC")) }
    }

    const GERMAN: &str = "DE89 3704 0044 0532 0130 00";
    const SWISS: &str = "CH93 0076 2011 6238 5295 7";

    fn euro() -> Currency {
        "EUR".parse().expect("a currency")
    }

    /// BIL-3: line by line as EPC069-12 has it.
    #[test]
    fn the_text_is_a_transfer_of_what_is_open() {
        let told = text(&account(GERMAN, Some("COBADEFFXXX")), euro(), 123_456, "INV-17");
        assert_eq!(told.as_deref(), Some("BCD\n002\n1\nSCT\nCOBADEFFXXX\nMüller & Söhne GmbH\nDE89370400440532013000\nEUR1234.56\n\n\nINV-17"));
        let told = text(&account(GERMAN, None), euro(), 1, "INV-17");
        assert_eq!(told.as_deref(), Some("BCD\n002\n1\nSCT\n\nMüller & Söhne GmbH\nDE89370400440532013000\nEUR0.01\n\n\nINV-17"));
    }

    /// BIL-3
    #[test]
    fn there_is_none_where_no_transfer_in_euros_can_be_made() {
        let german = account(GERMAN, None);
        let usd = "USD".parse().expect("a currency");
        assert_eq!(text(&german, usd, 100, "INV-1"), None, "another currency");
        for (minor, is) in [(0, false), (-1, false), (1, true), (99_999_999_999, true), (100_000_000_000, false)] {
            assert_eq!(text(&german, euro(), minor, "INV-1").is_some(), is, "{minor}");
        }
        assert_eq!(text(&account("TR33 0006 1005 1978 6457 8413 26", Some("COBADEFFXXX")), euro(), 100, "INV-1"), None, "not in SEPA");
        assert_eq!(text(&account(SWISS, None), euro(), 100, "INV-1"), None, "beyond the EEA the BIC is needed");
        assert!(text(&account(SWISS, Some("POFICHBEXXX")), euro(), 100, "INV-1").is_some());
        assert!(text(&german, euro(), 100, &"9".repeat(140)).is_some());
        assert_eq!(text(&german, euro(), 100, &"9".repeat(141)), None);
    }

    /// BIL-3: at most 331 bytes and version 13, which has 69 squares on a side.
    #[test]
    fn the_largest_code_is_of_version_13() {
        let mut account = account(GERMAN, Some("COBADEFFXXX"));
        let mut seen = 0;
        for letters in 1..=70 {
            account.holder = "漢".repeat(letters);
            if let Some(code) = code(&account, euro(), 99_999_999_999, "2026-000000000017") {
                assert!(code.size() <= 69, "{letters} letters: {}", code.size());
                seen = seen.max(code.size());
            }
        }
        assert_eq!(seen, 69);
        account.holder = "漢".repeat(70);
        assert_eq!(text(&account, euro(), 100, &"9".repeat(140)), None, "too long for any");
    }
}
