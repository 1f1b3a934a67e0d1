//! Invoices for programs: the e-invoice at the API, behind the link of a mail and on the pages (BIL-3). Whether the files are what the norm takes is
//! checked by software that is not ours: `scripts/e-invoices`.

use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::{InvoiceId, Right};
use tradepost_testkit::http::{Asker, Reply};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

async fn house(app: &TestApp, currency: &str) -> (Merchant, Reseller) {
    let acme = app.merchant_in(&format!("Acme {currency}"), currency, "UTC").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    let contoso = acme.reseller(&format!("Contoso {currency}")).credit("1000.00").await;
    (acme, contoso)
}

fn file(reply: &Reply, number: &str) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.headers["content-type"], "application/xml");
    assert_eq!(reply.headers["content-disposition"], format!("attachment; filename=\"{number}.xml\""));
    assert_eq!(reply.headers["cache-control"], "no-store");
    let xml = reply.text();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rsm:CrossIndustryInvoice "), "{xml}");
    xml
}

/// The text of the last element of this name: sums stand behind the lines.
fn last<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.rsplit_once(&format!("<ram:{name}"))?;
    rest.split_once('>')?.1.split_once('<').map(|(text, _)| text)
}

fn path(invoice: &Json) -> &str {
    invoice["url"].as_str().and_then(|url| url.strip_prefix("http://localhost")).expect("of this server")
}

async fn told(asker: &Asker, id: InvoiceId) -> Json {
    asker.get(&format!("/v1/reseller/invoices/{id}")).await.must(200)
}

/// The sums of the file are those of the resource, and it knows of what was paid by now.
fn agree(xml: &str, invoice: &Json) {
    let amount = |name: &str| invoice[name]["amount"].as_str().expect("an amount").to_owned();
    assert_eq!(last(xml, "LineTotalAmount"), Some(amount("subtotal").as_str()), "{xml}");
    assert_eq!(last(xml, "TaxTotalAmount"), Some(amount("tax").as_str()), "{xml}");
    assert_eq!(last(xml, "GrandTotalAmount"), Some(amount("total").as_str()), "{xml}");
    assert_eq!(last(xml, "DuePayableAmount"), Some(amount("amount_open").as_str()), "{xml}");
    let paid = Some(amount("amount_paid")).filter(|paid| paid != "0.00");
    assert_eq!(last(xml, "TotalPrepaidAmount"), paid.as_deref(), "{xml}");
    let lines = invoice["lines"].as_array().expect("lines").len();
    assert_eq!(xml.matches("<ram:IncludedSupplyChainTradeLineItem>").count(), lines, "{xml}");
    assert_eq!(last(xml, "InvoiceCurrencyCode"), invoice["total"]["currency"].as_str());
}

app_test! {
    /// BIL-3, ORD-8: both sides and whoever has the link get the same file; nobody else gets any.
    async fn both_sides_and_the_link_get_one_e_invoice(app) {
        let (acme, contoso) = house(&app, "USD").await;
        let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
        let http = app.http().await;
        let (merchant, reseller) = (http.with(&acme.key), http.with(&contoso.key().await));
        merchant.patch("/v1/merchant", json!({"country": "US", "address": "1 Pier Road\nBoston", "vat_id": "US12"})).await.must(200);
        let placed = contoso.order(&[("KEY-PRO", 3)]).reference("PO <4711> & \"more\"").place().await.invoice;
        let invoice = told(&reseller, placed).await;
        let (number, link) = (invoice["number"].as_str().expect("a number"), path(&invoice));
        let (of_merchant, of_reseller) = (format!("/v1/merchant/invoices/{placed}/xml"), format!("/v1/reseller/invoices/{placed}/xml"));
        let xml = file(&merchant.get(&of_merchant).await, number);
        assert_eq!(file(&reseller.get(&of_reseller).await, number), xml);
        assert_eq!(file(&http.nobody().get(&format!("{link}/xml?language=en")).await, number), xml);
        agree(&xml, &invoice);
        for text in [
            "<ram:ID>urn:cen.eu:en16931:2017</ram:ID>".to_owned(),
            format!("<ram:ID>{number}</ram:ID>"),
            format!("<ram:ID>{}</ram:ID>", acme.id),
            "<ram:BuyerReference>PO &lt;4711&gt; &amp; &quot;more&quot;</ram:BuyerReference>".to_owned(),
            "<ram:LineOne>1 Pier Road</ram:LineOne>".to_owned(),
            "<ram:CityName>Springfield</ram:CityName>".to_owned(),
            "<ram:PostcodeCode>12345</ram:PostcodeCode>".to_owned(),
            "<ram:Description>VAT id US12</ram:Description>".to_owned(),
            "<ram:BilledQuantity unitCode=\"C62\">3</ram:BilledQuantity>".to_owned(),
        ] {
            assert!(xml.contains(&text), "{text}\n{xml}");
        }
        let german = file(&reseller.get(&format!("{of_reseller}?language=de")).await, number);
        assert!(german != xml && german.contains("Nicht umsatzsteuerbar"), "{german}");
        assert_eq!(file(&reseller.header("accept-language", "de-AT,en;q=0.5").get(&of_reseller).await, number), german);
        agree(&german, &invoice);
        assert_eq!(reseller.get(&format!("{of_reseller}?language=fr")).await.said().0, 400);
        file(&http.with(&contoso.signs_in(ResellerRole::Viewer).await).get(&of_reseller).await, number);
        assert_eq!(http.with(&fabrikam.key().await).get(&of_reseller).await.said(), (404, "not_found".into()));
        assert_eq!(http.with(&contoso.key_with(vec![Right::OrdersRead]).await).get(&of_reseller).await.said(), (403, "forbidden".into()));
        assert_eq!((http.nobody().get(&of_reseller).await.status, http.nobody().get(&of_merchant).await.status), (401, 401));
        assert_eq!(reseller.get(&of_merchant).await.said(), (404, "not_found".into()));
        for no in [format!("{link}x/xml"), "/i/nothing/xml".to_owned()] {
            assert_eq!(http.nobody().get(&no).await.status, 404, "{no}");
        }
    }

    /// BIL-1, BIL-3: the file says what is paid by now; a top-up has one, a canceled invoice has none.
    async fn an_e_invoice_says_what_is_open_and_a_canceled_one_is_none(app) {
        let (acme, contoso) = house(&app, "EUR").await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.key().await));
        let account = json!({"holder": "Acme", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"});
        staff.patch("/v1/merchant", json!({"country": "DE", "bank_account": account})).await.must(200);
        let placed = contoso.order(&[("KEY-PRO", 3)]).place().await;
        let xml_of = async |id: InvoiceId| {
            let invoice = told(&user, id).await;
            let reply = user.get(&format!("/v1/reseller/invoices/{id}/xml")).await;
            let xml = file(&reply, invoice["number"].as_str().expect("a number"));
            agree(&xml, &invoice);
            xml
        };
        let unpaid = xml_of(placed.invoice).await;
        assert_eq!(xml_of(placed.invoice).await, unpaid, "nothing of it depends on when it was made");
        assert!(unpaid.contains("<ram:IBANID>DE89370400440532013000</ram:IBANID>") && unpaid.contains("<ram:TypeCode>58</ram:TypeCode>"), "{unpaid}");
        acme.pay(placed.invoice, "10.01").await;
        let part = xml_of(placed.invoice).await;
        assert_eq!((last(&part, "TotalPrepaidAmount"), last(&part, "DuePayableAmount")), (Some("10.01"), Some("19.99")));
        acme.pay(placed.invoice, "19.99").await;
        let paid = xml_of(placed.invoice).await;
        assert!(last(&paid, "DuePayableAmount") == Some("0.00") && !paid.contains("IBANID"), "{paid}");
        let top_up = contoso.request_top_up("20.00").await;
        assert_eq!(last(&xml_of(top_up).await, "GrandTotalAmount"), Some("20.00"));

        let canceled = contoso.order(&[("KEY-PRO", 1)]).place().await;
        acme.cancel(canceled.id).await;
        let no = user.get(&format!("/v1/reseller/invoices/{}/xml", canceled.invoice)).await;
        assert_eq!((no.said(), no.json()["state"].as_str()), ((409, "invoice_canceled".into()), Some("canceled")));
        let invoice = told(&user, canceled.invoice).await;
        let page = http.nobody().get(path(&invoice)).await.text();
        assert!(page.contains("/pdf?language=en") && !page.contains("/xml?"), "{page}");
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let page = user.get(&format!("/r/{}/invoices/{}", contoso.partnership(), canceled.invoice)).await.text();
        assert!(page.contains("/pdf?language=en") && !page.contains("/xml?"), "{page}");
    }

    /// BIL-3: what the norm requires and the invoice does not say is named, in words for people too; once it is there, so is the file.
    async fn what_an_e_invoice_lacks_is_named(app) {
        let (acme, contoso) = house(&app, "USD").await;
        let http = app.http().await;
        let (staff, user, anybody) = (http.with(&acme.key), http.with(&contoso.key().await), http.nobody());
        let placed = contoso.order(&[("KEY-PRO", 1)]).place().await.invoice;
        let invoice = told(&user, placed).await;
        let (number, link) = (invoice["number"].as_str().expect("a number"), path(&invoice));
        let no = user.get(&format!("/v1/reseller/invoices/{placed}/xml")).await;
        assert_eq!(no.said(), (422, "einvoice_incomplete".into()), "{}", no.text());
        let sentence = "The merchant's country is missing: it is chosen in its settings (country of /v1/merchant).";
        assert_eq!(no.json()["errors"], json!([{"pointer": "/seller/country", "code": "einvoice_incomplete", "detail": sentence}]));
        let page = anybody.header("accept-language", "de").get(&format!("{link}/xml")).await;
        assert!(page.status == 422 && page.text().contains("Das Land des Händlers fehlt"), "{}", page.text());
        let page = anybody.get(&format!("{link}/xml")).await.text();
        assert!(page.contains("country is missing"), "{page}");
        assert!(!anybody.get(link).await.text().contains("/xml?"), "nobody is led to what is not there");

        staff.patch("/v1/merchant", json!({"country": "US"})).await.must(200);
        let xml = file(&user.get(&format!("/v1/reseller/invoices/{placed}/xml")).await, number);
        assert!(xml.matches("<ram:CountryID>US</ram:CountryID>").count() == 2, "{xml}");
        let page = anybody.header("accept-language", "de").get(link).await.text();
        assert!(page.contains(&format!("href=\"{link}/xml?language=de\"")) && page.contains("E-Rechnung"), "{page}");

        let kuwait = app.merchant_in("Acme KWD", "KWD", "UTC").await;
        kuwait.product("KEY-PRO").price("1.337").keys(20).await;
        let buyer = kuwait.reseller("Dar").credit("1000.000").await;
        let (staff, user) = (http.with(&kuwait.key), http.with(&buyer.key().await));
        staff.patch("/v1/merchant", json!({"country": "KW"})).await.must(200);
        for (quantity, answer) in [(1, 422), (10, 200)] {
            let placed = buyer.order(&[("KEY-PRO", quantity)]).place().await.invoice;
            let reply = user.get(&format!("/v1/reseller/invoices/{placed}/xml")).await;
            let at = reply.json()["errors"][0]["pointer"].as_str().map(str::to_owned);
            assert_eq!((reply.status, at.as_deref()), (answer, (answer == 422).then_some("/currency")), "{}", reply.text());
        }
    }

    /// The pages of both workspaces lead to the e-invoice, in the language of who looks.
    async fn the_pages_of_an_invoice_have_a_button_for_its_e_invoice(app) {
        let (acme, contoso) = house(&app, "USD").await;
        let placed = contoso.order(&[("KEY-PRO", 3)]).place().await.invoice;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Finance).await).header("accept-language", "de");
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let merchants = staff.get(&format!("/m/{}/invoices/{placed}", acme.id)).await.text();
        let resellers = user.get(&format!("/r/{}/invoices/{placed}", contoso.partnership())).await.text();
        assert!(merchants.contains("/xml?language=de\"") && merchants.contains("E-Rechnung"), "{merchants}");
        assert!(resellers.contains("/xml?language=en\"") && resellers.contains("E-invoice"), "{resellers}");
    }
}
