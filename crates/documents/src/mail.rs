//! E-mails: one template in two forms, text and HTML, per [`Template`](tradepost_domain::notices::rules::Template).

use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value as Json;
use std::sync::OnceLock;
use tradepost_domain::notices::rules::Template;

/// A rendered e-mail. Its body may hold a code: it is made for its recipient and not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line, without line breaks.
    pub subject: String,
    /// The plain form.
    pub text: String,
    /// The HTML form.
    pub html: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The template and the variables do not fit: a bug, told without the variables' contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRendered(pub String);

impl std::fmt::Display for NotRendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for NotRendered {}

/// Steps that one rendering may take; the longest of ours takes some hundreds.
const FUEL: u64 = 20_000;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/mail/", $name)))),+]
    };
}

const TEXTS: &[(&str, &str)] = templates![
    "layout.html",
    "footer.txt",
    "partnership_signed_up.txt",
    "partnership_signed_up.html",
    "access.txt",
    "access.html",
    "sign_up_repeated.txt",
    "sign_up_repeated.html",
    "partnership_approved.txt",
    "partnership_approved.html",
    "partnership_denied.txt",
    "partnership_denied.html",
    "partnership_suspended.txt",
    "partnership_suspended.html",
    "partnership_reactivated.txt",
    "partnership_reactivated.html",
    "partnership_closed.txt",
    "partnership_closed.html",
    "order_placed.txt",
    "order_placed.html",
    "order_canceled.txt",
    "order_canceled.html",
    "top_up_requested.txt",
    "top_up_requested.html",
    "balance_low.txt",
    "balance_low.html",
    "license_sent.txt",
    "license_sent.html",
    "fulfillment_delivered.txt",
    "fulfillment_delivered.html",
    "fulfillment_failed.txt",
    "fulfillment_failed.html",
    "cancel_requested.txt",
    "cancel_requested.html",
    "cancel_approved.txt",
    "cancel_approved.html",
    "cancel_rejected.txt",
    "cancel_rejected.html",
    "password_reset.txt",
    "password_reset.html",
    "email_confirmation.txt",
    "email_confirmation.html",
    "security_event.txt",
    "security_notice.txt",
    "security_notice.html",
    "email_change.txt",
    "email_change.html",
    "email_change_notice.txt",
    "email_change_notice.html",
];

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("moment", moment);
        for (name, text) in TEXTS {
            // A template that does not parse is missing then; the test below renders every one.
            let added = environment.add_template(name, text);
            debug_assert!(added.is_ok(), "{name}: {added:?}");
        }
        environment
    })
}

/// A time for people: `2026-11-22 10:00 UTC` of `2026-11-22T10:00:00.000Z`. What is no such time stays as it is.
fn moment(text: &str) -> String {
    match text.strip_suffix('Z').and_then(|rest| rest.split_once('T')).and_then(|(day, time)| Some((day, time.get(..5)?))) {
        Some((day, minutes)) => format!("{day} {minutes} UTC"),
        None => text.to_owned(),
    }
}

/// Renders an e-mail from its variables, in which every reference was opened.
///
/// # Errors
/// [`NotRendered`] where a variable is missing.
pub fn render(template: Template, variables: &Json) -> Result<Mail, NotRendered> {
    let name = template.name();
    let whole = one(&format!("{name}.txt"), variables)?;
    let (head, text) = whole.split_once("\n\n").ok_or_else(|| NotRendered(format!("{name}.txt has no body")))?;
    let subject = head.strip_prefix("Subject: ").filter(|subject| !subject.contains(['\r', '\n']));
    let subject = subject.ok_or_else(|| NotRendered(format!("{name}.txt has no subject of one line")))?.to_owned();
    let mut with_subject = variables.clone();
    with_subject["subject"] = Json::String(subject.clone());
    let html = one(&format!("{name}.html"), &with_subject)?;
    Ok(Mail { subject, text: text.to_owned(), html })
}

fn one(name: &str, variables: &Json) -> Result<String, NotRendered> {
    let template = environment().get_template(name).map_err(|error| NotRendered(format!("{name}: {}", error.kind())))?;
    // The kind and line only: the detail may quote a variable.
    template
        .render(minijinja::Value::from(minijinja::value::Serde(variables)))
        .map_err(|error| NotRendered(format!("{name}, line {}: {}", error.line().unwrap_or(0), error.kind())))
}

/// Variables that a template is rendered with in tests and previews; hostile where a stranger chooses the text.
#[must_use]
pub fn sample(template: Template) -> Json {
    let mut variables = serde_json::json!({
        "base_url": "https://tradepost.example", "recipient_name": "Ada <b>Lovelace</b>", "test": false,
        "merchant": "Northwind & Sons", "company": "Acme \"Resellers\" GmbH", "partnership": "par_01h455vb4pex5vsknk084sn02q",
        "brand": {
            "merchant": "mer_01h455vb4pex5vsknk084sn02q", "logo": "https://tradepost.example/brand/mer_01h455vb4pex5vsknk084sn02q/ab.png",
            "accent": "#ffd400", "on_accent": "#000000",
        },
    });
    let more = match template {
        Template::PartnershipSignedUp
        | Template::PartnershipApproved
        | Template::PartnershipDenied
        | Template::PartnershipSuspended
        | Template::PartnershipReactivated
        | Template::PartnershipClosed => {
            serde_json::json!({"code": "R-7K2M", "partnership": "par_01h455vb4pex5vsknk084sn02q", "note": "Too <few> orders"})
        }
        Template::OrderPlaced | Template::OrderCanceled => serde_json::json!({
            "order": "ord_01h455vb4pex5vsknk084sn02q", "order_number": "2026-000017", "reference": "PO 4711", "total": "1250.00", "currency": "USD",
            "note": null, "invoice_number": "INV-17", "due_on": "2026-12-21", "invoice_link": "https://tradepost.example/i/1-abc-def",
        }),
        Template::TopUpRequested | Template::BalanceLow => serde_json::json!({
            "invoice_number": "INV-000018", "amount": "500.00", "currency": "USD", "due_on": "2026-12-21",
            "balance": "12.00", "threshold": "100.00", "invoice_link": "https://tradepost.example/i/1-abc-def",
        }),
        Template::LicenseSent => serde_json::json!({
            "license": "lic_01h455vb4pex5vsknk084sn02q", "product": "Studio Pro <2026>", "sku": "KEY-PRO", "code": "AAAA-<BBB>-CCCC",
        }),
        Template::FulfillmentDelivered => serde_json::json!({
            "product": "Studio Pro <2026>", "order": "SHOP-<b>1</b>", "quantity": 2, "codes": ["AAAA-<BBB>-CCCC", "DDDD-EEEE"],
        }),
        Template::FulfillmentFailed => serde_json::json!({
            "product": "Studio Pro <2026>", "order": "SHOP-<b>1</b>", "quantity": 2000, "total": "1250.00", "currency": "USD",
        }),
        Template::CancelRequested | Template::CancelApproved | Template::CancelRejected => serde_json::json!({
            "product": "Studio Pro <2026>", "order": "SHOP-<b>1</b>", "cancel_request": "crq_01h455vb4pex5vsknk084sn02q", "quantity": 2, "of_quantity": 5,
            "reason": "Bought by <script>mistake", "note": null, "refund": "50.00", "currency": "USD",
        }),
        Template::PasswordReset | Template::EmailConfirmation | Template::Access | Template::SignUpRepeated => serde_json::json!({
            "person": "usr_01h455vb4pex5vsknk084sn02q", "link": "https://tradepost.example/links/abc?d=e&f=g", "expires_at": "2026-11-22T10:00:00.000Z",
            "merchant": null, "brand": null,
        }),
        Template::EmailChange => serde_json::json!({
            "person": "usr_01h455vb4pex5vsknk084sn02q", "link": "https://tradepost.example/email-changes/abc?d=e&f=g", "expires_at": "2026-11-22T10:00:00.000Z",
            "merchant": null, "brand": null, "new_email": "ada@example.org",
        }),
        Template::EmailChangeNotice => serde_json::json!({
            "person": "usr_01h455vb4pex5vsknk084sn02q", "merchant": null, "brand": null, "new_email": "ada+<b>@example.org",
        }),
        Template::SecurityNotice => {
            serde_json::json!({"person": "usr_01h455vb4pex5vsknk084sn02q", "event": "person.recovery_code_used", "left": 3, "merchant": null})
        }
    };
    if let (Some(all), Json::Object(more)) = (variables.as_object_mut(), more) {
        all.extend(more);
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_with_samples_in_live_and_in_test() {
        for template in Template::ALL {
            for test in [false, true] {
                let mut variables = sample(*template);
                variables["test"] = test.into();
                let mail = render(*template, &variables).unwrap_or_else(|error| panic!("{}: {error}", template.name()));
                assert!(!mail.subject.is_empty() && mail.subject.starts_with("[Test]") == test, "{}", mail.subject);
                for form in [&mail.text, &mail.html] {
                    assert!(!form.contains("{{") && !form.contains(">none") && !form.contains("undefined"), "{form}");
                    assert_eq!(form.contains("sandbox"), test, "{}", template.name());
                }
                assert!(!mail.html.contains("<b>") && !mail.html.contains("<few>") && !mail.html.contains("<script") && !mail.html.contains("<2026>"));
                assert!(mail.html.contains("Ada &lt;b&gt;"), "{}", mail.html);
            }
        }
    }

    /// The first owner of a merchant may be known by address only.
    #[test]
    fn a_mail_to_somebody_without_a_name_greets_without_one() {
        for template in Template::ALL {
            let mut variables = sample(*template);
            variables["recipient_name"] = "".into();
            let mail = render(*template, &variables).expect("it renders");
            assert!(mail.text.contains("Hello,\n") && mail.html.contains("<p>Hello,</p>"), "{}", mail.text);
        }
    }

    #[test]
    fn every_template_says_so_where_a_variable_is_missing() {
        for template in Template::ALL {
            let mut variables = sample(*template);
            variables.as_object_mut().expect("an object").remove("recipient_name");
            let error = render(*template, &variables).expect_err("strict");
            assert!(!error.0.contains("Northwind"), "{error}");
        }
    }

    /// ORD-8: reference, total amount due, due date and a link to the invoice.
    #[test]
    fn the_mail_about_an_order_says_what_is_due_and_where_its_invoice_is() {
        let mail = render(Template::OrderPlaced, &sample(Template::OrderPlaced)).expect("it renders");
        for needed in ["PO 4711", "1250.00 USD", "2026-12-21", "https://tradepost.example/i/1-abc-def"] {
            assert!(mail.text.contains(needed), "{needed}: {}", mail.text);
        }
        // The HTML form writes the slashes of a link as entities; a reader sees the same.
        assert!(mail.html.contains("PO 4711") && mail.html.contains("1-abc-def"));
    }

    /// PLT-12: a mail looks as its merchant does, and leads to the page of what it is about, never to the API.
    #[test]
    fn a_mail_looks_as_its_merchant_and_leads_to_the_portal() {
        for template in Template::ALL {
            let mail = render(*template, &sample(*template)).expect("it renders");
            for form in [&mail.text, &mail.html] {
                assert!(!form.contains("/v1/") && !form.contains("/docs"), "{}: {form}", template.name());
            }
        }
        let link = |template| render(template, &sample(template)).expect("it renders").text;
        let (merchant, partnership) = ("/m/mer_01h455vb4pex5vsknk084sn02q", "/r/par_01h455vb4pex5vsknk084sn02q");
        assert!(link(Template::PartnershipSignedUp).contains(&format!("https://tradepost.example{merchant}/resellers/par_01h455vb4pex5vsknk084sn02q\n")));
        assert!(link(Template::PartnershipApproved).contains(&format!("https://tradepost.example{partnership}\n")));
        assert!(link(Template::OrderCanceled).contains(&format!("{partnership}/orders/ord_01h455vb4pex5vsknk084sn02q\n")));
        assert!(link(Template::CancelRequested).contains(&format!("{merchant}/cancel-requests/crq_01h455vb4pex5vsknk084sn02q\n")));
        assert!(link(Template::SignUpRepeated).contains("https://tradepost.example/sign-in\n"));
        let html = render(Template::PartnershipApproved, &sample(Template::PartnershipApproved)).expect("it renders").html;
        assert!(html.contains("background: #ffd400; color: #000000;") && html.contains("ab.png\" alt=\"\""), "{html}");
        let mut plain = sample(Template::PartnershipApproved);
        plain["brand"] = serde_json::json!({"merchant": "mer_01h455vb4pex5vsknk084sn02q", "logo": null, "accent": null, "on_accent": null});
        let html = render(Template::PartnershipApproved, &plain).expect("it renders").html;
        assert!(html.contains("background: #1f5eff; color: #ffffff;") && !html.contains("<img"), "{html}");
    }

    #[test]
    fn times_are_written_for_people() {
        let mail = render(Template::PasswordReset, &sample(Template::PasswordReset)).expect("it renders");
        assert!(mail.text.contains("until 2026-11-22 10:00 UTC.") && mail.html.contains("until 2026-11-22 10:00 UTC."), "{}", mail.text);
        assert_eq!(moment("soon"), "soon");
    }

    /// STK-5: a code goes out byte for byte in the plain form.
    #[test]
    fn a_license_mail_carries_its_code_and_works_without_one() {
        let mut variables = sample(Template::LicenseSent);
        let mail = render(Template::LicenseSent, &variables).expect("it renders");
        assert!(mail.text.contains("License code: AAAA-<BBB>-CCCC\n"), "{}", mail.text);
        assert!(mail.html.contains("AAAA-&lt;BBB&gt;-CCCC"));
        variables["code"] = Json::Null;
        assert!(!render(Template::LicenseSent, &variables).expect("it renders").text.contains("License code"));
    }

    /// EXT-7: the codes go out byte for byte; too many, or none any more, are said to be so.
    #[test]
    fn a_mail_to_a_shops_customer_carries_its_codes_or_says_why_not() {
        let mut variables = sample(Template::FulfillmentDelivered);
        let mail = render(Template::FulfillmentDelivered, &variables).expect("it renders");
        assert!(mail.text.contains("are your codes") && mail.text.contains("\nAAAA-<BBB>-CCCC\nDDDD-EEEE\n"), "{}", mail.text);
        assert!(mail.html.contains("<code>AAAA-&lt;BBB&gt;-CCCC</code>"));
        variables["codes"] = Json::Null;
        assert!(render(Template::FulfillmentDelivered, &variables).expect("it renders").text.contains("too many for an e-mail"));
        variables["codes"] = serde_json::json!([]);
        assert!(render(Template::FulfillmentDelivered, &variables).expect("it renders").text.contains("was taken back"));
        variables["codes"] = Json::from(vec!["AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"; 50]);
        assert_eq!(render(Template::FulfillmentDelivered, &variables).expect("it is within its fuel").text.matches("AAAA-").count(), 50);
    }
}
