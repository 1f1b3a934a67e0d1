//! Where wires go: the merchant's bank account, on invoices and as a code that banking apps read (BIL-3).

use serde_json::{Value as Json, json};
use tradepost_documents::qr::Code;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_store::{params, sql};
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

const IBAN: &str = "DE89370400440532013000";
const GROUPED: &str = "DE89 3704 0044 0532 0130 00";

async fn house(app: &TestApp, currency: &str) -> (Merchant, Reseller) {
    let acme = app.merchant_in(&format!("Acme {currency}"), currency, "UTC").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    let contoso = acme.reseller(&format!("Contoso {currency}")).credit("1000.00").await;
    (acme, contoso)
}

fn account() -> Json {
    json!({"holder": "Müller & Söhne GmbH", "iban": "de89 3704 0044 0532 0130 00", "bic": "cobadeffxxx"})
}

fn kept() -> Json {
    json!({"holder": "Müller & Söhne GmbH", "iban": IBAN, "bic": "COBADEFFXXX"})
}

/// The drawing of what a banking app shall read.
fn drawn(amount: &str, number: &str) -> String {
    let text = format!("BCD\n002\n1\nSCT\nCOBADEFFXXX\nMüller & Söhne GmbH\n{IBAN}\nEUR{amount}\n\n\n{number}");
    Code::of(&text).expect("a code").drawn("QR code of the transfer").into_string()
}

/// The page behind an invoice's link, the page on which a reseller reads how to pay, and the PDF.
async fn papers(user: &Asker, contoso: &Reseller, invoice: &Json) -> (String, String, Vec<u8>) {
    let link = invoice["url"].as_str().and_then(|url| url.strip_prefix("http://localhost")).expect("of this server");
    let id = invoice["id"].as_str().expect("an id");
    let page = user.get(link).await.text();
    let pay = user.get(&format!("/r/{}/invoices/{id}/pay", contoso.partnership().text())).await.text();
    let pdf = user.get(&format!("/v1/reseller/invoices/{id}/pdf")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"), "{}", pdf.text());
    (page, pay, pdf.bytes)
}

app_test! {
    /// BIL-3: from now on every invoice names the account, and one in euros has a code over what is unpaid; those of before stay.
    async fn an_invoice_carries_the_account_and_a_code_over_what_is_unpaid(app) {
        let (acme, contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&contoso.signs_in(ResellerRole::Viewer).await));
        let invoice = async |id: tradepost_domain::InvoiceId| user.get(&format!("/v1/reseller/invoices/{id}")).await.must(200);
        let before = contoso.order(&[("KEY-PRO", 1)]).place().await.invoice;
        assert_eq!(staff.get("/v1/merchant").await.must(200)["bank_account"], json!(null));
        assert_eq!(staff.patch("/v1/merchant", json!({"bank_account": account()})).await.must(200)["bank_account"], kept());

        let placed = contoso.order(&[("KEY-PRO", 3)]).place().await.invoice;
        let told = invoice(placed).await;
        let ways = &told["payment_instructions"];
        assert_eq!((&ways[0]["method"], &ways[0]["bank_account"]), (&json!("check"), &json!(null)));
        assert_eq!((&ways[1]["method"], &ways[1]["bank_account"]), (&json!("wire"), &kept()));
        let number = told["number"].as_str().expect("a number").to_owned();
        let (page, pay, whole) = papers(&user, &contoso, &told).await;
        for text in [&page, &pay] {
            assert!(text.contains(GROUPED) && text.contains("Müller &amp; Söhne GmbH") && text.contains("COBADEFFXXX"), "{text}");
            assert!(text.contains(&drawn("30.00", &number)) && text.contains("Scan to pay") && !text.contains(" style="), "{text}");
        }
        let german = user.header("accept-language", "de");
        let (german_page, german_pay, _) = papers(&german, &contoso, &told).await;
        assert!(german_page.contains("Zum Bezahlen scannen") && german_pay.contains("Zum Bezahlen scannen"), "{german_pay}");
        let of_merchant = staff.get(&format!("/v1/merchant/invoices/{placed}")).await.must(200);
        assert_eq!(of_merchant["payment_instructions"], *ways);

        acme.pay(placed, "10.01").await;
        let (page, pay, part) = papers(&user, &contoso, &invoice(placed).await).await;
        assert!(page.contains(&drawn("19.99", &number)) && pay.contains(&drawn("19.99", &number)), "{page}");
        acme.pay(placed, "19.99").await;
        let (page, pay, paid) = papers(&user, &contoso, &invoice(placed).await).await;
        assert!(!page.contains("<svg") && !page.contains(GROUPED) && !pay.contains("Scan to pay"), "{page}");
        assert!(whole != part && part != paid);

        let (page, pay, _) = papers(&user, &contoso, &invoice(before).await).await;
        assert!(!page.contains(GROUPED) && !pay.contains(GROUPED) && !page.contains("<svg"), "what was issued stays as it is: {page}");
        let top_up = invoice(contoso.request_top_up("20.00").await).await;
        let (page, _, _) = papers(&user, &contoso, &top_up).await;
        assert!(page.contains(&drawn("20.00", top_up["number"].as_str().expect("a number"))), "a top-up is paid so, too: {page}");
        assert_eq!(staff.patch("/v1/merchant", json!({"bank_account": null})).await.must(200)["bank_account"], json!(null));
        assert_eq!(invoice(placed).await["payment_instructions"][1]["bank_account"], kept(), "and so does this one");
    }

    /// BIL-3: in another currency the account stands there without a code.
    async fn an_invoice_in_dollars_has_no_code(app) {
        let (acme, contoso) = house(&app, "USD").await;
        let http = app.http().await;
        http.with(&acme.key).patch("/v1/merchant", json!({"bank_account": account()})).await.must(200);
        let placed = contoso.order(&[("KEY-PRO", 3)]).place().await.invoice;
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let told = user.get(&format!("/v1/reseller/invoices/{placed}")).await.must(200);
        assert_eq!(told["payment_instructions"][1]["bank_account"], kept());
        let (page, pay, _) = papers(&user, &contoso, &told).await;
        assert!(page.contains(GROUPED) && pay.contains(GROUPED) && !page.contains("<svg") && !pay.contains("Scan to pay"), "{page}");
    }

    /// BIL-3: what is said of checks stands with checks and what is said of wires with wires: in the API, on the page, on paper, where a reseller pays.
    async fn each_way_to_pay_has_its_own_words(app) {
        let (acme, contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let change = json!({"check_instructions": "Send checks to 1 Pier Road", "wire_instructions": "Charges are yours"});
        staff.patch("/v1/merchant", change).await.must(200);
        let placed = contoso.order(&[("KEY-PRO", 3)]).place().await.invoice;
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let told = user.get(&format!("/v1/reseller/invoices/{placed}")).await.must(200);
        let ways = &told["payment_instructions"];
        let said = |way: usize| ways[way]["text"].as_str().expect("a text").to_owned();
        assert!(said(0).ends_with("\nSend checks to 1 Pier Road") && !said(0).contains("Charges"), "{}", said(0));
        assert!(said(1).ends_with("\nCharges are yours") && !said(1).contains("Pier Road"), "{}", said(1));
        for language in ["en", "de"] {
            let (page, pay, _) = papers(&user.header("accept-language", language), &contoso, &told).await;
            for text in [&page, &pay] {
                assert_eq!((text.matches("Send checks to 1 Pier Road").count(), text.matches("Charges are yours").count()), (1, 1), "{text}");
            }
        }
        staff.patch("/v1/merchant", json!({"check_instructions": null})).await.must(200);
        let merchant = staff.get("/v1/merchant").await.must(200);
        assert_eq!((&merchant["check_instructions"], &merchant["wire_instructions"]), (&json!(null), &json!("Charges are yours")));
        assert_eq!(staff.patch("/v1/merchant", json!({"payment_instructions": "Ask us"})).await.status, 422, "there is one text no more");
        let after = user.get(&format!("/v1/reseller/invoices/{placed}")).await.must(200);
        assert_eq!(after["payment_instructions"], *ways, "what was issued stays as it is");
    }

    /// BIL-3: what one text said of both ways before stands with both after the migration.
    async fn the_text_of_before_goes_to_both_ways(app) {
        let (acme, _contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        http.with(&acme.key).patch("/v1/merchant", json!({"check_instructions": "Ask us"})).await.must(200);
        let migration = tradepost::migrations::migrations().into_iter().find(|migration| migration.name.ends_with("_instructions")).expect("the migration").text;
        let update = migration[migration.find("UPDATE merchant").expect("the statement")..].split(';').next().expect("a statement").to_owned();
        app.past_the_store(&[update]).await;
        let kept = sql!("SELECT check_instructions, wire_instructions FROM merchant WHERE number = $1");
        let both: (Option<String>, Option<String>) = app.row(kept, params![acme.number].to_vec()).await;
        assert_eq!(both, (Some("Ask us".to_owned()), Some("Ask us".to_owned())));
    }

    /// BIL-3, PLT-4: what is no account is refused at its field; who may not manage the merchant changes none; a change is in the trail.
    async fn an_account_is_checked_and_changed_by_who_may(app) {
        let (acme, _contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        for (wrong, at) in [
            (json!({"holder": "Acme", "iban": "DE88370400440532013000"}), "/bank_account/iban"),
            (json!({"holder": "Acme", "iban": "DE8937040044053201300"}), "/bank_account/iban"),
            (json!({"holder": "Acme"}), "/bank_account/iban"),
            (json!({"iban": IBAN}), "/bank_account/holder"),
            (json!({"holder": "A".repeat(71), "iban": IBAN}), "/bank_account/holder"),
            (json!({"holder": "Acme", "iban": IBAN, "bic": "COBADE"}), "/bank_account/bic"),
            (json!({"holder": "Acme", "iban": IBAN, "bank": "Acme"}), "/bank_account/bank"),
            (json!(IBAN), "/bank_account"),
        ] {
            let no = staff.patch("/v1/merchant", json!({"bank_account": wrong})).await;
            assert_eq!((no.status, no.json()["errors"][0]["pointer"].as_str()), (422, Some(at)), "{}", no.text());
        }
        let finance = http.with(&acme.signs_in(MerchantRole::Finance).await);
        assert_eq!(finance.patch("/v1/merchant", json!({"bank_account": account()})).await.said(), (403, "forbidden".into()));
        assert_eq!(finance.get("/v1/merchant").await.must(200)["bank_account"], json!(null), "nothing was changed");

        staff.patch("/v1/merchant", json!({"bank_account": account()})).await.must(200);
        let (after,): (String,) = app.row(sql!("SELECT after_json FROM audit WHERE merchant = $1 AND action = 'merchant.updated' ORDER BY id DESC LIMIT 1"), params![acme.number].to_vec()).await;
        assert_eq!(serde_json::from_str::<Json>(&after).expect("JSON")["bank_account"], kept());
        let other = json!({"holder": "Acme", "iban": "AT61 1904 3002 3457 3201"});
        let changed = staff.patch("/v1/merchant", json!({"bank_account": other})).await.must(200);
        assert_eq!(changed["bank_account"], json!({"holder": "Acme", "iban": "AT611904300234573201", "bic": null}));

        app.clock.advance_ms(16 * 60_000);
        assert_eq!(staff.patch("/v1/merchant", json!({"bank_account": null})).await.said(), (403, "fresh_proof_required".into()));
        http.with(&acme.key).patch("/v1/merchant", json!({"bank_account": null})).await.must(200);
    }

    /// BIL-3, PAR-15: the form of the portal asks who it is, says what is wrong beside its field, and keeps what was typed.
    async fn the_form_of_the_account_asks_again_and_says_what_is_wrong(app) {
        let (acme, _contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Admin).await);
        let (settings, page) = (format!("/m/{}/settings", acme.id), format!("/m/{}/settings/payment", acme.id));
        let german = staff.header("accept-language", "de");
        let wrong = german.form(&page, "holder=Acme&iban=DE88370400440532013000&bic=COBA&version=1").await;
        let text = wrong.text();
        assert!(wrong.status == 422 && text.contains("value=\"DE88370400440532013000\"") && text.contains("Prüfziffern") && text.contains("8 oder 11 Zeichen"), "{text}");
        let wrong = staff.form(&page, "bic=COBADEFFXXX&version=1").await;
        assert!(wrong.status == 422 && wrong.text().matches("Is missing.").count() >= 2, "{}", wrong.text());
        let saved = staff.form(&page, &format!("holder=Acme&iban={}&check_instructions=To+1+Pier+Road&wire_instructions=Ask+us&version=1", GROUPED.replace(' ', "+"))).await;
        assert_eq!((saved.status, saved.headers["location"].split('?').next()), (303, Some(settings.as_str())), "{}", saved.text());
        let shown = staff.get(&settings).await.text();
        assert!(shown.contains(GROUPED) && shown.contains("Ask us") && shown.contains("To 1 Pier Road") && shown.contains(&page), "{shown}");
        assert!(staff.get(&page).await.text().contains(&format!("value=\"{GROUPED}\"")));
        assert_eq!(staff.form(&settings, "name=Acme+Tools&time_zone=UTC&version=2").await.status, 303);
        let merchant = staff.get("/v1/merchant").await.must(200);
        assert_eq!((&merchant["name"], &merchant["bank_account"]["iban"]), (&json!("Acme Tools"), &json!(IBAN)));
        assert_eq!((&merchant["check_instructions"], &merchant["wire_instructions"]), (&json!("To 1 Pier Road"), &json!("Ask us")));
        assert_eq!(staff.form(&page, "version=1").await.status, 412, "somebody changed it meanwhile");
        assert_eq!(staff.form(&page, "version=3").await.status, 303);
        assert_eq!(staff.get("/v1/merchant").await.must(200)["bank_account"], json!(null), "what is empty is cleared");

        let support = http.with(&acme.signs_in(MerchantRole::Support).await);
        assert_eq!((support.get(&page).await.status, support.form(&page, "version=4").await.status), (403, 403));
        assert!(!support.get(&settings).await.text().contains(&page), "who may not change it is not led there");
        app.clock.advance_ms(16 * 60_000);
        let asked = staff.get(&page).await;
        assert!(asked.status == 303 && asked.headers["location"].starts_with("/again?next="), "{:?}", asked.headers);
        assert_eq!(staff.get(&settings).await.status, 200, "what only shows is not asked");
    }
}
