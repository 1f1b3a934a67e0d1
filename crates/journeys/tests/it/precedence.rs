//! Where several things are wrong with one call of a shop, it hears of the first in the order of EXT-2, whatever else is.

use tradepost_domain::access::Side;
use tradepost_domain::fulfillments::Fulfill;
use tradepost_domain::identity::SwitchApiKey;
use tradepost_domain::identity::api_keys::KeyOwner;
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::partners::{ReactivatePartnership, SuspendPartnership};
use tradepost_domain::{ApiKeyId, Caller, Right};
use tradepost_kernel::Class;
use tradepost_kernel::api_key::KeyKind;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

/// The key of a shop: how it calls, and how it is switched.
struct ShopKey {
    id: ApiKeyId,
    owner: KeyOwner,
}

impl ShopKey {
    async fn of(app: &TestApp, reseller: &Reseller) -> Self {
        reseller.key().await;
        let (id,): (ApiKeyId,) = app.row(sql!("SELECT id FROM api_key WHERE partnership = $1"), params![reseller.partnership()].to_vec()).await;
        Self { id, owner: KeyOwner { merchant: reseller.scope.merchant, partnership: Some(reseller.partnership()) } }
    }

    fn caller(&self, reseller: &Reseller) -> Caller {
        Caller::PartnershipKey { key: self.id, name: "Shop".into(), scope: reseller.scope, rights: vec![Right::FulfillmentsCreate] }
    }

    async fn switch(&self, app: &TestApp, reseller: &Reseller, on: bool) {
        let command = SwitchApiKey { owner: self.owner, key: self.id, kind: KeyKind::Partnership, by: Side::Reseller, on };
        app.does(&reseller.owner(), command).await;
    }
}

/// A merchant with a product of which nothing is in stock, and a partnership that has no balance, buys five at most of a line, and four a day.
async fn where_everything_is_wrong(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    let contoso = acme.reseller("Contoso").with(TermName::MaxQuantity, "5").with(TermName::PurchaseLimitDay, "4").await;
    (acme, contoso)
}

app_test! {
    /// EXT-2, EXT-3: key, partnership, product, quantity, purchase limit, stock, balance. All of them are wrong at first, and are put
    /// right one after the other from the front: each time the call hears of the next, and nothing is left behind.
    async fn a_call_with_which_everything_is_wrong_hears_of_one_thing_after_the_other(app) {
        let (acme, contoso) = where_everything_is_wrong(&app).await;
        let product = acme.product("KEY-PRO").price("1.00").await;
        let key = ShopKey::of(&app, &contoso).await;
        key.switch(&app, &contoso, false).await;
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        let caller = key.caller(&contoso);
        let refused = async |call: Fulfill, code: &str, class: Class| {
            let refusal = app.refuses(&caller, call).await;
            assert_eq!((refusal.code, refusal.class), (code, class), "{}", refusal.detail);
        };
        let unknown = || contoso.sale("A-1", "KEY-NONE", 6);
        refused(unknown(), "unauthenticated", Class::Unauthenticated).await;
        key.switch(&app, &contoso, true).await;
        refused(unknown(), "partnership_not_active", Class::Forbidden).await;
        app.does(&acme.owner(), ReactivatePartnership { partnership: contoso.partnership() }).await;
        refused(unknown(), "product_not_available", Class::NotFound).await;
        refused(contoso.sale("A-1", "KEY-PRO", 6), "quantity_out_of_range", Class::Invalid).await;
        let sale = || contoso.sale("A-1", "KEY-PRO", 5);
        refused(sale(), "purchase_limit_exceeded", Class::Invalid).await;
        acme.set_term(&contoso, TermName::PurchaseLimitDay, "5").await;
        refused(sale(), "out_of_stock", Class::Conflict).await;
        product.arrive(1, 5).await;
        refused(sale(), "insufficient_balance", Class::PaymentRequired).await;
        contoso.top_up("5.00").await;
        let sold = app.does(&caller, sale()).await;
        assert_eq!((sold.found, app.balance(&contoso).await), (false, 0), "what was refused seven times uses nothing up");
    }

    /// EXT-2, EXT-4: an order that was fulfilled is found before product, quantity, limit, stock and balance are looked at, and not
    /// before key and partnership.
    async fn an_order_that_was_fulfilled_is_found_behind_key_and_partnership(app) {
        let (acme, contoso) = where_everything_is_wrong(&app).await;
        acme.product("KEY-PRO").price("1.00").keys(4).await;
        contoso.top_up("4.00").await;
        let key = ShopKey::of(&app, &contoso).await;
        let caller = key.caller(&contoso);
        let sale = || contoso.sale("A-1", "KEY-PRO", 4);
        let first = app.does(&caller, sale()).await.fulfillment;
        // Nothing is left of stock, balance and limit, and four are too many now.
        acme.set_term(&contoso, TermName::MaxQuantity, "3").await;
        let again = app.does(&caller, sale()).await;
        assert_eq!((again.fulfillment, again.found), (first, true));
        assert_eq!(app.refuses(&caller, contoso.sale("A-1", "KEY-PRO", 9)).await.code, "external_order_conflict");
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        assert_eq!(app.refuses(&caller, sale()).await.code, "partnership_not_active");
        key.switch(&app, &contoso, false).await;
        assert_eq!(app.refuses(&caller, sale()).await.code, "unauthenticated");
    }
}
