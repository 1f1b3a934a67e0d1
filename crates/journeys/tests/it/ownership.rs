//! Who owns an account: handing it over, and closing it (PAR-14).

use serde_json::json;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::{CloseMerchant, ReopenMerchant};
use tradepost_domain::merchants::TransferMerchant;
use tradepost_domain::merchants::queries::role;
use tradepost_domain::partners::{AddResellerMember, TransferReseller};
use tradepost_domain::{Caller, PersonId};
use tradepost_kernel::text::Email;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};

async fn role_of(app: &TestApp, merchant: i64, person: PersonId) -> Option<&'static str> {
    app.read(move |reader| Box::pin(async move { role(reader, merchant, person).await })).await.map(MerchantRole::name)
}

async fn reseller_role_of(app: &TestApp, contoso: &Reseller, person: PersonId) -> String {
    app.row::<(String,)>(sql!("SELECT role FROM reseller_member WHERE reseller = $1 AND person = $2"), params![contoso.id, person].to_vec()).await.0
}

async fn admin(app: &TestApp, acme: &Merchant) -> (PersonId, String) {
    let token = acme.signs_in(MerchantRole::Admin).await;
    let (person,): (PersonId,) =
        app.row(sql!("SELECT person FROM merchant_member WHERE merchant = $1 AND role = 'admin'"), params![acme.number].to_vec()).await;
    (person, token)
}

fn close(acme: &Merchant) -> CloseMerchant {
    CloseMerchant { merchant: acme.number, confirm: "Acme Software".into() }
}

app_test! {
    /// PAR-14: an owner hands the merchant over, with its sandbox, to somebody who showed that the address is theirs; both are told. An admin cannot.
    async fn an_owner_hands_the_merchant_over_in_one_step(app) {
        let acme = app.merchant("Acme Software").await;
        let (to, token) = admin(&app, &acme).await;
        let transfer = |to| TransferMerchant { merchant: acme.number, to };
        assert_eq!(app.refuses(&acme.staff(MerchantRole::Admin), transfer(to)).await.code, "forbidden");
        assert_eq!(app.refuses(&acme.owner(), transfer(acme.person)).await.code, "already_yours");
        let stranger = app.merchant("Other Software").await;
        assert_eq!(app.refuses(&acme.owner(), transfer(stranger.person)).await.code, "not_found");
        let http = app.http().await;
        let (owner, heir) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&token));
        assert_eq!(heir.post("/v1/merchant/transfer-ownership", json!({"to": to})).await.said(), (403, "forbidden".into()));
        assert_eq!(http.with(&acme.key).post("/v1/merchant/transfer-ownership", json!({"to": to})).await.said(), (403, "forbidden".into()));
        let place = format!("/m/{}/people", acme.id);
        assert!(owner.get(&place).await.text().contains("Transfer ownership") && !heir.get(&place).await.text().contains("Transfer ownership"));
        assert_eq!(owner.get(&format!("{place}/transfer")).await.status, 200);
        assert_eq!(owner.form(&format!("{place}/transfer"), "to=").await.status, 422);
        assert_eq!(owner.form(&format!("{place}/transfer"), &format!("to={to}")).await.status, 303);
        let twin = app.number(sql!("SELECT twin FROM merchant WHERE number = $1"), params![acme.number].to_vec()).await;
        for house in [acme.number, twin] {
            assert_eq!([role_of(&app, house, to).await, role_of(&app, house, acme.person).await], [Some("owner"), Some("admin")], "{house}");
        }
        assert_eq!(app.refuses(&acme.owner(), transfer(to)).await.code, "forbidden", "who looked at an old page is no owner any more");
        app.work().await;
        let mails: Vec<(String, String)> = app.rows(sql!("SELECT template, recipient FROM message WHERE template LIKE 'ownership%' ORDER BY template"), Vec::new()).await;
        assert_eq!(mails.len(), 2, "{mails:?}");
        assert_eq!(mails[0], ("ownership_given".to_owned(), acme.email.clone()));
        assert!(heir.get(&place).await.text().contains("Transfer ownership"));
    }

    /// PAR-14: the same in a reseller's company; who never signed in cannot be made its owner this way.
    async fn an_owner_hands_a_resellers_company_over(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let email = Email::parse("una@contoso.example").expect("an address");
        let command = AddResellerMember { email, first_name: "Una".into(), last_name: "User".into(), role: ResellerRole::Viewer };
        let to = app.does(&contoso.owner(), command).await.person;
        assert_eq!(app.refuses(&contoso.owner(), TransferReseller { to }).await.code, "address_not_confirmed");
        app.session(to, "una@contoso.example").await;
        assert_eq!(app.refuses(&contoso.user(ResellerRole::Seller), TransferReseller { to }).await.code, "forbidden");
        let owner = app.http().await.with(&contoso.signs_in(ResellerRole::Owner).await);
        let place = format!("/r/{}/people", contoso.partnership().text());
        assert!(owner.get(&format!("{place}/transfer")).await.text().contains("una@contoso.example"));
        assert_eq!(owner.form(&format!("{place}/transfer"), &format!("to={to}")).await.status, 303);
        assert_eq!((reseller_role_of(&app, &contoso, to).await.as_str(), reseller_role_of(&app, &contoso, contoso.person).await.as_str()), ("owner", "seller"));
        assert_eq!(app.refuses(&contoso.owner(), TransferReseller { to }).await.code, "forbidden");
        app.work().await;
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM message WHERE template LIKE 'ownership%'"), Vec::new()).await, 2);
    }

    /// PAR-14: an account is not closed while anything is open, and the no names what.
    async fn an_account_is_closed_only_when_nothing_is_open(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        assert_eq!(app.refuses(&acme.staff(MerchantRole::Admin), close(&acme)).await.code, "forbidden");
        let typo = CloseMerchant { merchant: acme.number, confirm: "Acme".into() };
        let refusal = app.refuses(&acme.owner(), typo).await;
        assert_eq!((refusal.code, refusal.pointer.as_str()), ("invalid_field", "/confirm"));
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let refusal = app.refuses(&acme.owner(), close(&acme)).await;
        let state = app.state(&order).await;
        let expected = if state == "complete" { "invoices_open" } else { "orders_open" };
        assert_eq!(refusal.code, expected, "{state}: {}", refusal.detail);
        assert!(refusal.detail.starts_with("1 "), "{}", refusal.detail);
        acme.cancel(order.id).await;
        let invoice = contoso.request_top_up("20.00").await;
        assert_eq!(app.refuses(&acme.owner(), close(&acme)).await.code, "invoices_open");
        contoso.pays(invoice, "20.00").await;
        assert_eq!(app.refuses(&acme.owner(), close(&acme)).await.code, "balances_open");
    }

    /// PAR-14: a closed account can be read; nobody orders, signs up or changes anything, until the operator opens it again.
    async fn a_closed_account_is_read_and_not_changed(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let owner = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let (_, token) = admin(&app, &acme).await;
        let confirm = json!({"confirm": "Acme Software"});
        assert_eq!(http.with(&token).post("/v1/merchant/close", confirm.clone()).await.said(), (403, "forbidden".into()));
        assert_eq!(http.with(&acme.key).post("/v1/merchant/close", confirm).await.said(), (403, "forbidden".into()));
        let place = format!("/m/{}/settings", acme.id);
        assert!(owner.get(&place).await.text().contains("Close account"));
        assert_eq!(owner.get(&format!("{place}/close")).await.status, 200);
        let wrong = owner.form(&format!("{place}/close"), "confirm=Acme").await;
        assert!(wrong.status == 422 && wrong.text().contains("Acme Software"), "{}", wrong.text());
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        assert_eq!(owner.form(&format!("{place}/close"), "confirm=Acme+Software").await.status, 303);
        assert!(owner.get(&place).await.text().contains("This account is closed"));
        let closed = owner.get("/v1/merchant").await;
        assert!(closed.status == 400 || closed.json()["closed_at"].is_string(), "{}", closed.text());
        let key = http.with(&acme.key);
        assert!(key.get("/v1/merchant").await.must(200)["closed_at"].is_string());
        key.get("/v1/merchant/orders").await.must(200);
        assert_eq!(key.patch("/v1/merchant", json!({"name": "Acme"})).await.said(), (409, "merchant_closed".into()));
        assert_eq!(app.refuses(&contoso.owner(), tradepost_domain::orders::place::PlaceOrder::of(draft)).await.code, "partnership_not_active");
        let sign_up = json!({"company": "New", "email": "new@new.example", "first_name": "N", "last_name": "N", "country": "DE", "password": "correct horse battery"});
        let refused = http.nobody().post(&format!("/v1/signup/{}", acme.id), sign_up).await;
        assert_eq!(refused.said(), (409, "program_closed".into()));
        assert!(http.nobody().get(&format!("/join/{}", acme.id)).await.text().contains("This program is closed"));
        assert_eq!(app.refuses(&acme.owner(), close(&acme)).await.code, "merchant_closed");
        assert_eq!(contoso.view().await.status.name(), "closed");

        let reopen = ReopenMerchant { merchant: acme.number };
        assert_eq!(app.refuses(&acme.owner(), reopen).await.code, "forbidden");
        app.does(&Caller::Operator, reopen).await;
        assert_eq!(app.refuses(&Caller::Operator, reopen).await.code, "merchant_not_closed");
        assert_eq!(contoso.view().await.status.name(), "approved");
        contoso.confirm(draft).await.expect("the reseller goes on");
        key.patch("/v1/merchant", json!({"name": "Acme"})).await.must(200);
    }
}
