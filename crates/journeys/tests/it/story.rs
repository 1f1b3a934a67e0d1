//! The main job over HTTP, from the catalog to the file of codes: what `examples/main-job.sh` tells with curl.

use serde_json::json;
use tradepost_domain::access::ResellerRole;
use tradepost_testkit::app_test;

app_test! {
    /// FUL-6, FUL-7, FUL-9, STK-5, CRD-5: the reseller's whole way, and the file of codes byte for byte.
    async fn a_reseller_orders_on_credit_and_hands_licenses_out(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let list = staff.get("/v1/merchant/price-lists").await.must(200)["data"][0]["id"].as_str().expect("an id").to_owned();
        let product = staff.post("/v1/merchant/products", json!({"sku": "KEY-PRO", "name": "Pro", "kind": "key", "end_user_information": "none"})).await.must(201);
        let id = product["id"].as_str().expect("an id").to_owned();
        let prices = json!({"currency": "USD", "tiers": [{"from_quantity": 1, "unit_price": {"amount": "26.00", "currency": "USD"}}]});
        let priced = staff.send("PUT", &format!("/v1/merchant/products/{id}/prices"), Some(&prices)).await;
        assert!(priced.status < 300, "{}", priced.text());
        let offered = staff.send("PUT", &format!("/v1/merchant/price-lists/{list}/products/{id}"), None).await;
        assert!(offered.status < 300, "{}", offered.text());
        // Codes as they come: quotes, a comma, a formula. What is in the file comes out of it.
        let codes = ["AAAA-0001", "has,comma", "has\"quote", "=1+1", "  spaced inside  x"];
        let merchant = acme.clone();
        let csv = codes.iter().map(|code| format!("KEY-PRO,\"{}\"\n", code.replace('"', "\"\""))).collect::<String>();
        let report = merchant.import_keys(&format!("sku,code\n{csv}"), tradepost_domain::stock::import::Mode::AllOrNothing, false).await.expect("a report");
        assert!(report.taken_in, "{report:?}");

        let contoso = acme.reseller("Contoso").credit("130.00").await;
        let shop = http.with(&contoso.signs_in(ResellerRole::Seller).await);
        let found = shop.get("/v1/reseller/products").await.must(200);
        assert_eq!(found["data"][0]["sku"], "KEY-PRO");
        let draft = shop.post("/v1/reseller/orders", json!({"reference": "PO-7", "items": [{"product": "KEY-PRO", "quantity": 4}]})).await.must(201);
        let order = draft["id"].as_str().expect("an id").to_owned();
        let placed = shop.act(&format!("/v1/reseller/orders/{order}/confirm")).await.must(200);
        assert_eq!((&placed["state"], &placed["state_label"], &placed["total"]), (&json!("awaiting_payment"), &json!("Pending Payment"), &json!({"amount": "104.00", "currency": "USD"})));
        let credit = shop.get("/v1/reseller/credit").await.must(200);
        assert_eq!((&credit["used"]["amount"], &credit["available"]["amount"], &credit["balance_due"]), (&json!("104.00"), &json!("26.00"), &json!(false)));

        let path = format!("/v1/reseller/orders/{order}/licenses.csv");
        let file = shop.get(&path).await;
        assert_eq!(file.status, 200, "{}", file.text());
        assert!(file.headers["content-type"].starts_with("text/csv"), "{:?}", file.headers);
        assert!(file.headers.get("cache-control").is_some_and(|value| value.contains("no-store")), "{:?}", file.headers);
        assert_eq!(shop.get(&path).await.bytes, file.bytes, "the same file again");
        let mut read = Vec::new();
        let mut reader = csv::ReaderBuilder::new().from_reader(file.bytes.as_slice());
        let column = reader.headers().expect("a header").iter().position(|name| name == "code").expect("a column of codes");
        for record in reader.records() {
            read.push(record.expect("a record")[column].to_owned());
        }
        assert_eq!(read, codes[..4], "byte for byte");
        assert_eq!(shop.send("HEAD", &path, None).await.status, 405, "a look without looking is none");
        let active = shop.get("/v1/reseller/licenses/active.csv?product=KEY-PRO").await;
        assert_eq!(active.status, 200, "{}", active.text());

        let listed = shop.get("/v1/reseller/licenses").await.must(200);
        assert_eq!(listed["data"].as_array().expect("a list").len(), 4);
        assert!(!listed.to_string().contains("AAAA-0001"), "lists are masked");
        let license = listed["data"][3]["id"].as_str().expect("an id").to_owned();
        let revealed = shop.act(&format!("/v1/reseller/licenses/{license}/reveal")).await.must(200);
        assert!(revealed.to_string().contains("AAAA-0001"), "{revealed}");
        let activation = json!({"product": "KEY-PRO", "owner": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@customer.example"}});
        let activated = shop.once("a1").post("/v1/reseller/licenses/activate", activation.clone()).await;
        assert!(activated.status < 300 && activated.text().contains("AAAA-0001"), "{}", activated.text());
        let again = shop.once("a1").post("/v1/reseller/licenses/activate", activation).await;
        assert_eq!(again.json()["id"], activated.json()["id"]);
        let malformed = json!({"product": "KEY-PRO", "owner": {"first_name": "Ada", "last_name": "Lovelace", "email": "not an address"}});
        assert_eq!(shop.post("/v1/reseller/licenses/activate", malformed).await.said(), (422, "invalid_email".into()));
        assert!(shop.act(&format!("/v1/reseller/licenses/{license}/send")).await.status < 300);

        // The last one brings the partnership to its limit: what is unpaid stops, the file is gone.
        let second = shop.post("/v1/reseller/orders", json!({"items": [{"product": "KEY-PRO", "quantity": 1}]})).await.must(201);
        shop.act(&format!("/v1/reseller/orders/{}/confirm", second["id"].as_str().expect("an id"))).await.must(200);
        assert_eq!(shop.get("/v1/reseller/credit").await.must(200)["balance_due"], true);
        assert_eq!(shop.get("/v1/reseller/licenses/active.csv?product=KEY-PRO").await.said(), (409, "credit_limit_reached".into()));
        let view = shop.get(&format!("/v1/reseller/orders/{order}")).await.must(200);
        assert!(view.to_string().contains("CREDIT_LIMIT_REACHED"), "{view}");
        let invoices = shop.get("/v1/reseller/invoices").await.must(200);
        let first = invoices["data"].as_array().expect("a list").last().expect("an invoice").clone();
        let invoice = first["id"].as_str().expect("an id");
        let money = json!({"amount": {"amount": "104.00", "currency": "USD"}, "method": "wire", "received_on": "2026-03-02", "reference": "W-1"});
        let paid = staff.once("w1").post(&format!("/v1/merchant/invoices/{invoice}/payments"), money.clone()).await;
        assert_eq!(paid.status, 201, "{}", paid.text());
        staff.once("w1").post(&format!("/v1/merchant/invoices/{invoice}/payments"), money).await.must(201);
        assert_eq!(shop.get(&format!("/v1/reseller/orders/{order}")).await.must(200)["state"], "complete");
        assert_eq!(shop.get("/v1/reseller/credit").await.must(200)["used"]["amount"], "26.00", "paid once");

        // The link of the mail shows this invoice and nothing else.
        app.work().await;
        let messages = staff.get("/v1/merchant/messages?limit=200").await.must(200);
        assert!(!messages.to_string().contains("AAAA-0001"), "a list of messages shows no code");
    }
}
