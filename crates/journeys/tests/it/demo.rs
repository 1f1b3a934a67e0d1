//! The demo: made by requests alone, under a clock that is moved, with clean books.

use std::collections::BTreeSet;
use tradepost::demo;
use tradepost_kernel::Language;
use tradepost_portal::look::Look;
use tradepost_portal::shared::history::{FIELDS, field, is_about_terms};
use tradepost_store::sql;
use tradepost_testkit::app_test;

app_test! {
    /// PLT-13: the demo shows a business of 90 days, and its resellers stand as it says they do.
    async fn the_demo_has_been_in_business_for_90_days(app) {
        let begin = app.engine.environment.now();
        let story = demo::fill(&app.house).await.expect("it is filled");
        assert_eq!(app.engine.environment.now().ms() - begin.ms(), 90 * 24 * 3_600_000);
        let days = |sql| {
            let app = &app;
            async move { app.rows::<(i64,)>(sql, Vec::new()).await.into_iter().map(|(ms,)| ms / (24 * 3_600_000)).collect::<BTreeSet<i64>>() }
        };
        let ordered = days(sql!("SELECT placed_ms FROM orders WHERE placed_ms IS NOT NULL")).await;
        assert!(ordered.len() >= 25 && ordered.last().zip(ordered.first()).is_some_and(|(last, first)| last - first > 75), "{ordered:?}");
        assert!(days(sql!("SELECT created_ms FROM fulfillment")).await.len() >= 25);
        assert!(days(sql!("SELECT created_ms FROM payment")).await.len() >= 20);
        assert!(app.number(sql!("SELECT COUNT(*) FROM customer"), Vec::new()).await >= 10);
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM orders WHERE placed_ms IS NOT NULL AND released_ms IS NULL"), Vec::new()).await, 2, "Harbor's and Cobalt's");
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM orders WHERE paid_minor < total_minor"), Vec::new()).await, 6);

        // PLT-4: whatever was written of somebody's doing, the page of the trail has words for it.
        let look = Look { language: Language::German, theme: None, zone: "UTC".to_owned(), clock: None, now: begin };
        let trail: Vec<(String, Option<String>, Option<String>)> =
            app.rows(sql!("SELECT action, before_json, after_json FROM audit WHERE merchant > 0 ORDER BY id LIMIT 5000"), Vec::new()).await;
        assert!(trail.len() > 100, "{} acts", trail.len());
        for (action, before, after) in trail {
            for side in [before, after].into_iter().flatten() {
                let side: serde_json::Value = serde_json::from_str(&side).expect("JSON");
                for name in side.as_object().into_iter().flat_map(|fields| fields.keys()) {
                    let known = FIELDS.iter().any(|(known, _, _)| known == name) || is_about_terms(&action) || name.starts_with("price_");
                    let words = field(&look, &action, name);
                    assert!(known && !words.is_empty() && !words.contains('_'), "{action} writes {name}: {words}");
                }
            }
        }

        let http = app.http().await;
        let resellers = story["resellers"].as_array().expect("resellers");
        let asker = |place: usize| http.with(resellers[place]["key"].as_str().expect("a key"));
        assert_eq!(asker(4).get("/v1/reseller/balance").await.must(200)["balance"]["amount"], "500.00");
        assert_eq!(asker(2).get("/v1/reseller/credit").await.must(200)["used"]["amount"], "2580.00");
        let overdue = asker(2).get("/v1/reseller/invoices?status=overdue").await.must(200);
        assert_eq!(overdue["data"].as_array().map(Vec::len), Some(1));
        for person in resellers.iter().chain([&story["merchant"]]) {
            let session = serde_json::json!({"email": person["email"], "password": demo::PASSWORD});
            assert_eq!(http.nobody().post("/v1/sessions", session).await.status, 201, "{}", person["email"]);
        }
    }
}
