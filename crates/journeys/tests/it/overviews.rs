//! What is sold per day, and the overviews that read it: ORD-9, PRG-9.

use serde_json::{Value as Json, json};
use tradepost_domain::Right;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_store::{params, sql};
use tradepost_testkit::http::Asker;
use tradepost_testkit::{TestApp, app_test};

/// A row of the rollup: day, orders, units, minor units.
type Day = (String, i64, i64, i64);

async fn days(app: &TestApp, merchant: i64) -> Vec<Day> {
    app.rows(
        sql!("SELECT day, CAST(SUM(orders) AS bigint), CAST(SUM(units) AS bigint), CAST(SUM(amount_minor) AS bigint) FROM daily_sales WHERE merchant = $1 GROUP BY day ORDER BY day"),
        params![merchant].to_vec(),
    )
    .await
}

async fn seen(asker: &Asker, path: &str) -> Json {
    asker.get(path).await.must(200)
}

app_test! {
    /// ORD-9: orders and fulfillments count on the day of the merchant's time zone, and no longer once canceled or taken back.
    async fn a_day_counts_what_is_sold_on_it_and_stays_sold(app) {
        // 09:00 UTC is the evening of the same day in Auckland; fifteen hours later it is the day after next there.
        let acme = app.merchant_in("Acme Software", "USD", "Pacific/Auckland").await;
        acme.product("KEY-PRO").price("10.00").keys(40).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        let canceled = contoso.order(&[("KEY-PRO", 5)]).place().await;
        assert_eq!(days(&app, acme.number).await, [("2026-03-02".to_owned(), 2, 7, 7_000)]);
        app.clock.advance_ms(15 * 3_600_000);
        contoso.top_up("100.00").await;
        contoso.sells("S-1", "KEY-PRO", 3).await;
        contoso.order(&[("KEY-PRO", 1)]).place().await;
        acme.cancel(canceled.id).await;
        assert_eq!(days(&app, acme.number).await, [("2026-03-02".to_owned(), 1, 2, 2_000), ("2026-03-03".to_owned(), 2, 4, 4_000)]);
        contoso.order(&[("KEY-PRO", 1)]).draft().await;
        assert_eq!(days(&app, acme.number).await.len(), 2, "a draft sells nothing");
    }

    /// ORD-9: a day that was counted wrongly keeps nobody from canceling.
    async fn a_gap_in_what_was_counted_does_not_keep_from_canceling(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(10).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        let (one, two) = (contoso.order(&[("KEY-PRO", 2)]).place().await, contoso.order(&[("KEY-PRO", 3)]).place().await);
        app.past_the_store(&["UPDATE daily_sales SET orders = 1, units = 1, amount_minor = 1".to_owned()]).await;
        acme.cancel(one.id).await;
        assert_eq!(days(&app, acme.number).await, [("2026-03-02".to_owned(), 0, 0, 0)]);
        app.past_the_store(&["DELETE FROM daily_sales".to_owned()]).await;
        acme.cancel(two.id).await;
        assert_eq!(days(&app, acme.number).await.len(), 0);
    }

    /// ORD-9: the merchant sees what is sold, what waits, who is at the limit and what runs low.
    async fn a_merchant_sees_what_is_sold_and_what_waits(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(6).threshold(3).await;
        let contoso = acme.reseller("Contoso").credit("30.00").await;
        contoso.order(&[("KEY-PRO", 3)]).place().await;
        app.clock.advance_ms(86_400_000);
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        let http = app.http().await;
        let overview = seen(&http.with(&acme.key), "/v1/merchant/overview").await;
        let sold = &overview["sales"][0];
        assert_eq!((&sold["orders_today"], &sold["amount_today"]["amount"]), (&json!(1), &json!("20.00")), "{overview}");
        assert_eq!((&sold["orders"], &sold["units"], &sold["amount"]["amount"]), (&json!(2), &json!(5), &json!("50.00")), "{overview}");
        assert_eq!(sold["days"].as_array().map(Vec::len), Some(2));
        let waiting = &overview["waiting"];
        assert_eq!(waiting["held_orders"], json!({"number": 1, "more": false}), "{overview}");
        assert_eq!((&waiting["unpaid_orders"]["number"], &waiting["balances_due"]["number"]), (&json!(2), &json!(1)));
        let risk = &overview["credit_at_risk"][0];
        assert_eq!((&risk["company"], &risk["used"]["amount"], &risk["limit"]["amount"]), (&json!("Contoso"), &json!("50.00"), &json!("30.00")));
        assert_eq!(overview["low_stock"][0]["sku"], "KEY-PRO", "{overview}");
        let page = http.with(&acme.signs_in(MerchantRole::Support).await).get(&format!("/m/{}", acme.id)).await.text();
        assert!(page.contains("Credit at risk") && page.contains("Sold in the last 30 days") && page.contains("Held orders"), "{page}");
    }

    /// ORD-9: the reseller sees what can be sold, what may be owed, the prepaid balance, its orders and what it bought; only its own.
    async fn a_reseller_sees_what_it_bought(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let (contoso, fabrikam) = (acme.reseller("Contoso").credit("100.00").await, acme.reseller("Fabrikam").credit("100.00").await);
        contoso.order(&[("KEY-PRO", 3)]).place().await;
        fabrikam.order(&[("KEY-PRO", 5)]).place().await;
        contoso.top_up("25.00").await;
        let http = app.http().await;
        let overview = seen(&http.with(&contoso.key().await), "/v1/reseller/overview").await;
        assert_eq!((&overview["purchases"][0]["units"], &overview["purchases"][0]["amount"]["amount"]), (&json!(3), &json!("30.00")), "{overview}");
        assert_eq!((&overview["prepaid_balance"]["amount"], &overview["available_products"][0]["available_licenses"]), (&json!("25.00"), &json!(3)));
        let page = http.with(&contoso.signs_in(ResellerRole::Viewer).await).get(&format!("/r/{}", contoso.partnership().text())).await.text();
        assert!(page.contains("Bought in the last 30 days") && page.contains("Units per day"), "{page}");
    }

    /// PAR-14, PAR-16: a key that may see orders and no invoices sees no money in the overview; with both rights, all of it.
    async fn who_may_see_no_invoices_sees_no_money_in_the_overview(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-PRO", 3)]).place().await;
        contoso.top_up("25.00").await;
        let http = app.http().await;
        let orders_only = http.with(&contoso.key_with(vec![Right::OrdersRead]).await);
        for path in ["/v1/reseller/credit", "/v1/reseller/balance"] {
            assert_eq!(orders_only.get(path).await.said(), (403, "forbidden".into()), "{path}");
        }
        let overview = seen(&orders_only, "/v1/reseller/overview").await;
        assert_eq!((&overview["credit"], &overview["prepaid_balance"], &overview["purchases"]), (&json!(null), &json!(null), &json!(null)), "{overview}");
        assert_eq!((&overview["recent_orders"].as_array().map(Vec::len), &overview["available_products"][0]["available_licenses"]), (&Some(1), &json!(3)));
        let both = http.with(&contoso.key_with(vec![Right::OrdersRead, Right::InvoicesRead]).await);
        let overview = seen(&both, "/v1/reseller/overview").await;
        assert_eq!((&overview["credit"]["used"]["amount"], &overview["prepaid_balance"]["amount"]), (&json!("30.00"), &json!("25.00")), "{overview}");
        assert_eq!(overview["purchases"][0]["units"], 3, "{overview}");
    }

    /// PLT-8: what was sold before days were counted is counted by the migration, from the orders and fulfillments themselves.
    async fn the_migration_counts_what_was_sold_before(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(30).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        contoso.order(&[("KEY-PRO", 2)]).place().await;
        let canceled = contoso.order(&[("KEY-PRO", 5)]).place().await;
        acme.cancel(canceled.id).await;
        app.clock.advance_ms(86_400_000);
        contoso.top_up("100.00").await;
        contoso.sells("S-1", "KEY-PRO", 3).await;
        let before = days(&app, acme.number).await;
        let migration = tradepost::migrations::migrations().into_iter().find(|migration| migration.name.ends_with("_lists")).expect("the migration").text;
        let statement = |begins: &str| migration[migration.find(begins).expect("the statement")..].split(';').next().expect("a statement").to_owned();
        let again = [
            "DELETE FROM daily_sales".to_owned(),
            "UPDATE orders SET placed_on = NULL".to_owned(),
            statement("UPDATE orders SET placed_on"),
            statement("INSERT INTO daily_sales"),
        ];
        app.past_the_store(&again).await;
        assert_eq!(days(&app, acme.number).await.into_iter().filter(|day| day.1 > 0).collect::<Vec<_>>(), before);
    }
}
