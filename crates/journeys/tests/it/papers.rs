//! Invoices on paper: the PDF at the API, on the pages and behind the link of a mail (BIL-3, ORD-8).

use serde_json::json;
use tradepost_domain::Right;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_testkit::http::Reply;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

fn is_pdf(reply: &Reply, number: &str) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.bytes.starts_with(b"%PDF-"), "{}", reply.text());
    assert_eq!(reply.headers["content-type"], "application/pdf");
    assert_eq!(reply.headers["content-disposition"], format!("attachment; filename=\"{number}.pdf\""));
    assert_eq!(reply.headers["cache-control"], "no-store");
}

async fn house(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    (acme, contoso)
}

app_test! {
    /// BIL-3: both sides get the same document, each its own only; a viewer may, a key without the right may not.
    async fn both_sides_download_an_invoice_as_pdf(app) {
        let (acme, contoso) = house(&app).await;
        let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
        let order = contoso.order(&[("KEY-PRO", 3)]).reference("PO 4711").place().await;
        let (http, invoice) = (app.http().await, order.invoice);
        let merchant = http.with(&acme.key);
        let number = merchant.get(&format!("/v1/merchant/invoices/{invoice}")).await.must(200)["number"].as_str().expect("a number").to_owned();
        let reseller = http.with(&contoso.key().await);
        let (of_merchant, of_reseller) = (format!("/v1/merchant/invoices/{invoice}/pdf"), format!("/v1/reseller/invoices/{invoice}/pdf"));
        let (one, other) = (merchant.get(&of_merchant).await, reseller.get(&of_reseller).await);
        is_pdf(&one, &number);
        is_pdf(&other, &number);
        assert_eq!(one.bytes, other.bytes, "the same document in the same language");
        let german = reseller.get(&format!("{of_reseller}?language=de")).await;
        is_pdf(&german, &number);
        assert_ne!(german.bytes, other.bytes);
        assert_eq!(reseller.header("accept-language", "de-AT,en;q=0.5").get(&of_reseller).await.bytes, german.bytes);
        assert_eq!(reseller.get(&format!("{of_reseller}?language=fr")).await.said().0, 400);
        is_pdf(&http.with(&contoso.signs_in(ResellerRole::Viewer).await).get(&of_reseller).await, &number);
        assert_eq!(http.with(&fabrikam.key().await).get(&of_reseller).await.said(), (404, "not_found".into()));
        assert_eq!(http.with(&contoso.key_with(vec![Right::OrdersRead]).await).get(&of_reseller).await.said(), (403, "forbidden".into()));
        assert_eq!(http.nobody().get(&of_reseller).await.status, 401);
    }

    /// BIL-1, BIL-3: the document stays; what was paid of it shows the next time that somebody asks.
    async fn a_pdf_shows_what_is_paid_by_now(app) {
        let (acme, contoso) = house(&app).await;
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let http = app.http().await;
        let asker = http.with(&contoso.key().await);
        let path = format!("/v1/reseller/invoices/{}/pdf", order.invoice);
        let unpaid = asker.get(&path).await.bytes;
        assert_eq!(asker.get(&path).await.bytes, unpaid, "nothing of it depends on when it was made");
        acme.pay(order.invoice, "10.00").await;
        let part = asker.get(&path).await.bytes;
        acme.pay(order.invoice, "20.00").await;
        let paid = asker.get(&path).await.bytes;
        assert!(unpaid != part && part != paid);
    }

    /// BIL-1, BIL-2: whatever became of an invoice, its page calls open what the API calls open.
    async fn the_page_of_an_invoice_calls_open_what_the_api_calls_open(app) {
        let (acme, contoso) = house(&app).await;
        let http = app.http().await;
        let asker = http.with(&contoso.key().await);
        let mut seen = Vec::new();
        for (paid, canceled, late) in [("", false, false), ("10.00", false, false), ("30.00", false, false), ("10.00", true, false), ("10.00", false, true)] {
            let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
            if !paid.is_empty() {
                acme.pay(order.invoice, paid).await;
            }
            if canceled {
                acme.cancel(order.id).await;
            }
            if late {
                app.clock.advance_ms(60 * 24 * 3_600_000);
            }
            let invoice = asker.get(&format!("/v1/reseller/invoices/{}", order.invoice)).await.must(200);
            let link = invoice["url"].as_str().and_then(|url| url.strip_prefix("http://localhost")).expect("of this server").to_owned();
            let page = http.nobody().get(&link).await.text();
            let open = page.split_once("<th>Open</th>").and_then(|(_, rest)| rest.split_once("number\">")?.1.split_once('<')).map(|(open, _)| open.replace('\u{a0}', " "));
            let told = &invoice["amount_open"];
            let told = format!("{} {}", told["amount"].as_str().expect("an amount"), told["currency"].as_str().expect("a currency"));
            assert_eq!(open.as_deref(), (!paid.is_empty()).then_some(told.as_str()), "{invoice}\n{page}");
            seen.push(format!("{} {told}", invoice["status"].as_str().expect("a status")));
        }
        // What was paid of the canceled one is balance, and paid a part of the last one.
        assert_eq!(seen, ["unpaid 30.00 USD", "unpaid 20.00 USD", "paid 0.00 USD", "canceled 0.00 USD", "overdue 10.00 USD"]);
    }

    /// ORD-8: the link of a mail opens this invoice, as a page and as a PDF, and nothing else; the page leads to the PDF.
    async fn the_link_of_an_invoice_has_a_pdf(app) {
        let (_acme, contoso) = house(&app).await;
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let http = app.http().await;
        let invoice = http.with(&contoso.key().await).get(&format!("/v1/reseller/invoices/{}", order.invoice)).await.must(200);
        let (number, url) = (invoice["number"].as_str().expect("a number"), invoice["url"].as_str().expect("a URL"));
        let link = url.strip_prefix("http://localhost").expect("of this server");
        let anybody = http.nobody();
        let page = anybody.get(link).await.text();
        assert!(page.contains(&format!("href=\"{link}/pdf?language=en\"")) && page.contains("30.00\u{a0}USD"), "{page}");
        is_pdf(&anybody.get(&format!("{link}/pdf?language=en")).await, number);
        let german = anybody.header("accept-language", "de").get(link).await.text();
        assert!(german.contains("Rechnung an") && german.contains("30,00\u{a0}USD"), "{german}");
        for no in [format!("{link}x/pdf"), "/i/nothing/pdf".to_owned()] {
            assert_eq!(anybody.get(&no).await.status, 404, "{no}");
        }
    }

    /// The pages of both workspaces lead to the PDF, in the language of who looks.
    async fn the_pages_of_an_invoice_have_a_button_for_its_pdf(app) {
        let (acme, contoso) = house(&app).await;
        let order = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Finance).await).header("accept-language", "de");
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let merchants = staff.get(&format!("/m/{}/invoices/{}", acme.id, order.invoice)).await.text();
        let resellers = user.get(&format!("/r/{}/invoices/{}", contoso.partnership(), order.invoice)).await.text();
        assert!(merchants.contains("/pdf?language=de\"") && resellers.contains("/pdf?language=en\""), "{merchants}\n{resellers}");
    }

    /// BIL-3: the countries of merchant and reseller stand on an invoice by their names, in its language; what was issued stays as it is.
    async fn both_countries_stand_on_an_invoice_by_their_names(app) {
        let (acme, contoso) = house(&app).await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let page = async |invoice: &str, language: &str| {
            let told = user.get(&format!("/v1/reseller/invoices/{invoice}")).await.must(200);
            let link = told["url"].as_str().and_then(|url| url.strip_prefix("http://localhost")).expect("of this server");
            user.get(&format!("{link}?language={language}")).await.text()
        };
        let before = contoso.order(&[("KEY-PRO", 1)]).place().await.invoice.text();
        staff.patch("/v1/merchant", json!({"address": "Ring 1\n1010 Wien", "country": "AT"})).await.must(200);
        let placed = contoso.order(&[("KEY-PRO", 1)]).place().await.invoice.text();
        for (language, seller, buyer) in [("en", "Austria", "United States"), ("de", "Österreich", "Vereinigte Staaten")] {
            let text = page(&placed, language).await;
            assert!(text.contains(&format!("<p>1010 Wien</p><p>{seller}</p>")) && text.contains(&format!("<p>{buyer}</p>")), "{text}");
            assert!(!text.contains("<p>US</p>") && !text.contains("<p>AT</p>"), "{text}");
            let text = page(&before, language).await;
            assert!(text.contains(&format!("<p>{buyer}</p>")) && !text.contains(seller), "{text}");
        }
    }

    /// The paper is the one of the merchant's country.
    async fn a_merchant_in_america_writes_on_letter(app) {
        let (acme, contoso) = house(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let asker = app.http().await.with(&acme.key);
        let path = format!("/v1/merchant/invoices/{}/pdf", order.invoice);
        let before = asker.get(&path).await.bytes;
        asker.patch("/v1/merchant", json!({ "country": "US" })).await.must(200);
        let letter = asker.get(&path).await.bytes;
        assert_ne!(before, letter);
        assert!(String::from_utf8_lossy(&letter).contains("612 792"), "the size of a page stands outside of what is compressed");
    }
}
