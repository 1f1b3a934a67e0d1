//! Lists that are searched, filtered, sorted and exported where their rows are: ORD-10, PAR-17, PLT-4.

use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_domain::orders::queries::{self, OrderFilter};
use tradepost_store::sql;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Kind, Merchant, Reseller, TestApp, app_test, owner};

/// A merchant with two products and two resellers, each with a few orders.
async fn house(app: &TestApp) -> (Merchant, Reseller, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(40).await;
    acme.product("KEY-LITE").price("5.00").keys(40).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    let fabrikam = acme.reseller("Fabrikam").credit("1000.00").await;
    (acme, contoso, fabrikam)
}

/// The references of the orders of a page, newest first.
fn references(page: &Json) -> Vec<&str> {
    page["data"].as_array().map(|rows| rows.iter().map(|row| row["reference"].as_str().unwrap_or("-")).collect()).unwrap_or_default()
}

async fn found(asker: &Asker, path: &str, query: &str) -> Vec<String> {
    let page = asker.get(&format!("{path}?{query}")).await.must(200);
    references(&page).into_iter().map(str::to_owned).collect()
}

app_test! {
    /// ORD-10: a word finds orders by number, reference, invoice number, SKU and customer e-mail; each side only its own.
    async fn orders_are_found_by_what_a_word_looks_like(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let first = contoso.order(&[("KEY-PRO", 2)]).reference("PO-1001").place().await;
        contoso.order(&[("KEY-LITE", 1)]).reference("po-1002").place().await;
        contoso.order(&[("KEY-PRO", 1), ("KEY-PRO", 1), ("KEY-LITE", 1)]).reference("Spring").draft().await;
        fabrikam.order(&[("KEY-LITE", 3)]).reference("PO-2001").place().await;
        let activate = ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("Ada@Customer.example") };
        app.does(&contoso.owner(), activate).await;
        let (number, invoice) = (app.order(&first).await.number.expect("a number"), app.invoice(&first).await.number);
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let (all, own) = ("/v1/merchant/orders", "/v1/reseller/orders");
        for (word, expected, mine) in [
            (number.as_str(), vec!["PO-1001"], vec!["PO-1001"]),
            (invoice.as_str(), vec!["PO-1001"], vec!["PO-1001"]),
            ("ada@customer.EXAMPLE", vec!["PO-1001"], vec!["PO-1001"]),
            ("KEY-PRO", vec!["Spring", "PO-1001"], vec!["Spring", "PO-1001"]),
            ("KEY-LITE", vec!["PO-2001", "Spring", "po-1002"], vec!["Spring", "po-1002"]),
            ("po-", vec!["PO-2001", "po-1002", "PO-1001"], vec!["po-1002", "PO-1001"]),
            ("PO-2", vec!["PO-2001"], vec![]),
            ("O-1001", vec![], vec![]),
            ("nobody@customer.example", vec![], vec![]),
            ("2026-999999", vec![], vec![]),
            ("100%25", vec![], vec![]),
        ] {
            let word = word.replace('@', "%40");
            assert_eq!(found(&staff, all, &format!("search={word}")).await, expected, "{word}");
            assert_eq!(found(&user, own, &format!("search={word}")).await, mine, "{word}, for its own");
        }
        let partnership = format!("partnership={}", fabrikam.partnership().text());
        assert_eq!(found(&staff, all, &format!("search=KEY-LITE&{partnership}")).await, ["PO-2001"]);
        for (filters, expected) in [
            ("product=KEY-PRO", vec!["Spring", "PO-1001"]),
            ("product=KEY-PRO&state=draft", vec!["Spring"]),
            ("product=KEY-PRO&search=po-1", vec!["PO-1001"]),
            ("product=NO-SUCH", vec![]),
            ("state=draft", vec!["Spring"]),
            ("search=po&state=awaiting_payment", vec!["PO-2001", "po-1002", "PO-1001"]),
            ("created_to=2026-03-02T00:00:00.000Z", vec![]),
            ("held=true", vec![]),
        ] {
            assert_eq!(found(&staff, all, filters).await, expected, "{filters}");
        }
        assert_eq!(found(&user, own, "product=KEY-LITE").await, ["Spring", "po-1002"]);
    }

    /// ORD-10: what is rare is found with whatever else is asked for, whichever of it leads.
    async fn filters_go_together(app) {
        let (acme, contoso, _) = house(&app).await;
        let harbor = acme.reseller("Harbor").await;
        contoso.order(&[("KEY-PRO", 1)]).reference("open").place().await;
        contoso.order(&[("KEY-PRO", 1)]).reference("draft").draft().await;
        harbor.order(&[("KEY-PRO", 1), ("KEY-LITE", 1)]).reference("both").place().await;
        harbor.order(&[("KEY-LITE", 1)]).reference("lite").place().await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&harbor.signs_in(ResellerRole::Owner).await));
        let (contoso, harbor) = (format!("partnership={}", contoso.partnership().text()), format!("partnership={}", harbor.partnership().text()));
        for (query, expected) in [
            ("held=true".to_owned(), vec!["lite", "both"]),
            ("held=true&product=KEY-PRO".into(), vec!["both"]),
            (format!("held=true&{harbor}"), vec!["lite", "both"]),
            (format!("held=true&{contoso}"), vec![]),
            (format!("held=true&product=KEY-PRO&{harbor}"), vec!["both"]),
            (format!("held=true&{harbor}&created_to=2026-03-02T00:00:00.000Z"), vec![]),
            (format!("product=KEY-PRO&{contoso}"), vec!["draft", "open"]),
            (format!("product=KEY-PRO&state=draft&{contoso}"), vec!["draft"]),
            (format!("product=KEY-LITE&{contoso}"), vec![]),
            (format!("search=KEY-PRO&state=draft&{contoso}"), vec!["draft"]),
            ("product=KEY-LITE&search=KEY-PRO".into(), vec!["both"]),
            (format!("state=draft&{contoso}&created_from=2026-03-02T00:00:00.000Z"), vec!["draft"]),
            (format!("state=draft&{contoso}&created_from=2026-03-03T00:00:00.000Z"), vec![]),
        ] {
            assert_eq!(found(&staff, "/v1/merchant/orders", &query).await, expected, "{query}");
        }
        for (query, expected) in [("held=true", vec!["lite", "both"]), ("product=KEY-PRO", vec!["both"]), ("product=KEY-PRO&state=draft", vec![])] {
            assert_eq!(found(&user, "/v1/reseller/orders", query).await, expected, "{query}, for its own");
        }
    }

    /// ORD-10: what a word means is decided by what the one who asks has: an invoice of another hides no own reference, and does not show by it.
    async fn a_word_that_is_two_things_finds_both(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let others = fabrikam.order(&[("KEY-PRO", 1)]).reference("other").place().await;
        let invoice = app.invoice(&others).await.number;
        contoso.order(&[("KEY-PRO", 1)]).reference(&invoice).draft().await;
        contoso.order(&[("KEY-PRO", 1)]).reference("po@home").draft().await;
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let (all, own) = ("/v1/merchant/orders", "/v1/reseller/orders");
        let lower = invoice.to_lowercase();
        for word in [&invoice, &lower] {
            assert_eq!(found(&user, own, &format!("search={word}")).await, [invoice.as_str()]);
            assert_eq!(found(&staff, all, &format!("search={word}")).await, [invoice.as_str(), "other"]);
        }
        assert_eq!(found(&user, own, "search=po%40ho").await, ["po@home"]);
        assert_eq!(found(&user, own, "search=key-pro").await, ["po@home", invoice.as_str()]);
        for (span, rows) in [
            ("created_from=2026-03-02T09:00:00.000Z", 2),
            ("created_from=2026-03-03T00:00:00.000Z", 0),
            ("created_to=2026-03-03T00:00:00.000Z", 2),
            ("product=KEY-PRO&created_from=2026-03-02T09:00:00.000Z", 2),
        ] {
            assert_eq!(found(&user, own, span).await.len(), rows, "{span}");
        }
        assert_eq!(user.get(&format!("{own}?search=%00")).await.said(), (400, "invalid_query".into()));
    }

    /// ORD-10: whatever is asked for, pages follow each other without gap or repetition; many references with one beginning too.
    async fn pages_of_a_search_follow_each_other(app) {
        let (acme, contoso, _) = house(&app).await;
        for n in 0..7 {
            contoso.order(&[("KEY-PRO", 1), ("KEY-PRO", 1)]).reference(&format!("PO-{n}")).place().await;
        }
        let many = (0..2_100).map(|n| {
            format!(
                "INSERT INTO orders (merchant, id, partnership, state, reference, reference_key, currency, created_ms, updated_ms) SELECT merchant, \
                 {}, partnership, 'draft', 'PO-x{n}', reference_key, 'USD', 1, 1 FROM orders WHERE reference = 'PO-0'",
                if app.kind == tradepost_testkit::Kind::Sqlite { format!("CAST(printf('%016d', {n}) AS BLOB)") } else { format!("CAST(lpad('{n}', 16, '0') AS bytea)") }
            )
        });
        app.past_the_store(&many.collect::<Vec<_>>()).await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        for (query, rows) in [("search=KEY-PRO", 7), ("search=po-", 2_107), ("state=awaiting_payment", 7), ("product=KEY-PRO&state=awaiting_payment", 7)] {
            let limit = if rows > 100 { 200 } else { 3 };
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = staff.get(&format!("/v1/merchant/orders?limit={limit}&{query}{cursor}")).await.must(200);
                seen.extend(page["data"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let mut sorted = seen.clone();
            sorted.sort_by(|a, b| b.cmp(a));
            sorted.dedup();
            assert_eq!((seen.len(), &seen), (rows, &sorted), "{query}");
        }
        let none = "DELETE FROM orders WHERE reference LIKE 'PO-x%'".to_owned();
        app.past_the_store(&[none]).await;
    }

    /// ORD-10, PAR-17, PLT-14: the whole filtered result as a file, no other reseller's rows in it, cells that look like formulas neutralized.
    async fn the_whole_result_is_exported(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        for n in 0..3 {
            contoso.order(&[("KEY-PRO", 1)]).reference(&format!("=PO-{n}")).place().await;
        }
        fabrikam.order(&[("KEY-PRO", 1)]).reference("other").place().await;
        let http = app.http().await;
        let csv = |asker: Asker, path: String| async move { asker.header("accept", "text/csv").get(&path).await };
        let staff = http.with(&acme.key);
        let reply = csv(staff.clone(), "/v1/merchant/orders?search=%3Dpo".into()).await;
        assert_eq!((reply.status, reply.headers["content-type"].as_str()), (200, "text/csv; charset=utf-8"));
        let text = reply.text();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.starts_with("id,number,partnership,company,state,reference,"), "{text}");
        assert!(text.contains(",Contoso,awaiting_payment,'=PO-2,USD,10.00,0.00,10.00,"), "{text}");
        assert_eq!(csv(staff, "/v1/merchant/orders".into()).await.text().lines().count(), 5);
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let own = csv(user, "/v1/reseller/orders".into()).await.text();
        assert!(own.lines().count() == 4 && !own.contains("other"), "{own}");
        let page = http.with(&acme.signs_in(MerchantRole::Support).await);
        for (file, begins) in [("csv", &b"ID,Number"[..]), ("xlsx", &b"PK"[..])] {
            let reply = page.get(&format!("/m/{}/orders?file={file}&partnership={}", acme.id, contoso.partnership().text())).await;
            assert!(reply.status == 200 && reply.bytes.starts_with(begins), "{file}: {}", reply.text());
            // A sheet is whole where the directory of its archive stands at its end.
            assert!(file == "csv" || reply.bytes[reply.bytes.len() - 22..].starts_with(b"PK\x05\x06"));
        }
    }

    /// PLT-14, ORD-10: the file of any list has every row once, in the list's order, however many parts it is read in; who may not see the list gets no file.
    async fn a_file_of_a_list_has_all_rows_once(app) {
        let acme = app.merchant("Acme").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(1).await;
        product.arrive(100, 1_203).await;
        acme.product("KEY-LITE").price("1.00").keys(3).await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let path = |query: &str| format!("/m/{}/stock/keys?product=KEY-PRO&{query}", acme.id);
        let csv = staff.get(&path("file=csv")).await;
        assert_eq!((csv.status, csv.headers["content-disposition"].as_str()), (200, "attachment; filename=\"keys.csv\""));
        let text = csv.text();
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|head| head.starts_with("Key,Status,Product,")), "{text}");
        let ids: Vec<&str> = lines.map(|line| line.rsplit(',').next().expect("an id")).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert_eq!((ids.len(), &ids), (1_204, &sorted), "newest first, each once");
        let sheet = staff.get(&path("file=xlsx")).await.bytes;
        // It is whole where the directory of its archive stands at its end, and longer than one of fewer rows.
        let few = staff.get(&format!("/m/{}/stock/keys?product=KEY-LITE&file=xlsx", acme.id)).await.bytes;
        assert!(sheet[sheet.len() - 22..].starts_with(b"PK\x05\x06") && sheet.len() > 2 * few.len(), "{} and {}", sheet.len(), few.len());
        let user = http.with(&acme.reseller("Contoso").await.signs_in(ResellerRole::Owner).await);
        assert_eq!(user.get(&path("file=csv")).await.status, 404);
    }

    /// PAR-17, ORD-10: what was written before is found by letters of every alphabet too: the migration makes its keys as the program does.
    async fn the_migration_folds_what_was_written_before(app) {
        let (acme, contoso, _) = house(&app).await;
        acme.reseller("MÜLLER & ΣΊΑ ЖУК İ").await;
        contoso.order(&[("KEY-PRO", 1)]).reference("PÖ-Ä1").draft().await;
        let keys = || async {
            let companies = sql!("SELECT r.company_key, p.company_key FROM reseller r JOIN partnership p ON p.reseller = r.id ORDER BY r.id, p.id");
            let orders: Vec<(Vec<u8>,)> = app.rows(sql!("SELECT reference_key FROM orders ORDER BY id"), Vec::new()).await;
            (app.rows::<(Vec<u8>, Vec<u8>)>(companies, Vec::new()).await, orders)
        };
        let before = keys().await;
        assert_eq!(before.1, [("pö-ä1".as_bytes().to_vec(),)]);
        let migration = tradepost::migrations::migrations().into_iter().find(|migration| migration.name == "0009_lists").expect("the migration").text;
        let mine = if app.kind == Kind::Sqlite { "--sqlite" } else { "--postgres" };
        let (mut folds, mut takes) = (String::new(), true);
        for line in migration[migration.find("CREATE TEMP TABLE folded_letter").expect("its letters")..].lines() {
            match line.strip_prefix("--") {
                Some(engine) => takes = engine == "both" || line == mine,
                None if takes => folds = folds + line + "\n",
                None => {}
            }
        }
        let nothing = if app.kind == Kind::Sqlite { "x'00'" } else { "'\\x00'::bytea" };
        app.past_the_store(&[
            format!("UPDATE reseller SET company_key = {nothing} WHERE company LIKE 'M%'"),
            format!("UPDATE partnership SET company_key = {nothing} WHERE reseller IN (SELECT id FROM reseller WHERE company LIKE 'M%')"),
            format!("UPDATE orders SET reference_key = {nothing}"),
            folds.replace("{text}", "text"),
        ]).await;
        assert_eq!(keys().await, before);
    }

    /// PAR-17: resellers are found by company, address, code and id, filtered by status and channel, and sorted by name.
    async fn resellers_are_found_and_sorted(app) {
        let (acme, contoso, _) = house(&app).await;
        acme.reseller("älter und Söhne").await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let names = |query: String| {
            let staff = staff.clone();
            async move {
                let (mut names, mut cursor) = (Vec::new(), String::new());
                loop {
                    let page = staff.get(&format!("/v1/merchant/resellers?limit=2&{query}{cursor}")).await.must(200);
                    names.extend(page["data"].as_array().expect("rows").iter().map(|row| row["reseller"]["company"].as_str().expect("a name").to_owned()));
                    let Some(next) = page["next_cursor"].as_str() else { return names };
                    cursor = format!("&cursor={next}");
                }
            }
        };
        assert_eq!(names(String::new()).await, ["älter und Söhne", "Fabrikam", "Contoso"]);
        assert_eq!(names("sort=company".into()).await, ["Contoso", "Fabrikam", "älter und Söhne"]);
        assert_eq!(names("sort=company&search=F".into()).await, ["Fabrikam"]);
        // Letters of every alphabet, alike on both databases.
        assert_eq!(names("search=%C3%A4LTER".into()).await, ["älter und Söhne"]);
        assert_eq!(names("search=%C3%84LTER".into()).await, ["älter und Söhne"]);
        assert_eq!(names("search=orders%40CONTOSO.example".into()).await, ["Contoso"]);
        assert_eq!(names(format!("search={}", contoso.view().await.code.to_lowercase())).await, ["Contoso"]);
        assert_eq!(names(format!("search={}", contoso.partnership().text())).await, ["Contoso"]);
        assert_eq!(names("search=ontoso".into()).await, [""; 0]);
        assert_eq!(names(format!("channel={}&status=approved", acme.channel)).await.len(), 3);
        assert_eq!(names("status=pending".into()).await.len(), 0);
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        user.send("PATCH", "/v1/reseller/profile", Some(&json!({"company": "Northwind"}))).await.must(200);
        assert_eq!((names("search=north".into()).await, names("search=conto".into()).await.len()), (vec!["Northwind".to_owned()], 0));
    }

    /// BIL-1: invoices by status, kind and number; what is due first comes first where that is asked for.
    async fn invoices_are_filtered_and_sorted(app) {
        let (acme, contoso, fabrikam) = house(&app).await;
        let early = contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.clock.advance_ms(20 * 86_400_000);
        let paid = contoso.order(&[("KEY-PRO", 2)]).place().await;
        acme.pay(paid.invoice, "20.00").await;
        let canceled = fabrikam.order(&[("KEY-LITE", 1)]).place().await;
        acme.cancel(canceled.id).await;
        fabrikam.order(&[("KEY-LITE", 2)]).place().await;
        app.clock.advance_ms(15 * 86_400_000);
        let http = app.http().await;
        let (staff, user) = (http.with(&acme.key), http.with(&contoso.key().await));
        let totals = |asker: &Asker, path: String| {
            let asker = asker.clone();
            async move {
                let page = asker.get(&path).await.must(200);
                page["data"].as_array().expect("rows").iter().map(|row| row["total"]["amount"].as_str().expect("a total").to_owned()).collect::<Vec<_>>()
            }
        };
        for (query, expected) in [
            ("status=overdue", vec!["10.00"]),
            ("status=unpaid", vec!["10.00"]),
            ("status=paid", vec!["20.00"]),
            ("status=canceled", vec!["5.00"]),
            ("sort=due_on", vec!["10.00", "20.00", "5.00", "10.00"]),
            ("sort=due_on&status=unpaid", vec!["10.00"]),
            ("sort=-issued_on", vec!["10.00", "5.00", "20.00", "10.00"]),
        ] {
            assert_eq!(totals(&staff, format!("/v1/merchant/invoices?{query}")).await, expected, "{query}");
        }
        let number = app.invoice(&early).await.number;
        assert_eq!(totals(&staff, format!("/v1/merchant/invoices?number={number}")).await, ["10.00"]);
        for (status, expected) in [("paid", vec![]), ("overdue", vec!["10.00"])] {
            assert_eq!(totals(&staff, format!("/v1/merchant/invoices?number={number}&status={status}")).await, expected, "{status}");
        }
        assert_eq!(totals(&user, "/v1/reseller/invoices?status=overdue".into()).await, ["10.00"]);
        assert_eq!(totals(&user, "/v1/reseller/invoices?sort=due_on".into()).await, ["10.00", "20.00"]);
        let second = staff.get("/v1/merchant/invoices?sort=due_on&limit=3").await.must(200);
        let cursor = second["next_cursor"].as_str().expect("a further page").to_owned();
        assert_eq!(totals(&staff, format!("/v1/merchant/invoices?sort=due_on&limit=3&cursor={cursor}")).await, ["10.00"]);
    }

    /// PLT-4, FUL-11: the trail by act, area, actor and thing; the message log by state, address and thing, with what it is about by its number.
    async fn the_trail_and_the_message_log_are_searched(app) {
        let (acme, contoso, _) = house(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        app.work().await;
        let http = app.http().await;
        let staff = http.with(&acme.key);
        let acts = |query: String| {
            let staff = staff.clone();
            async move {
                let page = staff.get(&format!("/v1/merchant/audit?{query}")).await.must(200);
                page["data"].as_array().expect("rows").iter().map(|row| row["action"].as_str().expect("an act").to_owned()).collect::<Vec<_>>()
            }
        };
        assert_eq!(acts("action=order.placed".into()).await, ["order.placed"]);
        assert!(acts("action=order".into()).await.iter().all(|act| act.starts_with("order.")));
        assert!(acts(format!("subject={}", order.id)).await.contains(&"order.drafted".to_owned()));
        assert!(acts(format!("partnership={}&action=order.placed", contoso.partnership().text())).await.len() == 1);
        assert_eq!(acts("actor=system".into()).await.len(), 0);
        assert_eq!(acts("action=order.placed&created_to=2026-03-02T09:00:00.000Z".into()).await.len(), 0);
        assert_eq!(acts("action=order.placed&created_from=2026-03-02T09:00:00.000Z".into()).await.len(), 1);
        let about = |query: String| {
            let staff = staff.clone();
            async move {
                let page = staff.get(&format!("/v1/merchant/messages?{query}")).await.must(200);
                page["data"].as_array().expect("rows").iter().map(|row| row["subject_title"].clone()).collect::<Vec<_>>()
            }
        };
        let number = json!(app.order(&order).await.number.expect("a number"));
        for query in [format!("subject={}", order.id), "recipient=orders%40contoso.example".into(), "template=order_placed".into(), "state=logged".into()] {
            assert!(about(query.clone()).await.contains(&number), "{query}");
        }
        assert_eq!(about("recipient=nobody%40contoso.example".into()).await.len(), 0);
    }

    /// ORD-10: what the pages ask for is what the API has: a search on a page finds the same orders.
    async fn a_page_finds_what_the_api_finds(app) {
        let (acme, contoso, _) = house(&app).await;
        contoso.order(&[("KEY-PRO", 1)]).reference("PO-77").place().await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Support).await);
        let page = staff.get(&format!("/m/{}/orders?q=po-7&product=KEY-PRO", acme.id)).await.text();
        assert!(page.contains("PO-77"), "{page}");
        let none = staff.get(&format!("/m/{}/orders?q=po-8", acme.id)).await.text();
        assert!(!none.contains("PO-77") && none.contains("No results"), "{none}");
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        for (span, shown) in [("from=2026-03-02&to=2026-03-02", true), ("to=2026-03-01", false), ("from=2026-03-03", false)] {
            let own = user.get(&format!("/r/{}/orders?{span}", contoso.partnership().text())).await.text();
            assert_eq!((own.contains("PO-77"), own.contains("Created from")), (shown, true), "{span}");
        }
        let scope = acme.scope();
        let filter = OrderFilter { search: Some("po-77".into()), ..OrderFilter::default() };
        let page = tradepost_domain::listing::PageRequest { limit: 5, before: None };
        let found = app.read(move |reader| Box::pin(async move { queries::list(reader, scope, None, &filter, page).await })).await;
        assert_eq!(found.rows.len(), 1);
    }
}
