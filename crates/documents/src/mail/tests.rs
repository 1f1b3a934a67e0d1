//! Every text in both languages.

use super::*;
use std::collections::BTreeSet;
use tradepost_domain::notices::TEMPLATE_VERSION;

/// Renders as a message that is written today.
fn today(template: Template, language: Language, variables: &Json) -> Result<Mail, NotRendered> {
    render(template, TEMPLATE_VERSION, language, variables)
}

/// A sample in English.
fn english(template: Template) -> Mail {
    today(template, Language::English, &sample(template)).expect("it renders")
}

/// Every template in every language.
fn every() -> impl Iterator<Item = (Template, Language)> {
    Template::ALL.iter().flat_map(|template| Language::ALL.map(|language| (*template, language)))
}

/// PLT-12
#[test]
fn every_template_renders_with_samples_in_live_and_in_test() {
    for (template, language) in every() {
        for test in [false, true] {
            let mut variables = sample(template);
            variables["test"] = test.into();
            let mail = today(template, language, &variables).unwrap_or_else(|error| panic!("{}: {error}", template.name()));
            assert!(!mail.subject.is_empty() && mail.subject.starts_with("[Test]") == test, "{}", mail.subject);
            for form in [&mail.text, &mail.html] {
                assert!(!form.contains("{{") && !form.contains(">none") && !form.contains("undefined"), "{form}");
                assert_eq!(form.to_lowercase().contains("sandbox"), test, "{}", template.name());
            }
            assert!(!mail.html.contains("<b>") && !mail.html.contains("<few>") && !mail.html.contains("<script") && !mail.html.contains("<2026>"));
            assert!(mail.html.contains("Ada &lt;b&gt;"), "{}", mail.html);
            assert!(mail.html.contains(&format!("<html lang=\"{}\">", language.code())), "{}", mail.html);
        }
    }
}

/// The text of a template apart from its tags and those of HTML.
fn pieces(text: &str) -> BTreeSet<String> {
    let (mut out, mut piece, mut rest) = (BTreeSet::new(), String::new(), text);
    while let Some(next) = rest.chars().next() {
        let end = match rest.get(..2) {
            Some("{{") => rest.find("}}").map(|at| at + 2),
            Some("{%") => rest.find("%}").map(|at| at + 2),
            _ if next == '<' => rest.find('>').map(|at| at + 1),
            _ => None,
        };
        if end.is_some() || next == '\n' {
            out.insert(std::mem::take(&mut piece).trim().to_owned());
        } else {
            piece.push(next);
        }
        rest = &rest[end.unwrap_or(next.len_utf8())..];
    }
    out.insert(piece.trim().to_owned());
    out.retain(|piece| piece.chars().any(char::is_alphabetic));
    out
}

/// What stands between two marks, in order.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open).skip(1).filter_map(|rest| rest.split_once(close)).map(|(inside, _)| inside.trim()).collect()
}

/// PLT-12: no text of the one language is missing in the other, says less, branches otherwise, or was left in English.
#[test]
fn every_text_is_said_in_german_and_of_the_same_variables() {
    // The words of a subject line's form, and paths.
    let equal = |piece: &str| matches!(piece, "Subject:" | "[Test]") || piece.starts_with('/');
    let leftover = ["the", "your", "you", "and", "of", "for", "with", "this", "that", "are", "were", "from", "to", "it", "has", "have", "if", "or", "not"];
    for ((name, english), (_, german)) in ENGLISH.iter().zip(GERMAN) {
        let of = |language| {
            let template = environment(TEMPLATE_VERSION, language).get_template(name).expect("it parses");
            template.undeclared_variables(true).into_iter().collect::<BTreeSet<String>>()
        };
        assert_eq!(of(Language::German), of(Language::English), "{name}: other variables");
        assert_eq!(between(german, "{%", "%}"), between(english, "{%", "%}"), "{name}: branches otherwise");
        let (english, germans) = (pieces(english), pieces(german));
        let same: Vec<&String> = germans.intersection(&english).filter(|piece| !equal(piece)).collect();
        assert!(same.is_empty(), "{name}: in English {same:?}");
        assert!(germans.len() >= english.len().min(2), "{name}: says less");
        let literals = between(german, "plural(", ")").join(" ");
        for piece in germans.iter().filter(|piece| !equal(piece)).chain([&literals]) {
            let english = piece.split(|letter: char| !letter.is_alphabetic()).find(|word| leftover.contains(&word.to_lowercase().as_str()));
            assert_eq!(english, None, "{name}: {piece}");
        }
    }
    for template in Template::ALL {
        let german = today(*template, Language::German, &sample(*template)).expect("it renders");
        assert_ne!(german.subject, english(*template).subject);
    }
}

/// The first owner of a merchant may be known by address only.
#[test]
fn a_mail_to_somebody_without_a_name_greets_without_one() {
    for (template, language) in every() {
        let mut variables = sample(template);
        variables["recipient_name"] = "".into();
        let mail = today(template, language, &variables).expect("it renders");
        let hello = language.t("Hello", "Guten Tag");
        assert!(mail.text.contains(&format!("{hello},\n")) && mail.html.contains(&format!("<p>{hello},</p>")), "{}", mail.text);
    }
}

#[test]
fn every_template_says_so_where_a_variable_is_missing() {
    for (template, language) in every() {
        let mut variables = sample(template);
        variables.as_object_mut().expect("an object").remove("recipient_name");
        let error = today(template, language, &variables).expect_err("strict");
        assert!(!error.0.contains("Northwind"), "{error}");
    }
}

/// ORD-8: reference, total amount due, due date and a link to the invoice; amounts and days as the language writes them (PLT-12).
#[test]
fn the_mail_about_an_order_says_what_is_due_and_where_its_invoice_is() {
    for (language, total, due_on) in [(Language::English, "1,250.00 USD", "Dec 21, 2026"), (Language::German, "1.250,00 USD", "21. Dezember 2026")] {
        let mail = today(Template::OrderPlaced, language, &sample(Template::OrderPlaced)).expect("it renders");
        for needed in ["PO 4711", total, due_on, "https://tradepost.example/i/1-abc-def"] {
            assert!(mail.text.contains(needed), "{needed}: {}", mail.text);
        }
        assert!(mail.subject.contains(total) && mail.subject.contains(due_on), "{}", mail.subject);
        // The HTML form writes the slashes of a link as entities; a reader sees the same.
        assert!(mail.html.contains("PO 4711") && mail.html.contains("1-abc-def"));
    }
}

/// PLT-12: one code is no codes.
#[test]
fn what_is_counted_is_named_by_how_many_there_are() {
    let mut variables = sample(Template::CancelApproved);
    let text = |variables: &Json, language| today(Template::CancelApproved, language, variables).expect("it renders").text;
    assert!(text(&variables, Language::English).contains("took back 2 of 5 codes") && text(&variables, Language::English).contains("They are no longer"));
    assert!(text(&variables, Language::German).contains("2 von 5 Codes zu") && text(&variables, Language::German).contains("Sie gelten nicht mehr."));
    (variables["quantity"], variables["of_quantity"]) = (1.into(), 1.into());
    assert!(text(&variables, Language::English).contains("took back 1 of 1 code of") && text(&variables, Language::English).contains("It is no longer"));
    assert!(text(&variables, Language::German).contains("1 von 1 Code zu") && text(&variables, Language::German).contains("Er gilt nicht mehr."));
}

/// FUL-11: a message that was written before the mails spoke languages reads as it did.
#[test]
fn what_the_first_version_wrote_reads_as_it_did() {
    let first = |template, variables: &Json| render(template, 1, Language::English, variables).expect("it renders");
    let mail = first(Template::OrderPlaced, &sample(Template::OrderPlaced));
    assert_eq!(mail.subject, "Order 2026-000017 (PO 4711): 1250.00 USD due on 2026-12-21");
    let body = "Order: 2026-000017\nYour reference: PO 4711\nTotal amount due: 1250.00 USD\nPayment due: 2026-12-21\nInvoice: INV-17\n";
    assert!(mail.text.contains(body), "{}", mail.text);
    assert!(mail.html.contains("<html lang=\"en\">") && mail.html.contains("<td>1250.00 USD</td>"), "{}", mail.html);
    let mut variables = sample(Template::CancelApproved);
    (variables["quantity"], variables["of_quantity"]) = (1.into(), 1.into());
    assert!(
        first(Template::CancelApproved, &variables).text.contains("took back 1 of 1 codes of Studio Pro <2026>, sold as SHOP-<b>1</b>. They are no longer")
    );
    let text = first(Template::FulfillmentFailed, &sample(Template::FulfillmentFailed)).text;
    assert!(text.contains("could not deliver 2000 codes of"), "{text}");
    assert!(first(Template::PasswordReset, &sample(Template::PasswordReset)).text.contains("until 2026-11-22 10:00 UTC."));
}

/// PLT-12: a mail looks as its merchant does, and leads to the page of what it is about, never to the API.
#[test]
fn a_mail_looks_as_its_merchant_and_leads_to_the_portal() {
    for (template, language) in every() {
        let mail = today(template, language, &sample(template)).expect("it renders");
        for form in [&mail.text, &mail.html] {
            assert!(!form.contains("/v1/") && !form.contains("/docs"), "{}: {form}", template.name());
        }
    }
    let link = |template| english(template).text;
    let (merchant, partnership) = ("/m/mer_01h455vb4pex5vsknk084sn02q", "/r/par_01h455vb4pex5vsknk084sn02q");
    assert!(link(Template::PartnershipSignedUp).contains(&format!("https://tradepost.example{merchant}/resellers/par_01h455vb4pex5vsknk084sn02q\n")));
    assert!(link(Template::PartnershipApproved).contains(&format!("https://tradepost.example{partnership}\n")));
    assert!(link(Template::OrderCanceled).contains(&format!("{partnership}/orders/ord_01h455vb4pex5vsknk084sn02q\n")));
    assert!(link(Template::CancelRequested).contains(&format!("{merchant}/cancel-requests/crq_01h455vb4pex5vsknk084sn02q\n")));
    assert!(link(Template::SignUpRepeated).contains("https://tradepost.example/sign-in\n"));
    let html = english(Template::PartnershipApproved).html;
    assert!(html.contains("background: #ffd400; color: #000000;") && html.contains("ab.png\" alt=\"\""), "{html}");
    let mut plain = sample(Template::PartnershipApproved);
    plain["brand"] = serde_json::json!({"merchant": "mer_01h455vb4pex5vsknk084sn02q", "logo": null, "accent": null, "on_accent": null});
    let html = today(Template::PartnershipApproved, Language::German, &plain).expect("it renders").html;
    assert!(html.contains("background: #1f5eff; color: #ffffff;") && !html.contains("<img"), "{html}");
}

#[test]
fn times_are_written_for_people() {
    let mail = english(Template::PasswordReset);
    assert!(mail.text.contains("until Nov 22, 2026, 10:00 UTC.") && mail.html.contains("until Nov 22, 2026, 10:00 UTC."), "{}", mail.text);
}

/// STK-5: a code goes out byte for byte in the plain form.
#[test]
fn a_license_mail_carries_its_code_and_works_without_one() {
    for language in Language::ALL {
        let title = language.t("License code", "Lizenzcode");
        let mut variables = sample(Template::LicenseSent);
        let mail = today(Template::LicenseSent, language, &variables).expect("it renders");
        assert!(mail.text.contains(&format!("{title}: AAAA-<BBB>-CCCC\n")), "{}", mail.text);
        assert!(mail.html.contains("AAAA-&lt;BBB&gt;-CCCC"));
        variables["code"] = Json::Null;
        assert!(!today(Template::LicenseSent, language, &variables).expect("it renders").text.contains(title));
    }
}

/// EXT-7: the codes go out byte for byte; too many, or none any more, are said to be so.
#[test]
fn a_mail_to_a_shops_customer_carries_its_codes_or_says_why_not() {
    let text = |variables: &Json, language| today(Template::FulfillmentDelivered, language, variables).expect("it is within its fuel").text;
    for language in Language::ALL {
        let mut variables = sample(Template::FulfillmentDelivered);
        let mail = today(Template::FulfillmentDelivered, language, &variables).expect("it renders");
        assert!(mail.text.contains(language.t("are your codes", "sind Ihre Codes")) && mail.text.contains("\nAAAA-<BBB>-CCCC\nDDDD-EEEE\n"), "{}", mail.text);
        assert!(mail.html.contains("<code>AAAA-&lt;BBB&gt;-CCCC</code>"));
        variables["codes"] = Json::Null;
        assert!(text(&variables, language).contains(language.t("too many for an e-mail", "zu viele für eine E-Mail")));
        variables["codes"] = serde_json::json!([]);
        assert!(text(&variables, language).contains(language.t("was taken back", "wurde zurückgenommen")));
        variables["codes"] = Json::from(vec!["AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"; 50]);
        assert_eq!(text(&variables, language).matches("AAAA-").count(), 50);
    }
}
