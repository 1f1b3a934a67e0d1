//! Amounts as people type them: `25`, `25.50`, in German `1.234,50`.

use crate::look::Look;
use tradepost_design::Language;
use tradepost_kernel::{Currency, Money};

/// Reads an amount in a currency, as somebody with this language types it.
///
/// # Errors
/// A sentence for the form.
pub fn typed(look: &Look, currency: Currency, text: &str) -> Result<Money, String> {
    let (group, point) = match look.language {
        Language::English => (',', '.'),
        Language::German => ('.', ','),
    };
    let text: String = text.trim().chars().filter(|c| !c.is_whitespace() && *c != '\u{a0}').collect();
    // A group's mark where no group can end is a decimal point of the other language: 25,50 in English is not 2,550.
    let misread = text.rsplit_once(group).is_some_and(|(_, rest)| rest.len() != 3);
    let plain = if misread && !text.contains(point) { text.replace(group, ".") } else { text.replace(group, "").replace(point, ".") };
    let plain = with_all_digits(&plain, currency.digits());
    currency.parse(&plain).map_err(|_| {
        let example = look.money_text(&currency.minor(123_450));
        match look.language {
            Language::English => format!("Type an amount such as {example}."),
            Language::German => format!("Geben Sie einen Betrag an, etwa {example}."),
        }
    })
}

/// `25` and `25.5` become `25.00` and `25.50`: the kernel wants exactly the digits of the currency.
fn with_all_digits(text: &str, digits: u8) -> String {
    let digits = usize::from(digits);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if digits == 0 {
        return if part.is_empty() { whole.to_owned() } else { text.to_owned() };
    }
    if part.len() > digits {
        return text.to_owned();
    }
    format!("{whole}.{part:0<digits$}")
}

/// An amount as it stands in a field: without grouping and sign.
#[must_use]
pub fn in_field(look: &Look, money: &Money) -> String {
    match look.language {
        Language::English => money.amount_text(),
        Language::German => money.amount_text().replace('.', ","),
    }
}
