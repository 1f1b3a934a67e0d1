//! What templates are rendered with in tests.

use serde_json::Value as Json;
use tradepost_domain::notices::rules::Template;

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
        Template::OrderPlaced | Template::OrderCanceled | Template::ReservationEnded => serde_json::json!({
            "order": "ord_01h455vb4pex5vsknk084sn02q", "order_number": "2026-000017", "reference": "PO 4711", "total": "1250.00", "currency": "USD",
            "note": null, "invoice_number": "INV-17", "due_on": "2026-12-21", "invoice_link": "https://tradepost.example/i/1-abc-def",
        }),
        Template::ApprovalRequested => serde_json::json!({
            "order": "ord_01h455vb4pex5vsknk084sn02q", "reference": "PO <4711>", "asked_by": "Grace <b>Hopper</b>",
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
        Template::OwnershipReceived | Template::OwnershipGiven => serde_json::json!({
            "person": "usr_01h455vb4pex5vsknk084sn02q", "merchant": null, "brand": null, "account": "Northwind <few>", "other": "Grace <b>Hopper</b>",
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
