//! What lists are searched, narrowed and sorted by: a reseller's as its merchant's, statements by days, returns by the shop's order id, what people name by
//! name, and the oldest first: PAR-17, PAY-3, EXT-1, EXT-9, ORD-10.

use serde_json::json;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::RequestCancel;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, owner};

async fn house(app: &TestApp) -> (Merchant, Reseller, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    acme.product("KEY-LITE").price("1.00").keys(20).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
    (acme, contoso, fabrikam)
}

/// A field of every row that a list brings, two rows a page.
async fn walked(asker: &Asker, path: &str, query: &str, field: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = asker.get(&format!("{path}?limit=2&{query}{cursor}")).await.must(200);
        found.extend(page["data"].as_array().expect("a list").iter().map(|row| row[field].as_str().expect("a text").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

app_test! {
    /// PAR-17, PAY-3: a reseller finds its licenses and payments by the words that its merchant finds them by, and never another's.
    async fn a_reseller_finds_its_licenses_and_payments_by_word(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let one = contoso.order(&[("KEY-PRO", 2)]).reference("PO-1001").place().await;
        let two = contoso.order(&[("KEY-LITE", 1)]).reference("PO-1002").place().await;
        let other = fabrikam.order(&[("KEY-PRO", 1)]).reference("PO-2001").place().await;
        let activated = app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("Ada@Customer.example") }).await.license;
        let (number, invoice) = (app.order(&one).await.number.expect("a number"), app.invoice(&one).await.number);
        let hidden = app.order(&other).await.number.expect("a number");
        let texts = |rows: Vec<tradepost_domain::licenses::queries::LicenseRow>| {
            let mut ids: Vec<String> = rows.into_iter().map(|row| row.id.to_string()).collect();
            ids.sort();
            ids
        };
        let (first, second, others) = (texts(app.licenses(&one).await), texts(app.licenses(&two).await), texts(app.licenses(&other).await));
        let http = app.http().await;
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        for (query, expected) in [
            (format!("search={number}"), first.clone()),
            (format!("search={invoice}"), first.clone()),
            (format!("search={}", one.id), first.clone()),
            (format!("search={}&order={}", one.id, two.id), vec![]),
            ("search=po-1002".into(), second.clone()),
            ("search=KEY-LITE".into(), second.clone()),
            ("product=KEY-LITE".into(), second.clone()),
            ("search=KEY-LITE&product=KEY-PRO".into(), vec![]),
            ("search=ada%40customer.EXAMPLE".into(), vec![activated.to_string()]),
            (format!("search={}", second[0]), second.clone()),
            ("search=po-2001".into(), vec![]),
            (format!("search={hidden}"), vec![]),
            (format!("search={}", other.id), vec![]),
            (format!("search={}", others[0]), vec![]),
        ] {
            let mut found = walked(&user, "/v1/reseller/licenses", &query, "id").await;
            found.sort();
            assert_eq!(found, expected, "{query}");
        }
        let mut wire = acme.payment(one.invoice, "20.00");
        wire.reference = Some("RE-77".into());
        app.does(&acme.owner(), wire).await;
        let mut wire = acme.payment(other.invoice, "10.00");
        wire.reference = Some("RE-88".into());
        app.does(&acme.owner(), wire).await;
        for (query, expected) in [
            ("search=RE-77".to_owned(), 1),
            ("search=RE-88".into(), 0),
            (format!("search={invoice}&method=wire"), 1),
            ("method=check".into(), 0),
            ("created_to=2020-01-01T00:00:00Z".into(), 0),
            ("created_from=2020-01-01T00:00:00Z".into(), 1),
        ] {
            assert_eq!(walked(&user, "/v1/reseller/payments", &query, "id").await.len(), expected, "{query}");
        }
        let place = format!("/r/{}", contoso.partnership().text());
        let page = user.get(&format!("{place}/licenses?q=po-1001")).await.text();
        assert!(first.iter().all(|id| page.contains(id)) && !page.contains(&second[0]), "{page}");
        assert!(user.get(&format!("{place}/licenses?order=nonsense")).await.text().contains("No results"));
        let page = user.get(&format!("{place}/payments?q=RE-77&from=2020-01-01")).await.text();
        assert!(page.contains("RE-77") && page.contains("Recorded from"), "{page}");
        assert!(user.get(&format!("{place}/payments?to=2020-01-01")).await.text().contains("No results"));
    }

    /// EXT-1: a statement is held to days, page by page and as a file, and the balance after each movement stays what it was.
    async fn a_statement_is_held_to_days(app) {
        let (acme, contoso, _) = house(&app).await;
        contoso.top_up("20.00").await;
        for n in 1..=3 {
            contoso.sells(&format!("S-{n}"), "KEY-LITE", 1).await;
        }
        app.clock.advance_ms(3 * 86_400_000);
        for n in 4..=6 {
            contoso.sells(&format!("S-{n}"), "KEY-LITE", 1).await;
        }
        let http = app.http().await;
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let path = "/v1/reseller/balance/statement";
        for (query, expected) in [
            ("", vec!["14.00", "15.00", "16.00", "17.00", "18.00", "19.00", "20.00"]),
            ("&created_from=2026-03-04T00:00:00Z", vec!["14.00", "15.00", "16.00"]),
            ("&created_to=2026-03-04T00:00:00Z", vec!["17.00", "18.00", "19.00", "20.00"]),
            ("&created_from=2026-03-03T00:00:00Z&created_to=2026-03-04T00:00:00Z", vec![]),
        ] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = user.get(&format!("{path}?limit=2{query}{cursor}")).await.must(200);
                found.extend(page["data"].as_array().expect("a list").iter().map(|row| row["balance_after"]["amount"].as_str().expect("text").to_owned()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(found, expected, "{query}");
        }
        let file = user.header("accept", "text/csv").get(&format!("{path}?created_from=2026-03-04T00:00:00Z")).await.text();
        assert!(file.lines().count() == 4 && file.contains("S-4") && !file.contains("S-3"), "{file}");
        let page = user.get(&format!("/r/{}/balance?from=2026-03-04", contoso.partnership().text())).await.text();
        assert!(page.contains("S-4") && !page.contains("S-3"), "{page}");
        let desk = http.with(&acme.signs_in(MerchantRole::Support).await);
        let page = desk.get(&format!("/m/{}/resellers/{}/balance?to=2026-03-03", acme.id, contoso.partnership().text())).await.text();
        assert!(page.contains("S-3") && !page.contains("S-4"), "{page}");
    }

    /// EXT-9: a request to take something back is found by the shop's order id, whoever's shop it was, decided or not; a reseller finds its own.
    async fn a_return_is_found_by_the_order_of_the_shop(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        for (reseller, external) in [(&contoso, "S-1"), (&contoso, "S-2"), (&fabrikam, "S-1")] {
            reseller.top_up("5.00").await;
            let sold = reseller.sells(external, "KEY-LITE", 1).await;
            app.does(&reseller.owner(), RequestCancel { fulfillment: sold, reason: "Returned.".into(), licenses: Vec::new() }).await;
        }
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let own = contoso.partnership().text();
        let all = "/v1/merchant/cancel-requests";
        for (query, expected) in [
            ("external_order_id=S-1".to_owned(), 2),
            (format!("external_order_id=S-1&partnership={own}"), 1),
            ("external_order_id=S-1&status=approved".into(), 0),
            ("external_order_id=S".into(), 0),
        ] {
            assert_eq!(walked(&staff, all, &query, "id").await.len(), expected, "{query}");
        }
        assert_eq!(walked(&user, "/v1/reseller/cancel-requests", "external_order_id=S-1", "external_order_id").await, ["S-1"]);
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let page = desk.get(&format!("/m/{}/cancel-requests?q=S-2", acme.id)).await.text();
        assert!(page.contains(">S-2<") && !page.contains(">S-1<"), "{page}");
        let page = user.get(&format!("/r/{own}/fulfillments/requests?q=S-1")).await.text();
        assert!(page.contains(">S-1<") && !page.contains(">S-2<"), "{page}");
    }

    /// PAR-17: what people give a name is found by a part of it, in any case, and letters that mean something to a database mean themselves.
    async fn what_has_a_name_is_found_by_it(app) {
        let (acme, contoso, _) = house(&app).await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let list = staff.post("/v1/merchant/price-lists", json!({"name": "Wholesale 50%"})).await.must(201);
        staff.post("/v1/merchant/channels", json!({"name": "Online_shops", "price_list": list["id"]})).await.must(201);
        contoso.key().await;
        contoso.dynamic_url(&[], &[]).await;
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        for (asker, path, query, expected) in [
            (&staff, "/v1/merchant/price-lists", "search=wholesale%2050%25", 1),
            (&staff, "/v1/merchant/price-lists", "search=w%25e", 0),
            (&staff, "/v1/merchant/channels", "search=LINE_SHOP", 1),
            (&staff, "/v1/merchant/channels", "search=line-shop", 0),
            (&staff, "/v1/merchant/api-keys", "search=nothing%20like%20it", 0),
            (&staff, "/v1/merchant/license-keys/imports", "search=nothing%20like%20it", 0),
            (&user, "/v1/reseller/api-keys", "search=nothing%20like%20it", 0),
            (&user, "/v1/reseller/dynamic-urls", "search=nothing%20like%20it", 0),
        ] {
            assert_eq!(walked(asker, path, query, "id").await.len(), expected, "{path} {query}");
        }
        for (asker, path) in [(&user, "/v1/reseller/api-keys"), (&user, "/v1/reseller/dynamic-urls")] {
            let name = walked(asker, path, "", "name").await[0].to_uppercase().replace(' ', "%20");
            assert!(!walked(asker, path, &format!("search={name}"), "id").await.is_empty(), "{path}: {name}");
        }
        let place = format!("/m/{}", acme.id);
        for (path, text) in [("price-lists?q=whole", "Wholesale 50%"), ("channels?q=online", "Online_shops")] {
            assert!(staff.get(&format!("{place}/{path}")).await.text().contains(text), "{path}");
        }
        for path in ["price-lists", "channels", "api-keys", "stock/imports"] {
            assert!(staff.get(&format!("{place}/{path}?q=nothing+like+it")).await.text().contains("No results"), "{path}");
        }
    }

    /// PAR-14: people are listed by name where that is asked for, on both sides, in the API and on the page alike.
    async fn people_are_listed_by_name(app) {
        let (acme, contoso, _) = house(&app).await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let sides = [(&staff, "merchant", "support", format!("/m/{}", acme.id)), (&user, "reseller", "viewer", format!("/r/{}", contoso.partnership().text()))];
        for (asker, side, role, place) in sides {
            let path = format!("/v1/{side}/users");
            for (first_name, email) in [("Zoe", "zoe@people.example"), ("abe", "abe@people.example"), ("Mia", "mia@people.example")] {
                let person = json!({"email": format!("{side}-{email}"), "first_name": first_name, "last_name": "Young", "role": role});
                asker.post(&path, person).await.must(201);
            }
            let page = asker.get(&format!("{path}?sort=name")).await.must(200);
            let names: Vec<&str> = page["data"].as_array().expect("a list").iter().map(|row| row["first_name"].as_str().expect("a name")).collect();
            let ours: Vec<&str> = names.into_iter().filter(|name| ["Zoe", "abe", "Mia"].contains(name)).collect();
            assert_eq!(ours, ["abe", "Mia", "Zoe"], "{side}");
            let page = asker.get(&format!("{place}/people?sort=name")).await.text();
            let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on {page}"));
            assert!(at(">abe Young<") < at(">Mia Young<") && at(">Mia Young<") < at(">Zoe Young<"), "{page}");
        }
    }

    /// ORD-10, PAY-3: the oldest come first where that is asked for, page after page without gap or repetition, within a span too; products by SKU.
    async fn lists_are_turned_around(app) {
        let (acme, contoso, _) = house(&app).await;
        contoso.top_up("20.00").await;
        for n in 0..5 {
            let order = contoso.order(&[("KEY-PRO", 1)]).reference(&format!("PO-{n}")).place().await;
            acme.pay(order.invoice, "10.00").await;
            contoso.sells(&format!("S-{n}"), "KEY-LITE", 1).await;
            app.clock.advance_ms(86_400_000);
        }
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        for (asker, side) in [(&staff, "merchant"), (&user, "reseller")] {
            for list in ["orders", "payments", "fulfillments"] {
                let path = format!("/v1/{side}/{list}");
                for span in ["", "&created_from=2026-03-03T00:00:00Z", "&created_to=2026-03-05T00:00:00Z"] {
                    let newest = walked(asker, &path, &format!("sort=-created_at{span}"), "id").await;
                    let mut oldest = walked(asker, &path, &format!("sort=created_at{span}"), "id").await;
                    assert!(newest.len() >= 3 && newest == walked(asker, &path, span.trim_start_matches('&'), "id").await, "{path}{span}");
                    oldest.reverse();
                    assert_eq!(newest, oldest, "{path}{span}");
                }
                assert_eq!(asker.get(&format!("{path}?sort=total")).await.said(), (400, "invalid_query".into()));
            }
        }
        let customer = "search=grace%40customer.example";
        for (asker, path, queries) in [
            (&staff, "/v1/merchant/orders", ["state=complete", "product=KEY-PRO", "search=po-"]),
            (&staff, "/v1/merchant/licenses", ["", "product=KEY-PRO", "search=po-1"]),
            (&user, "/v1/reseller/licenses", ["", "stage=available", customer]),
        ] {
            for query in queries {
                let newest = walked(asker, path, query, "id").await;
                let mut oldest = walked(asker, path, &format!("{query}&sort=created_at"), "id").await;
                oldest.reverse();
                assert_eq!(newest, oldest, "{path}?{query}");
            }
        }
        acme.product("A-FIRST").price("1.00").keys(1).await;
        let skus = |sort: &'static str| { let staff = &staff; async move { walked(staff, "/v1/merchant/products", sort, "sku").await } };
        assert_eq!(skus("sort=sku").await, ["A-FIRST", "KEY-LITE", "KEY-PRO"]);
        assert_eq!(skus("sort=created_at").await, ["KEY-PRO", "KEY-LITE", "A-FIRST"]);
        assert_eq!(skus("").await, ["A-FIRST", "KEY-LITE", "KEY-PRO"]);
        let desk = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let page = desk.get(&format!("/m/{}/orders?sort=created_at", acme.id)).await.text();
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on {page}"));
        assert!(place(">PO-0<") < place(">PO-4<") && page.contains("aria-sort=\"ascending\""), "{page}");
        let file = desk.get(&format!("/m/{}/orders?sort=created_at&file=csv", acme.id)).await.text();
        assert!(file.find("PO-0") < file.find("PO-4"), "{file}");
    }
}
