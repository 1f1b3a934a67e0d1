//! What an invoice says, word by word: its page and its PDF are both put together from this, so that neither says what the
//! other does not (BIL-3).

use super::{InvoiceStanding, epc};
use crate::language::Language;
use crate::qr::Code;
use tradepost_domain::billing::InvoiceStatus;
use tradepost_domain::billing::document::{InvoiceDocument, InvoiceLine, PaymentInstruction};
use tradepost_domain::merchants::BankAccount;
use tradepost_kernel::{Currency, Date, countries};

/// An amount below the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum<'a> {
    /// What it is called.
    pub name: &'a str,
    /// As it is written.
    pub amount: String,
    /// Whether it is what counts: the total, what is open.
    pub strong: bool,
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What to do, a line per entry.
    pub lines: Vec<String>,
    /// What a banking app makes the transfer of.
    pub code: Option<Code>,
}

/// An amount with its digits grouped, for people: `1,250.00 USD`, `1.250,00 USD`.
#[must_use]
pub fn money(language: Language, currency: Currency, minor: i64) -> String {
    format!("{}\u{a0}{currency}", language.number(&currency.minor(minor).amount_text()))
}

/// What a way to pay is called.
#[must_use]
pub fn way(language: Language, method: &str) -> &str {
    match method {
        "check" => language.t("Check or money order", "Scheck oder Zahlungsanweisung"),
        "wire" => language.t("Wire transfer", "Überweisung"),
        other => other,
    }
}

/// What to do to pay this way: our own sentence in the language, then the merchant's words as they stand on the document.
#[must_use]
pub fn instruction(language: Language, method: &str, text: &str) -> String {
    let own = PaymentInstruction::check_and_wire(None, None, None).into_iter().find(|own| own.method == method);
    let merchants = own.and_then(|own| text.strip_prefix(own.text.as_str()).map(str::to_owned));
    let german = match method {
        "check" => "Stellen Sie den Scheck oder die Zahlungsanweisung auf uns aus und schreiben Sie die Rechnungsnummer darauf.",
        _ => "Geben Sie die Rechnungsnummer als Verwendungszweck an. Eine Überweisung braucht 3–5 Werktage.",
    };
    match (language, merchants) {
        (Language::German, Some(merchants)) => format!("{german}{merchants}"),
        _ => text.to_owned(),
    }
}

/// What identifies an account, each with its name: holder, IBAN in groups, BIC.
#[must_use]
pub fn account(language: Language, account: &BankAccount) -> Vec<(&'static str, String)> {
    let bic = account.bic.iter().map(|bic| ("BIC", bic.to_string()));
    [(language.t("Account holder", "Kontoinhaber"), account.holder.clone()), ("IBAN", account.iban.grouped())].into_iter().chain(bic).collect()
}

/// Whether a line says this country: by its two letters or by its name in a language.
fn is_country(line: &str, code: &str) -> bool {
    let names = [Language::English, Language::German].into_iter().filter_map(|language| countries::name(language, code));
    std::iter::once(code).chain(names).any(|known| known.eq_ignore_ascii_case(line.trim()))
}

/// What stands at the code that a banking app reads.
#[must_use]
pub const fn scan(language: Language) -> &'static str {
    language.t("Scan to pay", "Zum Bezahlen scannen")
}

/// An invoice in the words of a language.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// As it was issued.
    pub document: &'a InvoiceDocument,
    /// What moved since.
    pub standing: Option<&'a InvoiceStanding>,
    /// In which language.
    pub language: Language,
}

impl<'a> Told<'a> {
    /// The words in the language: English, German.
    #[must_use]
    pub const fn t(&self, english: &'a str, german: &'a str) -> &'a str {
        self.language.t(english, german)
    }

    /// An amount of it.
    #[must_use]
    pub fn money(&self, minor: i64) -> String {
        money(self.language, self.document.currency, minor)
    }

    fn date(&self, date: Date) -> String {
        self.language.date(date)
    }

    /// What it is called: `Invoice` and its number.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.t("Invoice", "Rechnung"), self.document.number)
    }

    /// Its status today; `None` where nobody asked.
    #[must_use]
    pub fn status(&self) -> Option<InvoiceStatus> {
        let document = self.document;
        self.standing.map(|now| InvoiceStatus::of(document.total_minor, now.paid_minor, now.canceled, document.due_on, now.today))
    }

    /// What is still to be paid; nothing of a canceled one, whatever was paid of it.
    #[must_use]
    pub fn open_minor(&self) -> i64 {
        match self.standing {
            Some(now) if now.canceled => 0,
            now => self.document.total_minor - now.map_or(0, |now| now.paid_minor),
        }
    }

    /// The status in a few words.
    #[must_use]
    pub fn standing_words(&self) -> String {
        let due = self.date(self.document.due_on);
        match (self.status(), self.language) {
            (Some(InvoiceStatus::Canceled), language) => language.t("Canceled", "Storniert").to_owned(),
            (Some(InvoiceStatus::Paid), language) => language.t("Paid in full", "Vollständig bezahlt").to_owned(),
            (Some(InvoiceStatus::Overdue), Language::English) => format!("Overdue since {due}"),
            (Some(InvoiceStatus::Overdue), Language::German) => format!("Überfällig seit {due}"),
            (_, Language::English) => format!("To be paid by {due}"),
            (_, Language::German) => format!("Zu zahlen bis {due}"),
        }
    }

    /// A sandbox is said to be one.
    #[must_use]
    pub fn sandbox(&self) -> Option<&'a str> {
        let test = self.standing.is_some_and(|now| now.test);
        test.then(|| self.t("Sandbox: this is no real invoice.", "Sandbox: Dies ist keine echte Rechnung."))
    }

    pub(super) fn vat(&self, id: Option<&String>) -> Option<String> {
        id.map(|id| format!("{} {id}", self.t("VAT id", "USt-IdNr.")))
    }

    /// What identifies the merchant, below its address.
    #[must_use]
    pub fn seller_ids(&self) -> Vec<String> {
        self.vat(self.document.seller.vat_id.as_ref()).into_iter().collect()
    }

    /// What identifies the reseller, below its address.
    #[must_use]
    pub fn buyer_ids(&self) -> Vec<String> {
        let buyer = &self.document.buyer;
        let code = format!("{} {}", self.t("Reseller code", "Reseller-Code"), buyer.code);
        self.vat(buyer.vat_id.as_ref()).into_iter().chain([code]).collect()
    }

    /// The merchant's address; its country comes last.
    #[must_use]
    pub fn seller_address(&self) -> Vec<String> {
        let seller = &self.document.seller;
        let mut lines = seller.address.clone();
        if let Some(code) = seller.country.as_deref() {
            // Who wrote it below the address does not find it there twice.
            if lines.last().is_some_and(|line| is_country(line, code)) {
                lines.pop();
            }
            lines.push(self.country(code).to_owned());
        }
        lines
    }

    /// The reseller's address. Its last line is the country, which the document has as two letters.
    #[must_use]
    pub fn buyer_address(&self) -> Vec<String> {
        let buyer = &self.document.buyer;
        let mut lines = buyer.address.clone();
        if let Some(last) = lines.last_mut().filter(|last| buyer.place.as_ref().is_none_or(|place| place.country == **last)) {
            *last = self.country(last.as_str()).to_owned();
        }
        lines
    }

    /// A country by its name; what is none, as it is.
    fn country<'b>(&self, code: &'b str) -> &'b str {
        countries::name(self.language, code).unwrap_or(code)
    }

    /// The lines below the merchant's name.
    #[must_use]
    pub fn seller(&self) -> Vec<String> {
        self.seller_address().into_iter().chain(self.seller_ids()).collect()
    }

    /// The lines below the reseller's name.
    #[must_use]
    pub fn buyer(&self) -> Vec<String> {
        self.buyer_address().into_iter().chain(self.buyer_ids()).collect()
    }

    /// Dates and numbers, each with its name.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'a str, String)> {
        let document = self.document;
        let order = document.order_number.iter().map(|number| (self.t("Order", "Bestellung"), number.clone()));
        let reference = document.reference.iter().map(|text| (self.t("Your reference", "Ihr Zeichen"), text.clone()));
        let dates = [(self.t("Issued", "Ausgestellt"), self.date(document.issued_on)), (self.t("Due", "Fällig"), self.date(document.due_on))];
        dates.into_iter().chain(order).chain(reference).collect()
    }

    fn taxed(&self) -> bool {
        self.document.lines.iter().any(|line| line.tax_minor != 0)
    }

    /// The heads of the columns of amounts, right of the item.
    #[must_use]
    pub fn columns(&self) -> Vec<&'a str> {
        let tax = self.taxed().then(|| self.t("Tax", "Steuer"));
        let first = [self.t("Quantity", "Menge"), self.t("List price", "Listenpreis"), self.t("Your price", "Ihr Preis")];
        first.into_iter().chain(tax).chain([self.t("Amount", "Betrag")]).collect()
    }

    /// A line's cells under [`Told::columns`].
    #[must_use]
    pub fn cells(&self, line: &InvoiceLine) -> Vec<String> {
        let tax = self.taxed().then(|| self.money(line.tax_minor));
        let first = [self.language.number(&line.quantity.to_string()), self.money(line.list_unit_minor), self.money(line.unit_minor)];
        first.into_iter().chain(tax).chain([self.money(line.line_minor)]).collect()
    }

    /// What was taken off a line's list price.
    #[must_use]
    pub fn reductions(&self, line: &InvoiceLine) -> Vec<String> {
        let margin = line.margin_percent.iter().map(|percent| format!("{} {}\u{a0}%", self.t("Partner margin", "Partnermarge"), self.language.number(percent)));
        let discount = line.discount.iter().map(|discount| format!("{} {discount}", self.t("Discount", "Rabatt")));
        margin.chain(discount).collect()
    }

    /// The amounts below the lines, by the rule of BIL-1; then what was paid and what is open.
    #[must_use]
    pub fn sums(&self) -> Vec<Sum<'a>> {
        let document = self.document;
        let parts = [
            (self.t("Tax", "Steuer"), document.tax_minor),
            (self.t("Shipping", "Versand"), document.shipping_minor),
            (self.t("Fee", "Gebühr"), document.fee_minor),
            (self.t("Other", "Weitere Kosten"), document.other_minor),
            (self.t("Discounts", "Rabatte"), -document.discounts_minor),
            (self.t("Deductions", "Abzüge"), -document.deductions_minor),
        ];
        let mut rows = vec![(self.t("Subtotal", "Zwischensumme"), document.subtotal_minor, false)];
        rows.extend(parts.into_iter().filter(|(_, minor)| *minor != 0).map(|(name, minor)| (name, minor, false)));
        rows.push((self.t("Total", "Summe"), document.total_minor, true));
        let paid = self.standing.map_or(0, |now| now.paid_minor);
        if paid > 0 {
            rows.extend([(self.t("Paid", "Bezahlt"), -paid, false), (self.t("Open", "Offen"), self.open_minor(), true)]);
        }
        rows.into_iter().map(|(name, minor, strong)| Sum { name, amount: self.money(minor), strong }).collect()
    }

    /// Each allowed way to pay, with a code over what is open now; none where nothing is to be paid.
    #[must_use]
    pub fn instructions(&self) -> Vec<Way<'a>> {
        let settled = matches!(self.status(), Some(InvoiceStatus::Paid | InvoiceStatus::Canceled));
        if self.document.total_minor <= 0 || settled {
            return Vec::new();
        }
        let told = |how: &'a PaymentInstruction| {
            let text = instruction(self.language, &how.method, &how.text);
            let named = how.bank_account.iter().flat_map(|of| account(self.language, of)).map(|(name, value)| format!("{name}: {value}"));
            let code = how.bank_account.as_ref().and_then(|of| epc::code(of, self.document.currency, self.open_minor(), &self.document.number));
            Way { name: way(self.language, &how.method), lines: text.lines().map(str::to_owned).chain(named).collect(), code }
        };
        self.document.payment_instructions.iter().map(told).collect()
    }

    /// The line at the foot of each page.
    #[must_use]
    pub fn foot(&self) -> String {
        let seller = &self.document.seller;
        let parts = std::iter::once(seller.name.clone()).chain(self.vat(seller.vat_id.as_ref()));
        parts.chain([self.title(), self.money(self.document.total_minor)]).collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoice::tests::to_wire;
    use tradepost_domain::billing::document::Place;

    /// BIL-3: the countries of both are told by their names, in the language of the invoice, and once.
    #[test]
    fn both_countries_are_named_in_the_language_of_the_invoice() {
        let mut document = to_wire();
        let told = |document: &InvoiceDocument, language| {
            let told = Told { document, standing: None, language };
            (told.seller_address(), told.buyer_address())
        };
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (seller, buyer) = (lines(&["1 Pier Road", "Boston", "United States"]), lines(&["Main St 5", "Germany"]));
        assert_eq!(told(&document, Language::English), (seller, buyer));
        let (seller, buyer) = (lines(&["1 Pier Road", "Boston", "Vereinigte Staaten"]), lines(&["Main St 5", "Deutschland"]));
        assert_eq!(told(&document, Language::German), (seller.clone(), buyer));
        document.seller.address.push("united states".into());
        // A region that looks like a country stays a region.
        document.buyer.address = lines(&["Main St 5", "CA"]);
        document.buyer.place = Some(Place { region: Some("CA".into()), ..Place::default() });
        assert_eq!(told(&document, Language::German), (seller, lines(&["Main St 5", "CA"])));
        // A document of before says nothing of its seller's country.
        document.seller.country = None;
        assert_eq!(told(&document, Language::German).0, lines(&["1 Pier Road", "Boston", "united states"]));
    }

    /// BIL-3: the code is over what is unpaid now; without anything unpaid there is none, nor for another currency.
    #[test]
    fn the_code_is_over_what_is_open_now() {
        let document = to_wire();
        let account = document.payment_instructions[1].bank_account.clone().expect("an account");
        let code = |document: &InvoiceDocument, paid_minor, canceled| {
            let standing = InvoiceStanding { paid_minor, today: document.issued_on, canceled, test: false };
            let ways = Told { document, standing: Some(&standing), language: Language::English }.instructions();
            assert!(ways.iter().all(|way| way.code.is_none() || way.name == "Wire transfer"), "{ways:?}");
            ways.into_iter().find_map(|way| way.code)
        };
        for paid in [0, 149_999] {
            assert_eq!(code(&document, paid, false), epc::code(&account, document.currency, 150_000 - paid, "INV-17"), "{paid} paid");
        }
        assert!(code(&document, 0, false) != code(&document, 149_999, false) && code(&document, 0, false).is_some());
        assert_eq!((code(&document, 150_000, false), code(&document, 0, true)), (None, None));
        let dollars = InvoiceDocument { currency: "USD".parse().expect("a currency"), ..document };
        assert_eq!(code(&dollars, 0, false), None);
        let ways = Told { document: &dollars, standing: None, language: Language::English }.instructions();
        assert!(ways[1].lines.contains(&"IBAN: DE89 3704 0044 0532 0130 00".to_owned()), "the account stands there all the same: {ways:?}");
    }
}
