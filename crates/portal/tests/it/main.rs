//! What holds for every page, without a server: the words.

use tradepost_design::Language;
use tradepost_kernel::Timestamp;
use tradepost_portal::look::Look;
use tradepost_portal::refusals::{GERMAN, PHRASES, in_words, of_field};
use tradepost_portal::shared::views::in_order;
use tradepost_web::codes::CODES;

fn look(language: Language) -> Look {
    Look { language, theme: None, zone: "UTC".to_owned(), clock: None, now: Timestamp::from_ms(0) }
}

/// PLT-12: no code is told in a language that the person did not choose.
#[test]
fn every_code_has_its_german_sentence() {
    let german = |code: &str| GERMAN.iter().filter(|(known, _)| *known == code).count();
    let wrong: Vec<&str> = CODES.iter().map(|known| known.code).filter(|code| german(code) != 1).collect();
    assert_eq!(wrong, Vec::<&str>::new());
    let unknown: Vec<&str> = GERMAN.iter().map(|(code, _)| *code).filter(|code| !CODES.iter().any(|known| known.code == *code)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn a_german_phrase_says_no_more_numbers_than_its_english_one() {
    for (english, german) in PHRASES {
        assert!(german.matches("{}").count() <= english.matches("{}").count(), "{english}");
        assert!(!english.ends_with('.'), "{english}");
        assert!(german.ends_with('.'), "{german}");
    }
}

#[test]
fn a_mistake_beside_a_field_is_a_sentence() {
    let english = |code, detail| of_field(&look(Language::English), code, detail);
    assert_eq!(english("invalid_field", "must not be blank"), "Must not be blank.");
    assert_eq!(english("invalid_field", "The end must be in the future."), "The end must be in the future.");
    assert_eq!(english("invalid_field", "margin_percent must be true or false."), "Must be true or false.");
    let german = |code, detail| of_field(&look(Language::German), code, detail);
    assert_eq!(german("invalid_field", "must have at most 2000 characters"), "Höchstens 2.000 Zeichen.");
    assert_eq!(german("invalid_field", "must be a whole number from 0 to 365"), "Geben Sie eine ganze Zahl von 0 bis 365 an.");
    assert_eq!(german("invalid_field", "margin_percent must be true or false."), "Wählen Sie Ja oder Nein.");
    assert_eq!(german("invalid_email", "anything"), "Geben Sie genau eine E-Mail-Adresse an.");
}

#[test]
fn a_no_is_told_in_the_language_of_the_page() {
    let detail = "There are not enough keys of KEY-PRO in stock.";
    assert_eq!(in_words(&look(Language::English), "out_of_stock", detail), detail);
    assert_eq!(in_words(&look(Language::German), "out_of_stock", detail), "Von KEY-PRO sind nicht genug Schlüssel vorrätig.");
    assert_eq!(in_words(&look(Language::German), "out_of_stock", "Something else."), "So viele Lizenzschlüssel sind nicht vorrätig.");
    assert_eq!(in_words(&look(Language::German), "brand_new", "Something else."), "Das ging nicht (Code „brand_new“).");
}

#[test]
fn filters_are_the_same_in_whatever_order_they_stand() {
    let pairs = |all: &[(&str, &str)]| all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    let one = in_order(&pairs(&[("state", "draft"), ("q", " PO 1 "), ("cursor", "x"), ("to", "")]));
    assert_eq!((one.as_str(), in_order(&pairs(&[("q", "PO 1"), ("file", "csv"), ("state", "draft")]))), ("q=PO%201&state=draft", one.clone()));
}
