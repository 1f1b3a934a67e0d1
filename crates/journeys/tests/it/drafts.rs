//! Orders from draft to placed: ORD-1 … ORD-4, ORD-7.

use tradepost_domain::OrderId;
use tradepost_domain::access::ResellerRole;
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::create_draft::WantedItem;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::orders::queries::ItemRow;
use tradepost_domain::partners::steps::SuspendPartnership;
use tradepost_kernel::{Class, Refusal};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("26.00").keys(50).await;
    acme.product("KEY-LITE").price("9.99").keys(50).await;
    let contoso = acme.reseller("Contoso").credit("5000.00").await;
    (acme, contoso)
}

fn item(sku: &str, quantity: i64) -> WantedItem {
    WantedItem { product: sku.into(), quantity }
}

const fn change(order: OrderId, change: DraftChange) -> ChangeDraft {
    ChangeDraft { order, if_version: None, change }
}

async fn items(app: &TestApp, merchant: i64, order: OrderId) -> Vec<ItemRow> {
    app.read(move |reader| Box::pin(async move { tradepost_domain::orders::queries::items(reader, merchant, &[order]).await })).await
}

/// Quantity by place.
async fn quantities(app: &TestApp, merchant: i64, order: OrderId) -> Vec<(i64, i64)> {
    items(app, merchant, order).await.iter().map(|item| (item.product, item.quantity)).collect()
}

fn said(refusal: &Refusal) -> (&'static str, Class, &str, Option<&'static str>) {
    (refusal.code, refusal.class, &refusal.pointer, refusal.state)
}

app_test! {
    /// ORD-1: the same product twice makes two items, unless merged on request; items come, change and go.
    async fn items_are_added_changed_and_removed_any_number_of_times(app) {
        let (acme, contoso) = shop(&app).await;
        let caller = contoso.owner();
        let order = contoso.order(&[("KEY-PRO", 1), ("KEY-PRO", 2)]).reference("PO-7").draft().await;
        assert_eq!(quantities(&app, acme.number, order).await, [(1, 1), (1, 2)]);
        app.does(&caller, change(order, DraftChange::AddItem { item: item("KEY-PRO", 5), merge: true })).await;
        assert_eq!(quantities(&app, acme.number, order).await, [(1, 6), (1, 2)]);
        app.does(&caller, change(order, DraftChange::AddItem { item: item("KEY-LITE", 1), merge: false })).await;
        let lines = items(&app, acme.number, order).await;
        app.does(&caller, change(order, DraftChange::SetQuantity { item: lines[2].id, quantity: 4 })).await;
        app.does(&caller, change(order, DraftChange::RemoveItem { item: lines[0].id })).await;
        assert_eq!(quantities(&app, acme.number, order).await, [(1, 2), (2, 4)]);
        let gone = app.refuses(&caller, change(order, DraftChange::RemoveItem { item: lines[0].id })).await;
        assert_eq!(said(&gone), ("not_found", Class::NotFound, "", None));
        let fields = DraftChange::Fields { reference: Some(None), contact: Some(Some("Carla".into())), delivery_address: None };
        app.does(&caller, change(order, fields)).await;
        let row = app.find_order(acme.number, order).await.expect("the draft");
        assert_eq!((row.reference.as_deref(), row.contact.as_deref(), row.version), (None, Some("Carla"), 6));
        assert_eq!(
            app.actions(order).await,
            ["order.drafted", "order.item_added", "order.item_added", "order.item_changed", "order.item_removed", "order.draft_changed"]
        );
    }

    /// ORD-1: a quantity is a whole number from 1 to 100,000, or within the product's limits.
    async fn a_quantity_outside_its_limits_is_refused_and_named(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-BOX").price("1.00").limits(5, 10).keys(20).await;
        let caller = contoso.owner();
        for (sku, quantity) in [("KEY-PRO", 0), ("KEY-PRO", -1), ("KEY-PRO", 100_001), ("KEY-BOX", 4), ("KEY-BOX", 11)] {
            let refusal = app.refuses(&caller, contoso.order(&[("KEY-LITE", 1), (sku, quantity)]).command()).await;
            assert_eq!(said(&refusal), ("quantity_out_of_range", Class::Invalid, "/items/1/quantity", None), "{sku} {quantity}");
        }
        let order = contoso.order(&[("KEY-BOX", 10)]).draft().await;
        let too_many = app.refuses(&caller, change(order, DraftChange::AddItem { item: item("KEY-BOX", 5), merge: true })).await;
        assert_eq!(too_many.code, "quantity_out_of_range", "merging cannot get around the limit");
        let line = items(&app, acme.number, order).await[0].id;
        let too_few = app.refuses(&caller, change(order, DraftChange::SetQuantity { item: line, quantity: 4 })).await;
        assert_eq!(too_few.code, "quantity_out_of_range");
        contoso.confirm(order).await.expect("10 is within");
    }

    /// ORD-1: placing an empty order refuses with `order_empty`.
    async fn an_empty_order_is_not_placed(app) {
        let (_acme, contoso) = shop(&app).await;
        let order = contoso.order(&[]).draft().await;
        let refusal = app.refuses(&contoso.owner(), PlaceOrder::of(order)).await;
        assert_eq!(said(&refusal), ("order_empty", Class::Invalid, "/items", None));
        assert_eq!(contoso.view().await.status.name(), "approved", "a refused order does not activate (PAR-5)");
    }

    /// ORD-2: a draft is nothing yet: nothing invoiced, reserved, or counted against credit.
    async fn a_draft_invoices_reserves_and_counts_nothing(app) {
        let (acme, contoso) = shop(&app).await;
        contoso.order(&[("KEY-PRO", 10)]).draft().await;
        assert_eq!(contoso.credit().await.used_minor, 0);
        assert_eq!(app.stock(acme.number, 1).await.available, 50);
        let made = app.number(tradepost_store::sql!("SELECT (SELECT COUNT(*) FROM invoice) + (SELECT COUNT(*) FROM license) + (SELECT COUNT(*) FROM transfer)"), Vec::new()).await;
        assert_eq!(made, 0);
    }

    /// ORD-3: who confirms what they read does not place what a colleague made of it meanwhile.
    async fn a_confirm_names_the_version_that_was_read(app) {
        let (_acme, contoso) = shop(&app).await;
        let http = app.http().await;
        let key = http.with(&contoso.key().await);
        let order = contoso.order(&[("KEY-PRO", 3)]).draft().await;
        let path = format!("/v1/reseller/orders/{order}");
        let read = key.get(&path).await.headers["etag"].clone();
        app.does(&contoso.owner(), change(order, DraftChange::AddItem { item: item("KEY-PRO", 7), merge: true })).await;
        let confirm = format!("{path}/confirm");
        assert_eq!(key.header("if-match", &read).act(&confirm).await.said(), (412, "stale_version".into()));
        assert_eq!(key.get(&path).await.must(200)["state"], "draft");
        let now = key.get(&path).await.headers["etag"].clone();
        key.header("if-match", &now).act(&confirm).await.must(200);
        assert_eq!(key.header("if-match", &now).act(&confirm).await.said(), (409, "order_confirmed".into()));
    }

    /// ORD-3: after the confirm the reseller can change nothing, by any change, and cannot confirm again.
    async fn after_the_confirm_nothing_can_be_changed(app) {
        let (_acme, contoso) = shop(&app).await;
        let caller = contoso.owner();
        let placed = contoso.order(&[("KEY-PRO", 3)]).reference("PO-7").place().await;
        let line = items(&app, contoso.scope.merchant, placed.id).await[0].id;
        let changes = [
            DraftChange::Fields { reference: Some(Some("PO-8".into())), contact: None, delivery_address: None },
            DraftChange::AddItem { item: item("KEY-LITE", 1), merge: false },
            DraftChange::AddItem { item: item("KEY-PRO", 1), merge: true },
            DraftChange::SetQuantity { item: line, quantity: 1 },
            DraftChange::RemoveItem { item: line },
            DraftChange::Cancel,
            DraftChange::Delete,
        ];
        for asked in changes {
            let refusal = app.refuses(&caller, change(placed.id, asked.clone())).await;
            assert_eq!(said(&refusal), ("order_confirmed", Class::Conflict, "", Some("awaiting_payment")), "{asked:?}");
        }
        let again = app.refuses(&caller, PlaceOrder::of(placed.id)).await;
        assert_eq!(said(&again), ("order_confirmed", Class::Conflict, "", Some("awaiting_payment")));
        let row = app.order(&placed).await;
        assert_eq!((row.reference.as_deref(), row.total_minor), (Some("PO-7"), 7_800));
    }

    /// ORD-1: placing fixes the prices: later ones do not change a placed order, and do change a draft.
    async fn placing_fixes_the_prices(app) {
        use tradepost_domain::catalog::{SetPrices, Shelf, Tier};
        let (acme, contoso) = shop(&app).await;
        let (pro, _, _) = app.row::<(tradepost_domain::ProductId, i64, i64)>(tradepost_store::sql!("SELECT id, number, enabled FROM product WHERE number = 1 AND merchant = $1"), vec![acme.number.into()]).await;
        let placed = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let draft = contoso.order(&[("KEY-PRO", 2)]).draft().await;
        let tiers = vec![Tier { from_quantity: 1, unit_minor: 3_000 }];
        app.does(&acme.owner(), SetPrices { scope: acme.scope(), product: pro, shelf: Shelf::List, currency: acme.currency, tiers }).await;
        let later = contoso.confirm(draft).await.expect("placed");
        assert_eq!((app.order(&placed).await.total_minor, app.order(&later).await.total_minor), (5_200, 6_000));
        let kept = items(&app, acme.number, placed.id).await;
        assert_eq!((kept[0].unit_minor, kept[0].line_minor), (2_600, 5_200));
        assert!(kept[0].explanation.as_deref().is_some_and(|text| text.contains("list")), "{:?}", kept[0].explanation);
    }

    /// ORD-4: a canceled draft stays as `canceled`; a deleted one is gone.
    async fn a_draft_can_be_canceled_or_deleted(app) {
        let (acme, contoso) = shop(&app).await;
        let caller = contoso.owner();
        let canceled = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        app.does(&caller, change(canceled, DraftChange::Cancel)).await;
        assert_eq!(app.find_order(acme.number, canceled).await.expect("it stays").state.name(), "canceled");
        assert_eq!(said(&app.refuses(&caller, PlaceOrder::of(canceled)).await), ("order_canceled", Class::Conflict, "", Some("canceled")));
        let touched = app.refuses(&caller, change(canceled, DraftChange::AddItem { item: item("KEY-PRO", 1), merge: false })).await;
        assert_eq!(touched.code, "order_canceled");
        let deleted = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        app.does(&caller, change(deleted, DraftChange::Delete)).await;
        assert!(app.find_order(acme.number, deleted).await.is_none());
        assert_eq!(app.refuses(&caller, PlaceOrder::of(deleted)).await.code, "not_found");
        assert_eq!(app.actions(deleted).await, ["order.drafted", "order.draft_deleted"], "its history stays");
    }

    /// ORD-4, PAR-14: a reseller cannot cancel a confirmed order, nor can the merchant touch a draft.
    async fn each_side_cancels_only_what_is_its_own(app) {
        let (acme, contoso) = shop(&app).await;
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        let refusal = app.refuses(&acme.owner(), CancelOrder { order: draft, note: "No.".into() }).await;
        assert_eq!(said(&refusal), ("order_not_placed", Class::Conflict, "", Some("draft")));
        let placed = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let refusal = app.refuses(&contoso.owner(), CancelOrder { order: placed.id, note: "No.".into() }).await;
        assert_eq!((refusal.code, refusal.class), ("forbidden", Class::Forbidden));
        for role in [ResellerRole::Finance, ResellerRole::Viewer] {
            let refusal = app.refuses(&contoso.user(role), contoso.order(&[("KEY-PRO", 1)]).command()).await;
            assert_eq!(refusal.code, "forbidden", "{role:?}");
        }
        app.does(&contoso.user(ResellerRole::Seller), contoso.order(&[("KEY-PRO", 1)]).command()).await;
    }

    /// ORD-7: numbers count per merchant and year, given at placing, without gaps; the year is the merchant's own.
    async fn a_number_is_given_at_placing_and_counts_per_merchant(app) {
        let (_acme, contoso) = shop(&app).await;
        let tokyo = app.merchant_in("Kyoto Tools", "USD", "Asia/Tokyo").await;
        tokyo.product("TOOL").price("1.00").keys(10).await;
        let there = tokyo.reseller("Fabrikam").credit("100.00").await;
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        assert_eq!(app.find_order(contoso.scope.merchant, draft).await.expect("the draft").number, None);
        let second = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let refused = contoso.order(&[("KEY-PRO", 90)]).try_place().await.expect_err("not enough keys");
        assert_eq!((refused.code, refused.pointer.as_str()), ("out_of_stock", "/items/0"));
        let first = contoso.confirm(draft).await.expect("placed");
        let other = there.order(&[("TOOL", 1)]).place().await;
        let mut numbers = Vec::new();
        for order in [&second, &first, &other] {
            numbers.push((app.order(order).await.number.expect("a number"), app.invoice(order).await.number));
        }
        let text = |pairs: [(&str, &str); 3]| pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        assert_eq!(numbers, text([("2026-000001", "INV-000001"), ("2026-000002", "INV-000002"), ("2026-000001", "INV-000001")]));
        // 2026-12-31T15:30Z is New Year in Tokyo, and not yet in UTC.
        let new_year: tradepost_kernel::Timestamp = "2026-12-31T15:30:00Z".parse().expect("a moment");
        app.clock.advance_ms(new_year.ms() - app.engine.environment.now().ms());
        let (here, there) = (contoso.order(&[("KEY-PRO", 1)]).place().await, there.order(&[("TOOL", 1)]).place().await);
        assert_eq!(app.order(&here).await.number.as_deref(), Some("2026-000003"));
        assert_eq!(app.order(&there).await.number.as_deref(), Some("2027-000001"));
    }

    /// ORD-7, PLT-4: the timeline says what happened, when, by whom, and from where.
    async fn the_timeline_names_what_happened_and_by_whom(app) {
        let (acme, contoso) = shop(&app).await;
        let placed = contoso.order(&[("KEY-PRO", 2)]).place().await;
        acme.pay(placed.invoice, "52.00").await;
        let rows = app.timeline(placed.id).await;
        let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.action.as_str(), row.actor.as_str())).collect();
        assert_eq!(
            told,
            [
                ("order.drafted", "owner of Contoso"),
                ("order.placed", "owner of Contoso"),
                ("order.released", "owner of Contoso"),
                ("order.payment_received", "owner of staff"),
                ("order.completed", "owner of staff"),
            ]
        );
        assert!(rows.iter().all(|row| row.actor_kind == "user" && row.address.as_deref() == Some("192.0.2.1")));
        assert_eq!(app.actions(placed.invoice).await, ["invoice.issued", "payment.recorded", "invoice.paid"]);
    }

    /// PAR-1: a suspended partnership reads nothing into being: no draft, no change, no confirm.
    async fn a_suspended_reseller_can_neither_begin_nor_confirm_an_order(app) {
        let (acme, contoso) = shop(&app).await;
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        let caller = contoso.owner();
        let expected = ("partnership_not_active", Class::Forbidden, "", Some("suspended"));
        assert_eq!(said(&app.refuses(&caller, PlaceOrder::of(draft)).await), expected);
        assert_eq!(said(&app.refuses(&caller, contoso.order(&[("KEY-PRO", 1)]).command()).await), expected);
        assert_eq!(said(&app.refuses(&caller, change(draft, DraftChange::Cancel)).await), expected);
    }

    /// CAT-4: what is not shared is refused like what does not exist, when drafted and when confirmed.
    async fn a_product_that_is_not_shared_cannot_be_ordered(app) {
        use tradepost_domain::catalog::OfferProduct;
        let (acme, contoso) = shop(&app).await;
        let secret = acme.product("KEY-SECRET").price("1.00").keys(5).not_offered().await;
        let caller = contoso.owner();
        let hidden = app.refuses(&caller, contoso.order(&[("KEY-SECRET", 1)]).command()).await;
        let missing = app.refuses(&caller, contoso.order(&[("KEY-MISSING", 1)]).command()).await;
        assert_eq!(said(&hidden), ("product_not_available", Class::NotFound, "/items/0/product", None));
        assert_eq!(hidden, missing, "word for word");
        let offer = |offered| OfferProduct { scope: acme.scope(), price_list: acme.price_list, product: secret.id, offered };
        app.does(&acme.owner(), offer(true)).await;
        let draft = contoso.order(&[("KEY-SECRET", 1)]).draft().await;
        app.does(&acme.owner(), offer(false)).await;
        assert_eq!(said(&app.refuses(&caller, PlaceOrder::of(draft)).await), ("product_not_available", Class::NotFound, "/items/0/product", None));
    }

    /// Another merchant's and another partnership's orders do not exist.
    async fn an_order_of_somebody_else_is_not_found(app) {
        let (acme, contoso) = shop(&app).await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        let other = app.merchant("Other Software").await;
        let placed = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        let missing = app.refuses(&fabrikam.owner(), PlaceOrder::of(OrderId::from_bytes([9; 16]))).await;
        assert_eq!(app.refuses(&fabrikam.owner(), PlaceOrder::of(draft)).await, missing);
        assert_eq!(app.refuses(&fabrikam.owner(), change(draft, DraftChange::Delete)).await, missing);
        assert_eq!(app.refuses(&other.owner(), CancelOrder { order: placed.id, note: "Mine now.".into() }).await, missing);
        assert_eq!(app.refuses(&other.owner(), other.payment(placed.invoice, "1.00")).await, missing);
    }
}
