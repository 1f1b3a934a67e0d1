//! Limits of what a partnership buys: units of a line (PAR-11, CAT-7), units per day and month (PRG-9).

use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_domain::{No, ProductId};
use tradepost_kernel::Class;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, origin};

/// Units bought by day, as they were counted.
async fn bought(app: &TestApp, merchant: &Merchant) -> Vec<(String, i64)> {
    app.rows(sql!("SELECT day, units FROM purchase_day WHERE merchant = $1 ORDER BY day"), params![merchant.number].to_vec()).await
}

/// The code that placing refuses with, or `placed`.
async fn place(reseller: &Reseller, items: &[(&str, i64)]) -> &'static str {
    reseller.order(items).try_place().await.map_or_else(|refusal| refusal.code, |_| "placed")
}

/// Sets how many units of a product a line may have.
async fn line_of(app: &TestApp, merchant: &Merchant, reseller: &Reseller, product: Option<ProductId>, name: TermName, value: &str) {
    let qualifier = product.map_or(Qualifier::General, Qualifier::Product);
    let changes = vec![TermChange { name, qualifier, to: Setting::Value(name.value(value).expect("a quantity")) }];
    app.does(&merchant.owner(), ChangeTerms { partnership: reseller.partnership(), changes }).await;
}

app_test! {
    /// PRG-9: units per day are counted when ordered, in the merchant's time zone; a canceled order gives them back, a
    /// refused one counts nothing, and another day begins anew.
    async fn purchase_limits_count_the_units_of_a_day_in_the_merchants_time_zone(app) {
        // 09:00 UTC is 22:00 of the day before there.
        let acme = app.merchant_in("Acme Software", "USD", "Pacific/Pago_Pago").await;
        acme.product("KEY-PRO").price("1.00").keys(50).await;
        acme.product("SUITE").price("5.00").bundle_of(&[("KEY-PRO", 4)]).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").with(TermName::PurchaseLimitDay, "10").await;
        let first = contoso.order(&[("KEY-PRO", 4), ("KEY-PRO", 2)]).place().await;
        assert_eq!(place(&contoso, &[("SUITE", 2)]).await, "placed", "a bundle is one unit");
        assert_eq!(bought(&app, &acme).await, [("2026-03-01".to_owned(), 8)]);
        let draft = contoso.order(&[("KEY-PRO", 3)]).draft().await;
        let refusal = app.refuses(&contoso.owner(), PlaceOrder::of(draft)).await;
        assert_eq!((refusal.code, refusal.class), ("purchase_limit_exceeded", Class::Invalid));
        assert!(refusal.detail.contains("2 are left"), "{}", refusal.detail);
        assert_eq!(place(&contoso, &[("KEY-PRO", 2)]).await, "placed", "exactly the limit");
        app.does(&acme.owner(), CancelOrder { order: first.id, note: "Mistake.".into() }).await;
        assert_eq!(bought(&app, &acme).await, [("2026-03-01".to_owned(), 4)]);
        contoso.confirm(draft).await.expect("six units are free again");
        app.clock.advance_ms(24 * 3_600_000);
        assert_eq!(place(&contoso, &[("KEY-PRO", 10)]).await, "placed", "another day");
        assert_eq!(bought(&app, &acme).await, [("2026-03-01".to_owned(), 7), ("2026-03-02".to_owned(), 10)]);
    }

    /// PRG-9: a month is a calendar month; its limit holds beside that of the day.
    async fn a_monthly_purchase_limit_spans_the_days_of_the_month(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(50).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").with(TermName::PurchaseLimitMonth, "12").with(TermName::PurchaseLimitDay, "8").await;
        assert_eq!(place(&contoso, &[("KEY-PRO", 8)]).await, "placed");
        app.clock.advance_ms(24 * 3_600_000);
        assert_eq!(place(&contoso, &[("KEY-PRO", 5)]).await, "purchase_limit_exceeded");
        assert_eq!(place(&contoso, &[("KEY-PRO", 4)]).await, "placed");
        app.clock.advance_ms(30 * 24 * 3_600_000);
        assert_eq!(place(&contoso, &[("KEY-PRO", 8)]).await, "placed", "April");
        acme.set_term(&contoso, TermName::PurchaseLimitDay, "none").await;
        assert_eq!(place(&contoso, &[("KEY-PRO", 4)]).await, "placed", "none lifts the limit of the day");
        assert_eq!(place(&contoso, &[("KEY-PRO", 1)]).await, "purchase_limit_exceeded", "not that of the month");
    }

    /// PRG-9: orders of one set count for each other.
    async fn orders_that_are_placed_at_once_share_one_purchase_limit(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("1.00").keys(50).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").with(TermName::PurchaseLimitDay, "10").await;
        let mut asked = Vec::new();
        for quantity in [6, 5, 4, 1] {
            let order = contoso.order(&[("KEY-PRO", quantity)]).draft().await;
            asked.push((origin(&contoso.owner()), PlaceOrder::of(order)));
        }
        let code = |answer: &Result<_, No>| if let Err(No::Refusal(refusal)) = answer { refusal.code } else { "placed" };
        let answers = app.together(asked).await;
        let came: Vec<&str> = answers.iter().map(code).collect();
        assert_eq!(came, ["placed", "purchase_limit_exceeded", "placed", "purchase_limit_exceeded"]);
        assert_eq!(bought(&app, &acme).await, [("2026-03-02".to_owned(), 10)]);
    }

    /// PAR-11, CAT-7: a partnership's own fewest and most units of a line, for one product before those for all; the
    /// quantity is judged before limits of a day, and both before the stock.
    async fn a_partnership_buys_in_the_quantities_of_its_terms(app) {
        let acme = app.merchant("Acme Software").await;
        let pro = acme.product("KEY-PRO").price("1.00").keys(20).await;
        acme.product("KEY-LITE").price("1.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").await;
        line_of(&app, &acme, &contoso, None, TermName::MaxQuantity, "5").await;
        line_of(&app, &acme, &contoso, Some(pro.id), TermName::MaxQuantity, "30").await;
        line_of(&app, &acme, &contoso, Some(pro.id), TermName::MinQuantity, "10").await;
        assert_eq!(place(&contoso, &[("KEY-LITE", 5)]).await, "placed");
        assert_eq!(place(&contoso, &[("KEY-LITE", 6)]).await, "quantity_out_of_range");
        let draft = contoso.order(&[("KEY-LITE", 1), ("KEY-PRO", 9)]).draft().await;
        let refusal = app.refuses(&contoso.owner(), PlaceOrder::of(draft)).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("quantity_out_of_range", "/items/1/quantity"));
        assert_eq!(place(&contoso, &[("KEY-PRO", 25)]).await, "out_of_stock");
        acme.set_term(&contoso, TermName::PurchaseLimitDay, "20").await;
        assert_eq!(place(&contoso, &[("KEY-PRO", 25)]).await, "purchase_limit_exceeded", "before the stock");
        assert_eq!(place(&contoso, &[("KEY-PRO", 31)]).await, "quantity_out_of_range", "before the limit of the day");
        assert_eq!(place(&contoso, &[("KEY-PRO", 10)]).await, "placed");
    }

    /// PRG-9, EXT-2: one limit for what is ordered and what a shop sells, by the merchant's day: it begins anew at midnight there, in
    /// the middle of a day of UTC, and where clocks were set back an hour later by UTC.
    async fn orders_and_fulfillments_share_the_limit_of_the_merchants_day(app) {
        const HOUR: i64 = 3_600_000;
        // 09:00 UTC is 22:00 in Auckland, so that midnight is at 11:00.
        let acme = app.merchant_in("Acme Software", "USD", "Pacific/Auckland").await;
        acme.product("KEY-PRO").price("1.00").keys(60).await;
        let contoso = acme.reseller("Contoso").credit("1000.00").with(TermName::PurchaseLimitDay, "10").await;
        contoso.top_up("1000.00").await;
        assert_eq!(place(&contoso, &[("KEY-PRO", 6)]).await, "placed");
        let refused = async |order: &str, quantity| app.refuses(&contoso.owner(), contoso.sale(order, "KEY-PRO", quantity)).await.code;
        assert_eq!(refused("A-1", 5).await, "purchase_limit_exceeded");
        contoso.sells("A-1", "KEY-PRO", 4).await;
        assert_eq!(refused("A-2", 1).await, "purchase_limit_exceeded");
        assert_eq!(place(&contoso, &[("KEY-PRO", 1)]).await, "purchase_limit_exceeded");
        app.clock.advance_ms(2 * HOUR - 1);
        assert_eq!(refused("A-2", 1).await, "purchase_limit_exceeded", "the last millisecond of the day");
        app.clock.advance_ms(1);
        contoso.sells("A-2", "KEY-PRO", 7).await;
        assert_eq!(place(&contoso, &[("KEY-PRO", 4)]).await, "purchase_limit_exceeded");
        assert_eq!(place(&contoso, &[("KEY-PRO", 3)]).await, "placed");
        assert_eq!(bought(&app, &acme).await, [("2026-03-02".to_owned(), 10), ("2026-03-03".to_owned(), 10)]);
        // On 5 April clocks were set back: on the 6th it is 23:30 there at 11:30 UTC.
        app.clock.advance_ms(35 * 24 * HOUR + HOUR / 2);
        contoso.sells("A-3", "KEY-PRO", 10).await;
        app.clock.advance_ms(HOUR / 2 - 1);
        assert_eq!(place(&contoso, &[("KEY-PRO", 1)]).await, "purchase_limit_exceeded");
        app.clock.advance_ms(1);
        assert_eq!(place(&contoso, &[("KEY-PRO", 10)]).await, "placed");
        assert_eq!(refused("A-4", 1).await, "purchase_limit_exceeded");
        assert_eq!(bought(&app, &acme).await[2..], [("2026-04-06".to_owned(), 10), ("2026-04-07".to_owned(), 10)]);
    }
}
