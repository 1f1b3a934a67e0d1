use super::*;

fn currency(code: &str) -> Currency {
    code.parse().expect("a known currency")
}

fn percent(text: &str) -> Percent {
    text.parse().expect("a percentage")
}

fn list(unit_minor: i64) -> Vec<PriceRow> {
    vec![PriceRow { book: Book::List, from_quantity: 1, unit_minor }]
}

fn row(book: Book, from_quantity: i64, unit_minor: i64) -> PriceRow {
    PriceRow { book, from_quantity, unit_minor }
}

struct Case {
    name: &'static str,
    currency: &'static str,
    rows: Vec<PriceRow>,
    quantity: i64,
    wholesale: &'static str,
    margin: &'static str,
    extra: &'static str,
    discount: ItemDiscount,
    unit: i64,
    line: i64,
}

impl Case {
    fn new(name: &'static str, currency: &'static str, rows: Vec<PriceRow>, unit: i64, line: i64) -> Self {
        Self { name, currency, rows, quantity: 1, wholesale: "0", margin: "0", extra: "0", discount: ItemDiscount::None, unit, line }
    }
}

/// CAT-5: the worked examples of the specification, row by row (tax comes with invoices).
#[test]
fn the_worked_examples_come_out_to_the_minor_unit() {
    let tiers = || vec![row(Book::PriceList, 1, 2600), row(Book::PriceList, 10, 2400), row(Book::List, 1, 4000)];
    let cases = [
        Case { wholesale: "35", ..Case::new("list less wholesale", "USD", list(4000), 2600, 2600) },
        Case {
            quantity: 7,
            wholesale: "33.3333",
            margin: "10",
            extra: "5",
            discount: ItemDiscount::Percent(percent("10")),
            ..Case::new("every step rounds", "USD", list(999), 566, 3566)
        },
        Case { quantity: 3, wholesale: "33", margin: "12.5", ..Case::new("no decimals", "JPY", list(1000), 586, 1758) },
        Case { quantity: 3, wholesale: "10", ..Case::new("three decimals", "KWD", list(1235), 1112, 3336) },
        Case {
            wholesale: "35",
            ..Case::new("override", "USD", vec![row(Book::List, 1, 4000), row(Book::PriceList, 1, 3000), row(Book::Partnership, 1, 2000)], 2000, 2000)
        },
        Case { wholesale: "35", ..Case::new("price list, tier 1", "USD", tiers(), 2600, 2600) },
        Case { quantity: 9, ..Case::new("tier 1 up to 9", "USD", tiers(), 2600, 23_400) },
        Case { quantity: 10, ..Case::new("tier 10", "USD", tiers(), 2400, 24_000) },
        Case { quantity: 99, ..Case::new("tier 10 up to 99", "USD", tiers(), 2400, 237_600) },
        Case { quantity: 5, margin: "70", extra: "30", ..Case::new("margins are added", "USD", list(4000), 0, 0) },
        Case { margin: "70", extra: "50", ..Case::new("never below zero", "USD", list(4000), 0, 0) },
        Case { discount: ItemDiscount::Amount(3000), ..Case::new("amount discount of the whole line", "USD", list(3000), 3000, 0) },
    ];
    for case in cases {
        let books = PriceBooks { rows: case.rows };
        let quote =
            quote(currency(case.currency), &books, case.quantity, percent(case.wholesale), percent(case.margin), percent(case.extra), case.discount, None)
                .expect(case.name);
        assert_eq!((quote.unit_minor, quote.line_minor), (case.unit, case.line), "{}", case.name);
        assert_eq!(quote.explanation.recompute(), Some((case.unit, case.line)), "{}", case.name);
    }
}

/// CAT-5: an amount discount is at most the line.
#[test]
fn a_discount_larger_than_its_line_is_refused() {
    let books = PriceBooks { rows: list(3000) };
    for amount in [3100, -1] {
        let no = quote(currency("USD"), &books, 1, Percent::ZERO, Percent::ZERO, Percent::ZERO, ItemDiscount::Amount(amount), None).expect_err("too much");
        assert_eq!(no.code, "invalid_amount");
    }
}

/// CAT-5: a forced total replaces all, and the unit price stays what it was.
#[test]
fn a_forced_total_replaces_the_line() {
    let books = PriceBooks { rows: list(3000) };
    let quote = quote(currency("USD"), &books, 3, percent("10"), Percent::ZERO, Percent::ZERO, ItemDiscount::None, Some(5_00)).expect("a quote");
    assert_eq!((quote.unit_minor, quote.line_minor, quote.explanation.recompute()), (2700, 500, Some((2700, 500))));
}

#[test]
fn what_has_no_price_or_does_not_fit_is_refused_by_its_code() {
    let none = PriceBooks::default();
    let code = |books: &PriceBooks, quantity| {
        quote(currency("USD"), books, quantity, Percent::ZERO, Percent::ZERO, Percent::ZERO, ItemDiscount::None, None).map_err(|no| no.code).err()
    };
    assert_eq!(code(&none, 1), Some("price_missing"));
    assert_eq!(code(&PriceBooks { rows: vec![row(Book::List, 10, 1)] }, 9), Some("price_missing"));
    assert_eq!(code(&PriceBooks { rows: list(i64::MAX) }, 2), Some("invalid_amount"));
    assert_eq!(code(&PriceBooks { rows: list(1) }, 0), Some("invalid_quantity"));
}

/// CAT-5: the explanation is kept as JSON with the item and reads back the same.
#[test]
fn an_explanation_reads_as_steps_and_reads_back() {
    let books = PriceBooks { rows: list(999) };
    let discount = ItemDiscount::Percent(percent("10"));
    let quote = quote(currency("USD"), &books, 7, percent("33.3333"), percent("10"), percent("5"), discount, None).expect("a quote");
    let text = serde_json::to_string(&quote.explanation).expect("JSON");
    assert_eq!(
        text,
        r#"{"currency":"USD","quantity":7,"steps":[{"step":"price","source":"list","from_quantity":1,"amount":999,"unit":999},{"step":"wholesale_discount","source":"terms","percent":"33.3333","amount":333,"unit":666},{"step":"margin","source":"terms_and_item","percent":"15","amount":100,"unit":566},{"step":"quantity","source":"item","amount":7,"unit":3962},{"step":"item_discount","source":"item","percent":"10","amount":396,"unit":3566}]}"#
    );
    let back: Explanation = serde_json::from_str(&text).expect("our own JSON");
    assert_eq!(back, quote.explanation);
    let mut wrong = back;
    wrong.steps[1].unit = 665;
    assert_eq!(wrong.recompute(), None);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn any_percent() -> impl Strategy<Value = Percent> {
        (0..=Percent::WHOLE).prop_map(|parts| Percent::from_parts(parts).expect("within the whole"))
    }

    proptest! {
        /// CAT-5: whatever the terms, a quote is never negative, never above the price it began with, and its
        /// explanation recomputes to it.
        #[test]
        fn a_quote_is_never_negative_nor_above_its_first_price(
            price in 0..1_000_000_000_i64,
            quantity in 1..=100_000_i64,
            wholesale in any_percent(),
            margin in any_percent(),
            extra in any_percent(),
            discount in prop_oneof![Just(ItemDiscount::None), any_percent().prop_map(ItemDiscount::Percent), (0..2_000_000_i64).prop_map(ItemDiscount::Amount)],
            book in prop_oneof![Just(Book::List), Just(Book::PriceList), Just(Book::Partnership)],
        ) {
            let books = PriceBooks { rows: vec![PriceRow { book, from_quantity: 1, unit_minor: price }] };
            match quote(currency("USD"), &books, quantity, wholesale, margin, extra, discount, None) {
                Ok(quote) => {
                    prop_assert!((0..=price).contains(&quote.unit_minor));
                    prop_assert!((0..=quote.unit_minor * quantity).contains(&quote.line_minor));
                    prop_assert_eq!(quote.explanation.recompute(), Some((quote.unit_minor, quote.line_minor)));
                }
                Err(no) => {
                    prop_assert_eq!(no.code, "invalid_amount");
                    prop_assert!(matches!(discount, ItemDiscount::Amount(_)));
                }
            }
        }
    }
}
