//! Many lines at once: pasted, uploaded, ordered again, found by a search (ORD-11, ORD-1, CAT-5).

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use tradepost_domain::access::ResellerRole;
use tradepost_portal::room::encoded;
use tradepost_testkit::http::{Asker, Reply};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

async fn shop(app: &TestApp) -> (Merchant, Reseller, Asker) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").tiers(&[(1, "10.00"), (5, "8.00")]).keys(50).await;
    acme.product("KEY-LITE").price("2.00").keys(50).await;
    acme.product("KEY-BOX").price("1.00").limits(5, 10).keys(20).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    let user = app.http().await.with(&contoso.signs_in(ResellerRole::Seller).await);
    (acme, contoso, user)
}

/// Sends a form with a file, parted by this line: a browser takes another one each time.
async fn upload(user: &Asker, path: &str, parted: &str, fields: &[(&str, &str)], file: &[u8]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--{parted}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(format!("--{parted}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"order.csv\"\r\nContent-Type: text/csv\r\n\r\n").into_bytes());
    body.extend(file);
    body.extend(format!("\r\n--{parted}--\r\n").into_bytes());
    user.send_bytes("POST", path, &format!("multipart/form-data; boundary={parted}"), body).await
}

/// SKU, quantity and price of the lines of the draft that an answer leads to.
async fn lines(user: &Asker, contoso: &Reseller, saved: &Reply) -> Vec<(String, i64, String)> {
    assert_eq!(saved.status, 303, "{}", saved.text());
    let id = saved.headers["location"].rsplit('/').next().expect("an id").to_owned();
    items(&user.header("tradepost-partnership", &contoso.partnership().text()).get(&format!("/v1/reseller/orders/{id}")).await.must(200))
}

fn items(order: &Json) -> Vec<(String, i64, String)> {
    let text = |value: &Json| value.as_str().unwrap_or("").to_owned();
    let item = |item: &Json| (text(&item["sku"]), item["quantity"].as_i64().unwrap_or(0), text(&item["line_total"]["amount"]));
    order["items"].as_array().expect("items").iter().map(item).collect()
}

fn line(sku: &str, quantity: i64, total: &str) -> (String, i64, String) {
    (sku.to_owned(), quantity, total.to_owned())
}

/// The key of the first form that has one.
fn hidden(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"_key\" value=\"").expect("a form with a key");
    rest.split('"').next().expect("its value").to_owned()
}

app_test! {
    /// ORD-11: pasted lines and the lines of a file become items in their order, beside what was typed.
    async fn lines_are_pasted_and_uploaded(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let place = format!("/r/{}/orders", contoso.partnership().text());
        let pasted = user.form(&place, &format!("quantity_KEY-LITE=2&lines={}", encoded("KEY-PRO,5\n\nKEY-LITE;1\n"))).await;
        let all = [line("KEY-LITE", 2, "4.00"), line("KEY-PRO", 5, "40.00"), line("KEY-LITE", 1, "2.00")];
        assert_eq!(lines(&user, &contoso, &pasted).await, all, "the same product twice makes two items");

        let file = b"\xef\xbb\xbfsku,quantity\r\nKEY-PRO,1\r\n\"KEY-BOX\",\"6\"\r\n";
        let uploaded = upload(&user, &place, "one", &[("reference", "PO-7"), ("lines", "KEY-LITE,3")], file).await;
        assert_eq!(lines(&user, &contoso, &uploaded).await, [line("KEY-LITE", 3, "6.00"), line("KEY-PRO", 1, "10.00"), line("KEY-BOX", 6, "6.00")]);
        assert!(user.get(&uploaded.headers["location"]).await.text().contains("PO-7"));
    }

    /// ORD-11: lines are read as people, sheets and other shops write them; anything else is refused, never guessed.
    async fn lines_are_read_as_they_are_written(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let place = format!("/r/{}/orders", contoso.partnership().text());
        let two = [line("KEY-PRO", 5, "40.00"), line("KEY-LITE", 1, "2.00")];
        let written = ["KEY-PRO,5\nKEY-LITE,1", "sku,quantity\nKEY-PRO,5\n\nKEY-LITE,1\n", "\"KEY-PRO\";\"5\"\r\n\"KEY-LITE\";\"1\"", "SKU\tQuantity\nKEY-PRO\t5\n KEY-LITE \t 1 "];
        for text in written {
            let saved = user.form(&place, &format!("lines={}", encoded(text))).await;
            assert_eq!(lines(&user, &contoso, &saved).await, two, "{text}");
        }
        for text in ["KEY-PRO", "KEY-PRO,", ",5", "KEY-PRO,-1", "KEY-PRO,2.5", "KEY-PRO,100001", "KEY-PRO,many"] {
            assert_eq!(user.form(&place, &format!("lines={}", encoded(text))).await.status, 422, "{text}");
        }
    }

    /// ORD-11, PLT-3: a file is refused as pasted lines are, beside what was typed; sent twice, it makes one draft.
    async fn a_file_of_lines_has_the_same_refusals_and_one_effect(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let place = format!("/r/{}/orders", contoso.partnership().text());
        let refusals = [("KEY-PRO,0", "whole number from 1 to 100,000", 422), ("KEY-PRO", "whole number", 422), ("KEY-NONE,1", "KEY-NONE: ", 404), ("KEY-BOX,4", "quantities from 5 to 10", 422)];
        for (bad, said, status) in refusals {
            let lines = format!("KEY-LITE,1\n{bad}");
            let pasted = user.form(&place, &format!("reference=PO-9&lines={}", encoded(&lines))).await;
            let uploaded = upload(&user, &place, "one", &[("reference", "PO-9"), ("lines", "")], lines.as_bytes()).await;
            for reply in [pasted, uploaded] {
                let text = reply.text();
                assert_eq!(reply.status, status, "{bad}: {text}");
                for kept in [said, bad, "value=\"PO-9\"", "id=\"lines-wrong\""] {
                    assert!(text.contains(kept), "{bad}: {kept}: {text}");
                }
            }
        }
        let many = "KEY-LITE,1\n".repeat(501);
        let too_many = upload(&user, &place, "one", &[("reference", "PO-9")], many.as_bytes()).await;
        assert_eq!(too_many.status, 422);
        assert!(too_many.text().contains("at most 500 items"), "{}", too_many.text());
        let no_text = upload(&user, &place, "one", &[("reference", "PO-9")], b"KEY-PRO,1\xff").await;
        assert!(no_text.status == 422 && no_text.text().contains("id=\"file-wrong\"") && no_text.text().contains("PO-9"), "{}", no_text.text());
        assert!(user.get(&place).await.text().contains("No orders yet"), "what is refused leaves nothing behind");

        let key = hidden(&user.get(&format!("{place}/new")).await.text());
        let fields = [("_key", key.as_str()), ("lines", "")];
        let first = upload(&user, &place, "one", &fields, b"KEY-PRO,1").await;
        let again = upload(&user, &place, "another", &fields, b"KEY-PRO,1").await;
        assert_eq!((first.status, again.status), (303, 303), "{}", again.text());
        assert_eq!(first.headers["location"], again.headers["location"], "one draft");
        let other = upload(&user, &place, "another", &fields, b"KEY-PRO,2").await;
        assert_eq!(other.status, 422, "the same key with another file");
    }

    /// ORD-11, PLT-7: what no database stores is no text; a form may have a field for each of many products.
    async fn a_nul_is_no_text_and_many_products_are_no_mistake(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let place = format!("/r/{}/orders", contoso.partnership().text());
        let file = upload(&user, &place, "one", &[("reference", "PO-9")], b"KEY-\0PRO,1").await;
        assert!(file.status == 422 && file.text().contains("id=\"file-wrong\"") && file.text().contains("PO-9"), "{}", file.text());
        for (name, value) in [("lines", "KEY-\0PRO,1"), ("find", "\0"), ("quantity_KEY-\0", "1")] {
            assert_eq!(upload(&user, &place, "one", &[("step", "look"), (name, value)], b"").await.status, 400, "{name}");
        }
        let names: Vec<String> = (0..300).map(|nth| format!("quantity_NONE-{nth}")).collect();
        let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        fields.push(("quantity_KEY-PRO", "5"));
        let saved = upload(&user, &place, "one", &fields, b"KEY-LITE,1").await;
        assert_eq!(lines(&user, &contoso, &saved).await, [line("KEY-PRO", 5, "40.00"), line("KEY-LITE", 1, "2.00")]);
    }

    /// ORD-11: a past order is ordered again, with its lines at today's prices, by the API and in the portal.
    async fn a_past_order_is_ordered_again(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let placed = contoso.order(&[("KEY-PRO", 5), ("KEY-LITE", 3)]).reference("PO-1").place().await;
        let wanted = [line("KEY-PRO", 5, "40.00"), line("KEY-LITE", 3, "6.00")];

        let api = app.http().await.with(&contoso.key().await);
        let path = format!("/v1/reseller/orders/{}/reorder", placed.id);
        let again = api.once("again-1").act(&path).await.must(201);
        assert_eq!((&again["state"], &again["reference"], items(&again)), (&json!("draft"), &Json::Null, wanted.to_vec()), "{again}");
        assert_eq!(api.once("again-1").act(&path).await.must(201)["id"], again["id"], "once");
        let bulk: Vec<Json> = [("KEY-PRO", 5), ("KEY-LITE", 3)].iter().map(|(sku, count)| json!({"product": sku, "quantity": count})).collect();
        assert_eq!(items(&api.post("/v1/reseller/orders", json!({"items": bulk})).await.must(201)), wanted);
        let stranger = app.merchant("Other").await.reseller("Fabrikam").await;
        assert_eq!(app.http().await.with(&stranger.key().await).act(&path).await.status, 404);

        let place = format!("/r/{}/orders", contoso.partnership().text());
        let page = user.get(&format!("{place}/new?again={}", placed.id)).await.text();
        assert!(page.contains("KEY-PRO,5\nKEY-LITE,3") && page.contains("$46.00"), "the lines and their sum: {page}");
        let saved = user.form(&place, &format!("lines={}", encoded("KEY-PRO,5\nKEY-LITE,3"))).await;
        assert_eq!(lines(&user, &contoso, &saved).await, wanted);
    }

    /// ORD-1, CAT-5: a search finds products by part of name or SKU and loses nothing that was typed; the sum says how each price came about.
    async fn products_are_searched_for_in_a_new_order(app) {
        let (acme, contoso, user) = shop(&app).await;
        app.clock.advance_ms(1_000);
        for nth in 0..60 {
            acme.product(&format!("EXTRA-{nth:02}")).price("1.00").await;
        }
        let place = format!("/r/{}/orders", contoso.partnership().text());
        let first = user.get(&format!("{place}/new")).await.text();
        assert!(!first.contains("quantity_KEY-PRO") && first.contains("There are more"), "the newest fifty: {first}");
        let found = user.form(&place, "step=look&find=key-p&reference=PO-3&quantity_EXTRA-59=2&quantity_EXTRA-58=&lines=").await;
        let text = found.text();
        assert_eq!(found.status, 200, "{text}");
        for kept in ["name=\"quantity_KEY-PRO\"", "value=\"PO-3\"", "name=\"quantity_EXTRA-59\" value=\"2\"", "value=\"key-p\"", "$2.00", "price breakdown"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert!(!text.contains("quantity_EXTRA-58") && !text.contains("quantity_KEY-LITE"), "neither chosen nor found: {text}");
        let entered = user.form(&place, "step=enter&find=key-p&found=&quantity_EXTRA-59=2&lines=").await;
        assert!(entered.status == 200 && entered.text().contains("name=\"quantity_KEY-PRO\""), "Enter in the search: {}", entered.text());
        assert!(user.get(&place).await.text().contains("No orders yet"), "a search saves nothing");
        let saved = user.form(&place, "step=enter&find=key-p&found=key-p&quantity_EXTRA-59=2&lines=").await;
        assert_eq!(lines(&user, &contoso, &saved).await, [line("EXTRA-59", 2, "2.00")], "Enter anywhere else saves");
        let none = user.form(&place, "step=look&find=100%25&lines=").await.text();
        assert!(none.contains("No results"), "{none}");

        let api = app.http().await.with(&contoso.key().await);
        let names = |listed: Json| listed["data"].as_array().expect("a list").iter().map(|row| row["sku"].as_str().unwrap_or("").to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names(api.get("/v1/reseller/products?search=key-").await.must(200)), ["KEY-BOX", "KEY-LITE", "KEY-PRO"].map(str::to_owned).into());
        assert_eq!(names(api.get("/v1/reseller/products?search=_").await.must(200)), BTreeSet::new(), "a search knows no placeholders");
        assert!(user.get(&format!("/r/{}/products?q=lite", contoso.partnership().text())).await.text().contains("KEY-LITE"));
    }

    /// ORD-1, CAT-5: a draft takes items from the list of products, and says how each price came about before it is confirmed.
    async fn a_draft_takes_items_from_the_dialog(app) {
        let (_acme, contoso, user) = shop(&app).await;
        let draft = contoso.order(&[("KEY-LITE", 1)]).draft().await;
        let at = format!("/r/{}/orders/{draft}", contoso.partnership().text());
        let page = user.get(&at).await.text();
        assert!(page.contains(&format!("href=\"{at}/items\"")) && page.contains("Price breakdown"), "{page}");
        let dialog = user.get(&format!("{at}/items?find=box")).await.text();
        assert!(dialog.contains("data-dialog-content") && dialog.contains("value=\"KEY-BOX\"") && !dialog.contains("value=\"KEY-PRO\""), "{dialog}");
        assert!(dialog.contains("name=\"quantity\" value=\"5\""), "the fewest that a line may have: {dialog}");
        let added = user.form(&format!("{at}/items"), &format!("_key={}&product=KEY-BOX&quantity=5", hidden(&dialog))).await;
        assert_eq!(lines(&user, &contoso, &added).await, [line("KEY-LITE", 1, "2.00"), line("KEY-BOX", 5, "5.00")]);
    }
}
