//! What users of a reseller may order, and what an owner approves (PAR-14).

use serde_json::json;
use tradepost_domain::access::{ResellerRole, Right};
use tradepost_domain::orders::approval::{ApproveOrder, AskForApproval, DeclineOrder, WithdrawApproval};
use tradepost_domain::orders::change_draft::{ChangeDraft, DraftChange};
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::partners::{AddResellerMember, ChangeResellerMember, RemoveResellerMember, SetOrderApproval, SetSpendingLimit};
use tradepost_domain::{Caller, No, OrderId, PersonId};
use tradepost_kernel::Class;
use tradepost_kernel::text::Email;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, origin};

/// A seller of the company, other than its owner.
async fn seller(app: &TestApp, contoso: &Reseller, name: &str) -> (PersonId, Caller) {
    let email = Email::parse(&format!("{name}@contoso.example")).expect("an address");
    let command = AddResellerMember { email, first_name: name.into(), last_name: "Seller".into(), role: ResellerRole::Seller };
    let person = app.does(&contoso.owner(), command).await.person;
    (person, Caller::ResellerPerson { person, name: name.into(), reseller: contoso.id, scope: contoso.scope, role: ResellerRole::Seller })
}

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(50).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    (acme, contoso)
}

/// Confirms a new order of so many; the code of the no, or `placed`.
async fn place(app: &TestApp, contoso: &Reseller, caller: &Caller, quantity: i64) -> &'static str {
    let order = contoso.order(&[("KEY-PRO", quantity)]).draft().await;
    match app.execute(caller, PlaceOrder::of(order)).await {
        Ok(_) => "placed",
        Err(No::Refusal(refusal)) => refusal.code,
        Err(No::Fault(fault)) => panic!("placing faulted: {fault:?}"),
    }
}

/// What stands on a draft: whether somebody is asked, and why it was declined.
async fn approval(app: &TestApp, acme: &Merchant, order: OrderId) -> Option<(&'static str, Option<String>)> {
    let order = app.find_order(acme.number, order).await.expect("the order");
    order.approval.map(|approval| (approval.state.name(), approval.note))
}

app_test! {
    /// PAR-14: what a user confirms in a calendar month stays within their limit; what is left is said, canceled orders give it back,
    /// and owners, other users and keys are not bound.
    async fn a_user_orders_up_to_their_own_limit_of_the_month(app) {
        let (acme, contoso) = shop(&app).await;
        let (una, as_una) = seller(&app, &contoso, "una").await;
        let (_, as_ulf) = seller(&app, &contoso, "ulf").await;
        app.does(&contoso.owner(), SetSpendingLimit { person: una, limit: Some(acme.money("100.00")) }).await;
        assert_eq!(place(&app, &contoso, &as_una, 6).await, "placed");
        let draft = contoso.order(&[("KEY-PRO", 5)]).draft().await;
        let refusal = app.refuses(&as_una, PlaceOrder::of(draft)).await;
        assert_eq!((refusal.code, refusal.class), ("spending_limit_exceeded", Class::Invalid));
        assert!(refusal.detail.contains("100.00 USD") && refusal.detail.contains("40.00 USD are left"), "{}", refusal.detail);
        for caller in [&as_ulf, &contoso.owner()] {
            assert_eq!(place(&app, &contoso, caller, 11).await, "placed", "one's limit is nobody else's");
        }
        let placed = app.does(&as_una, PlaceOrder::of(contoso.order(&[("KEY-PRO", 4)]).draft().await)).await;
        assert_eq!(place(&app, &contoso, &as_una, 1).await, "spending_limit_exceeded", "exactly used up");
        acme.cancel(placed.order).await;
        assert_eq!(place(&app, &contoso, &as_una, 4).await, "placed");
        app.clock.advance_ms(31 * 24 * 3_600_000);
        assert_eq!(place(&app, &contoso, &as_una, 10).await, "placed", "another month");
        assert_eq!(place(&app, &contoso, &as_una, 1).await, "spending_limit_exceeded");
        app.does(&contoso.owner(), SetSpendingLimit { person: una, limit: None }).await;
        assert_eq!(place(&app, &contoso, &as_una, 1).await, "placed");
    }

    /// PAR-14: orders of one set count for each other, and only those of the same person.
    async fn orders_that_are_placed_at_once_share_a_users_limit(app) {
        let (acme, contoso) = shop(&app).await;
        let (una, as_una) = seller(&app, &contoso, "una").await;
        let (_, as_ulf) = seller(&app, &contoso, "ulf").await;
        app.does(&contoso.owner(), SetSpendingLimit { person: una, limit: Some(acme.money("100.00")) }).await;
        let mut asked = Vec::new();
        for (caller, quantity) in [(&as_una, 6), (&as_una, 5), (&as_ulf, 9), (&as_una, 4), (&as_una, 1)] {
            asked.push((origin(caller), PlaceOrder::of(contoso.order(&[("KEY-PRO", quantity)]).draft().await)));
        }
        let code = |answer: &Result<_, No>| if let Err(No::Refusal(refusal)) = answer { refusal.code } else { "placed" };
        let came: Vec<&str> = app.together(asked).await.iter().map(code).collect();
        assert_eq!(came, ["placed", "spending_limit_exceeded", "placed", "placed", "spending_limit_exceeded"]);
    }

    /// PAR-14: only an owner sets limits, in the partnership's currency, for users who are no owners; who leaves takes the limit along.
    async fn limits_are_an_owners_to_set(app) {
        let (acme, contoso) = shop(&app).await;
        let (una, as_una) = seller(&app, &contoso, "una").await;
        let limit = |person, amount| SetSpendingLimit { person, limit: Some(amount) };
        assert_eq!(app.refuses(&as_una, limit(una, acme.money("1.00"))).await.code, "forbidden");
        assert_eq!(app.refuses(&contoso.owner(), limit(contoso.person, acme.money("1.00"))).await.code, "owner_not_limited");
        assert_eq!(app.refuses(&contoso.owner(), limit(acme.person, acme.money("1.00"))).await.code, "not_found", "another company's");
        let euros = "EUR".parse::<tradepost_kernel::Currency>().expect("a currency").minor(100);
        assert_eq!(app.refuses(&contoso.owner(), limit(una, euros)).await.code, "currency_mismatch");
        assert_eq!(app.refuses(&contoso.owner(), SetOrderApproval { over: Some(euros) }).await.code, "currency_mismatch");
        app.does(&contoso.owner(), limit(una, acme.money("20.00"))).await;
        app.does(&contoso.owner(), limit(una, acme.money("10.00"))).await;
        assert!(app.actions(contoso.partnership()).await.contains(&"spending_limit.changed".to_owned()));
        app.does(&contoso.owner(), ChangeResellerMember { person: una, role: ResellerRole::Owner }).await;
        let as_owner = Caller::ResellerPerson { person: una, name: "una".into(), reseller: contoso.id, scope: contoso.scope, role: ResellerRole::Owner };
        assert_eq!(place(&app, &contoso, &as_owner, 5).await, "placed", "owners are not bound");
        app.does(&contoso.owner(), RemoveResellerMember { person: una }).await;
        assert_eq!(app.number(sql!("SELECT COUNT(*) FROM spending_limit"), Vec::new()).await, 0);
    }

    /// PAR-14: above the amount a seller asks, and an owner approves what they saw: placed in their name, once.
    async fn an_owner_approves_what_a_seller_may_not_order_alone(app) {
        let (acme, contoso) = shop(&app).await;
        let (_, as_una) = seller(&app, &contoso, "una").await;
        app.does(&contoso.owner(), SetOrderApproval { over: Some(acme.money("50.00")) }).await;
        assert_eq!(place(&app, &contoso, &as_una, 5).await, "placed", "not above it");
        assert_eq!(place(&app, &contoso, &contoso.owner(), 6).await, "placed", "owners ask nobody");
        let order = contoso.order(&[("KEY-PRO", 6)]).draft().await;
        assert_eq!(app.refuses(&as_una, PlaceOrder::of(order)).await.code, "approval_required");
        let approve = |if_version| ApproveOrder { order, if_version };
        assert_eq!(app.refuses(&contoso.owner(), approve(None)).await.code, "approval_not_requested");
        assert_eq!(app.refuses(&contoso.owner(), AskForApproval { order }).await.code, "forbidden");
        app.does(&as_una, AskForApproval { order }).await;
        assert_eq!(approval(&app, &acme, order).await, Some(("waiting", None)));
        assert_eq!(app.refuses(&as_una, AskForApproval { order }).await.code, "awaiting_approval");
        assert_eq!(app.refuses(&as_una, PlaceOrder::of(order)).await.code, "approval_required", "asking is not being approved");
        assert_eq!(app.refuses(&as_una, approve(None)).await.code, "forbidden");
        let more = |caller: Caller| {
            let change = DraftChange::AddItem { item: tradepost_domain::orders::create_draft::WantedItem { product: "KEY-PRO".into(), quantity: 1 }, merge: true };
            (caller, ChangeDraft { order, if_version: None, change })
        };
        let (caller, change) = more(as_una.clone());
        assert_eq!(app.refuses(&caller, change).await.code, "awaiting_approval", "what is asked about stays as it is");
        let seen = app.find_order(acme.number, order).await.expect("the draft").version;
        let (caller, change) = more(contoso.owner());
        app.does(&caller, change).await;
        assert_eq!(app.refuses(&contoso.owner(), approve(Some(seen))).await.code, "stale_version");
        app.does(&contoso.owner(), approve(Some(seen + 1))).await;
        assert_eq!(approval(&app, &acme, order).await, None);
        assert_eq!(app.refuses(&contoso.owner(), approve(None)).await.code, "order_confirmed");
        let actions = app.actions(order).await;
        assert!(actions.contains(&"order.approval_requested".to_owned()) && actions.contains(&"order.placed".to_owned()), "{actions:?}");
        app.work().await;
        let mails = app.number(sql!("SELECT COUNT(*) FROM message WHERE template = 'approval_requested' AND recipient = $1"), params![contoso.email.clone()].to_vec());
        assert_eq!(mails.await, 0, "nobody is mailed about what was answered before the mail was written");
    }

    /// PAR-14: a no has a reason and leaves a draft, which can be changed and asked about again; withdrawing ends it, too.
    async fn a_declined_order_is_a_draft_again(app) {
        let (acme, contoso) = shop(&app).await;
        let (una, as_una) = seller(&app, &contoso, "una").await;
        app.does(&contoso.owner(), SetSpendingLimit { person: una, limit: Some(acme.money("50.00")) }).await;
        let order = contoso.order(&[("KEY-PRO", 6)]).draft().await;
        app.does(&as_una, AskForApproval { order }).await;
        app.work().await;
        let mailed = sql!("SELECT COUNT(*) FROM message WHERE template = 'approval_requested' AND recipient = $1");
        assert_eq!(app.number(mailed, params![contoso.email.clone()].to_vec()).await, 1);
        let decline = || DeclineOrder { order, note: "Next month.".into() };
        assert_eq!(app.refuses(&as_una, decline()).await.code, "forbidden");
        app.does(&contoso.owner(), decline()).await;
        assert_eq!(approval(&app, &acme, order).await, Some(("declined", Some("Next month.".into()))));
        assert_eq!(app.refuses(&contoso.owner(), decline()).await.code, "approval_not_requested");
        assert_eq!(app.refuses(&as_una, WithdrawApproval { order }).await.code, "approval_not_requested");
        app.does(&as_una, ChangeDraft { order, if_version: None, change: DraftChange::Fields { reference: Some(Some("PO-2".into())), contact: None, delivery_address: None } }).await;
        app.does(&as_una, AskForApproval { order }).await;
        app.does(&as_una, WithdrawApproval { order }).await;
        assert_eq!(approval(&app, &acme, order).await, None);
        app.does(&as_una, AskForApproval { order }).await;
        app.does(&as_una, ChangeDraft { order, if_version: None, change: DraftChange::Cancel }).await;
        assert_eq!(app.refuses(&contoso.owner(), ApproveOrder { order, if_version: None }).await.code, "order_canceled");
        let empty = contoso.order(&[]).draft().await;
        assert_eq!(app.refuses(&as_una, AskForApproval { order: empty }).await.code, "order_empty");
    }

    /// PAR-14: the same by API and pages, in words; another company's drafts are not there, and a key is not bound.
    async fn approval_is_asked_for_and_given_by_api_and_pages(app) {
        let (acme, contoso) = shop(&app).await;
        let http = app.http().await;
        let (owner, una) = (http.with(&contoso.signs_in(ResellerRole::Owner).await), http.with(&contoso.signs_in(ResellerRole::Seller).await));
        let usd = |amount: &str| json!({"amount": amount, "currency": "USD"});
        assert_eq!(una.patch("/v1/reseller/spending", json!({"order_approval_over": usd("0.00")})).await.said(), (403, "forbidden".into()));
        let set = owner.patch("/v1/reseller/spending", json!({"order_approval_over": usd("50.00")})).await.must(200);
        let id = set["users"].as_array().expect("users").iter().find(|user| user["id"] != contoso.person.text()).expect("una")["id"].as_str().expect("an id").to_owned();
        let limited = owner.patch(&format!("/v1/reseller/users/{id}/spending-limit"), json!({"limit": usd("100.00")})).await.must(200);
        assert_eq!((&limited["limit"], &limited["left"]), (&usd("100.00"), &usd("100.00")));
        let draft = |quantity: i64| json!({"items": [{"product": "KEY-PRO", "quantity": quantity}]});
        let small = una.post("/v1/reseller/orders", draft(3)).await.must(201)["id"].as_str().expect("an id").to_owned();
        una.act(&format!("/v1/reseller/orders/{small}/confirm")).await.must(200);
        let mine = una.get("/v1/reseller/spending").await.must(200);
        assert!(mine["users"].as_array().expect("users").iter().any(|user| user["spent"] == usd("30.00") && user["left"] == usd("70.00")), "{mine}");

        let order = una.post("/v1/reseller/orders", draft(6)).await.must(201)["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/reseller/orders/{order}");
        assert_eq!(una.act(&format!("{path}/confirm")).await.said(), (409, "approval_required".into()));
        let place = format!("/r/{}", contoso.partnership().text());
        let page = una.get(&format!("{place}/orders/{order}")).await.text();
        assert!(page.contains("An owner has to approve this") && page.contains("Ask for approval") && !page.contains("/confirm\""), "{page}");
        una.form(&format!("{place}/orders/{order}/request-approval"), "").await;
        let view = una.get(&path).await.must(200);
        assert_eq!((&view["state"], &view["approval"]["state"]), (&json!("draft"), &json!("waiting")));
        assert!(view["approval"]["asked_by_name"].as_str().is_some_and(|name| name.contains("Una")), "{view}");
        assert!(una.get(&format!("{place}/orders")).await.text().contains("Waits for approval"));
        assert!(una.get(&format!("{place}/orders/{order}")).await.text().contains("Withdraw request"));
        assert!(owner.get(&place).await.text().contains(&format!("/orders/{order}")), "the overview leads owners there");
        let page = owner.header("accept-language", "de").get(&format!("{place}/orders/{order}")).await.text();
        assert!(page.contains("Wartet auf Genehmigung") && page.contains("Bestellung genehmigen"), "{page}");
        let asked = owner.get(&format!("{place}/orders/{order}/decline")).await;
        assert_eq!(asked.status, 200);
        assert_eq!(owner.form(&format!("{place}/orders/{order}/decline"), "note=").await.status, 422);
        assert_eq!(owner.form(&format!("{place}/orders/{order}/decline"), "note=Too+many").await.status, 303);
        assert!(una.get(&format!("{place}/orders/{order}")).await.text().contains("Too many"));

        una.act(&format!("{path}/request-approval")).await.must(200);
        let stranger = http.with(&acme.reseller("Fabrikam").await.signs_in(ResellerRole::Owner).await);
        assert_eq!(stranger.act(&format!("{path}/approve")).await.status, 404);
        let form = owner.get(&format!("{place}/orders/{order}/approve")).await.text();
        let version = form.split("name=\"version\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the version").to_owned();
        assert_eq!(owner.form(&format!("{place}/orders/{order}/approve"), "version=1").await.status, 412, "{form}");
        assert_eq!(owner.form(&format!("{place}/orders/{order}/approve"), &format!("version={version}")).await.status, 303);
        assert_eq!(owner.get(&path).await.must(200)["approval"], json!(null));
        let key = http.with(&contoso.key_with(vec![Right::OrdersRead, Right::OrdersPlace]).await);
        let large = key.post("/v1/reseller/orders", draft(9)).await.must(201)["id"].as_str().expect("an id").to_owned();
        key.act(&format!("/v1/reseller/orders/{large}/confirm")).await.must(200);
    }

    /// PAR-14: the people page says what each may order, and an owner sets it there.
    async fn the_people_page_sets_what_each_may_order(app) {
        let (_acme, contoso) = shop(&app).await;
        let (una, _) = seller(&app, &contoso, "una").await;
        let http = app.http().await;
        let owner = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let place = format!("/r/{}/people", contoso.partnership().text());
        assert!(owner.get(&place).await.text().contains("no limit"));
        assert_eq!(owner.get(&format!("{place}/{una}/limit")).await.status, 200);
        assert_eq!(owner.form(&format!("{place}/{una}/limit"), "amount=much").await.status, 422);
        assert_eq!(owner.form(&format!("{place}/{una}/limit"), "amount=250").await.status, 303);
        assert_eq!(owner.form(&format!("{place}/{}/limit", contoso.person), "amount=250").await.status, 409);
        assert_eq!(owner.get(&format!("{place}/approval")).await.status, 200);
        assert_eq!(owner.form(&format!("{place}/approval"), "amount=75.50").await.status, 303);
        let page = owner.get(&place).await.text();
        assert!(page.contains("$250.00 of $250.00 left") && page.contains("orders over $75.50 need the approval"), "{page}");
        assert_eq!(owner.form(&format!("{place}/approval"), "amount=").await.status, 303);
        assert_eq!(owner.form(&format!("{place}/{una}/limit"), "amount=").await.status, 303);
        let page = owner.get(&place).await.text();
        assert!(page.contains("no limit") && page.contains("need nobody"), "{page}");
    }
}
