//! Who licenses are for, and which company sells them on: all of it is kept and shown, of one license and of a whole order (CAT-3, FUL-2, FUL-3).

use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::catalog::EndUserInformation;
use tradepost_domain::customers::SellingCompany;
use tradepost_domain::ids::OrderId;
use tradepost_domain::licenses::Stage;
use tradepost_domain::orders::attach::{AttachInformation, AttachToOrder, Attachment};
use tradepost_domain::partners::SuspendPartnership;
use tradepost_store::{params, sql};
use tradepost_testkit::http::Asker;
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test, owner};

async fn shop(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    let contoso = acme.reseller("Contoso").credit("1000.00").await;
    (acme, contoso)
}

/// Everything that can be said of an end user.
fn end_user() -> Json {
    json!({
        "first_name": "Ada", "last_name": "Lovelace", "email": "ada@customer.example", "company": "Analytical Engines", "phone": "+41 44 000 00 00",
        "street": "Bahnhofstrasse 1", "postal_code": "8001", "city": "Zurich", "region": "ZH", "country": "CH", "language": "sv",
    })
}

/// Everything that can be said of a company that sells on.
fn selling_company() -> Json {
    json!({
        "company": "Corner Shop", "contact": "Carla Corner", "email": "carla@corner.example", "street": "2 Side Street", "postal_code": "54321",
        "city": "Shelbyville", "region": "IL", "country": "US", "vat_id": "US-4711",
    })
}

fn company() -> Attachment {
    Attachment::SellingCompany(SellingCompany {
        company: "Corner Shop".into(),
        contact: None,
        email: None,
        street: None,
        city: None,
        postal_code: None,
        region: None,
        country: None,
        vat_id: None,
    })
}

fn user(email: &str) -> Attachment {
    Attachment::EndUser(owner(email))
}

const fn to_all(order: OrderId, what: Attachment) -> AttachToOrder {
    AttachToOrder { order, what, only_awaiting: false }
}

/// The texts of what was said.
fn texts(said: &Json) -> Vec<&str> {
    said.as_object().expect("an object").values().map(|value| value.as_str().expect("a text")).collect()
}

/// What is shown has everything that was said.
fn has_all(shown: &Json, said: &Json) {
    for (name, value) in said.as_object().expect("an object") {
        assert_eq!(&shown[name], value, "{name}: {shown}");
    }
}

async fn page(asker: &Asker, path: &str) -> String {
    let reply = asker.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.text()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// What a browser would send of the form of a dialog, were nothing typed.
fn as_it_stands(page: &str) -> BTreeMap<String, String> {
    let (_, dialog) = page.split_once("data-dialog-content").expect("a dialog");
    let form = dialog.split("</form>").next().expect("its form");
    let (mut fields, mut chosen) = (BTreeMap::new(), String::new());
    for tag in form.split('<') {
        let tag = tag.split('>').next().unwrap_or("");
        if tag.starts_with("select ") {
            chosen = attribute(tag, "name").expect("a name");
        }
        let unticked = tag.contains("type=\"checkbox\"") && !tag.ends_with(" checked") && !tag.contains(" checked ");
        if tag.starts_with("input ") && !unticked {
            fields.insert(attribute(tag, "name").expect("a name"), attribute(tag, "value").unwrap_or_default());
        }
        if tag.starts_with("option ") && tag.ends_with(" selected") {
            fields.insert(chosen.clone(), attribute(tag, "value").unwrap_or_default());
        }
    }
    fields
}

fn encoded(fields: &BTreeMap<String, String>) -> String {
    let byte = |byte: u8| if byte.is_ascii_alphanumeric() || byte == b'_' { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let text = |text: &str| text.bytes().map(byte).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join("&")
}

/// Sends the form of a dialog with one field changed.
async fn change(asker: &Asker, path: &str, field: &str, value: &str) {
    let mut fields = as_it_stands(&page(asker, path).await);
    fields.insert(field.to_owned(), value.to_owned());
    let saved = asker.form(path, &encoded(&fields)).await;
    assert_eq!(saved.status, 303, "{path}: {}", saved.text());
}

async fn desks(app: &TestApp, acme: &Merchant, contoso: &Reseller) -> [(Asker, String); 2] {
    let http = app.http().await;
    [
        (http.with(&contoso.signs_in(ResellerRole::Owner).await), format!("/r/{}", contoso.partnership().text())),
        (http.with(&acme.signs_in(MerchantRole::Owner).await), format!("/m/{}", acme.id.text())),
    ]
}

app_test! {
    /// FUL-3, CAT-3: what is said of an end user and of the selling company by the API is read back whole, by both sides, one license and a list alike.
    async fn everything_that_is_said_of_a_license_is_read_back(app) {
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = app.licenses(&order).await[0].id;
        let http = app.http().await;
        let sides = [(http.with(&contoso.key().await), "/v1/reseller/licenses"), (http.with(&acme.key), "/v1/merchant/licenses")];
        for (asker, list) in &sides {
            let path = format!("{list}/{license}");
            let none = asker.get(&path).await.must(200);
            has_all(&asker.post(&format!("{path}/end-user"), end_user()).await.must(200)["owner"], &end_user());
            has_all(&asker.post(&format!("{path}/reseller"), selling_company()).await.must(200)["selling_company"], &selling_company());
            for (reader, list) in &sides {
                let shown = reader.get(&format!("{list}/{license}")).await.must(200);
                let listed = reader.get(list).await.must(200)["data"][0].clone();
                for view in [&shown, &listed] {
                    has_all(&view["owner"], &end_user());
                    has_all(&view["selling_company"], &selling_company());
                }
                assert!(shown["selling_company"]["id"].as_str().is_some_and(|id| id.starts_with("rin_")), "{shown}");
            }
            // What is left out is not kept from before: the API says all of it at once.
            let short = json!({"first_name": "Grace", "last_name": "Hopper", "email": "grace@customer.example"});
            let shown = asker.post(&format!("{path}/end-user"), short.clone()).await.must(200);
            has_all(&shown["owner"], &short);
            assert!(shown["owner"]["phone"].is_null() && shown["owner"]["street"].is_null() && shown["owner"]["language"].is_null(), "{shown}");
            assert_ne!(none["owner"]["id"], shown["owner"]["id"]);
        }
        let wrong = sides[0].0.post(&format!("/v1/reseller/licenses/{license}/end-user"), json!({"first_name": "Ada", "last_name": "L", "email": "ada"})).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text());
        assert_eq!(sides[1].0.post(&format!("/v1/merchant/licenses/{license}/reseller"), json!({"contact": "Carla"})).await.status, 422);
    }

    /// FUL-3, CAT-3: the pages of a license show all that is known, and correcting one field by their forms keeps the ten others, in both workspaces.
    async fn editing_one_field_keeps_everything(app) {
        let (acme, contoso) = shop(&app).await;
        let order = contoso.order(&[("KEY-PRO", 1)]).place().await;
        let license = app.licenses(&order).await[0].id;
        let key = app.http().await.with(&acme.key);
        let of_license = format!("/v1/merchant/licenses/{license}");
        key.post(&format!("{of_license}/end-user"), end_user()).await.must(200);
        key.post(&format!("{of_license}/reseller"), selling_company()).await.must(200);
        for (nth, (asker, place)) in desks(&app, &acme, &contoso).await.iter().enumerate() {
            let path = format!("{place}/licenses/{license}");
            let (first_name, contact) = (format!("Augusta {nth}"), format!("Charles {nth}"));
            change(asker, &format!("{path}/end-user"), "first_name", &first_name).await;
            change(asker, &format!("{path}/reseller"), "contact", &contact).await;
            let (mut user, mut company) = (end_user(), selling_company());
            (user["first_name"], company["contact"]) = (json!(first_name), json!(contact));
            let shown = key.get(&of_license).await.must(200);
            has_all(&shown["owner"], &user);
            has_all(&shown["selling_company"], &company);
            let seen = page(asker, &path).await;
            for text in texts(&user).into_iter().chain(texts(&company)) {
                assert!(seen.contains(text), "{place}: {text}: {seen}");
            }
        }
        // Nothing that was not said is shown.
        key.post(&format!("{of_license}/end-user"), json!({"first_name": "Grace", "last_name": "Hopper", "email": "grace@customer.example"})).await.must(200);
        for (asker, place) in &desks(&app, &acme, &contoso).await {
            let seen = page(asker, &format!("{place}/licenses/{license}")).await;
            assert!(seen.contains("Grace Hopper") && !seen.contains("Phone") && !seen.contains("Bahnhofstrasse"), "{seen}");
        }
    }

    /// FUL-2, FUL-3, CAT-3: said once for an order of 75, it is said of every license that had none; what was delivered to somebody before keeps its
    /// owner, and what waited for nothing else is handed over.
    async fn what_is_said_of_an_order_reaches_all_of_its_licenses_that_lack_it(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).reseller_information().keys(80).await;
        let order = contoso.order(&[("KEY-OEM", 75)]).place().await;
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_END_USER_INFORMATION", "REQUIRED_RESELLER_INFORMATION"]);
        let first = app.licenses(&order).await[0].id;
        for what in [user("grace@customer.example"), company()] {
            app.does(&contoso.owner(), AttachInformation { license: first, what }).await;
        }
        let delivered = app.license(acme.number, first).await;
        assert_eq!(delivered.stage, Stage::Distributed);

        let done = app.does(&acme.staff(MerchantRole::Fulfillment), to_all(order.id, company())).await;
        assert_eq!((done.order, done.licenses), (order.id, 74));
        assert_eq!(contoso.lock_reasons(&order).await, ["REQUIRED_END_USER_INFORMATION"]);
        assert_eq!(contoso.in_stage(&order, Stage::Waiting).await, 74);
        let done = app.does(&contoso.user(ResellerRole::Seller), to_all(order.id, user("ada@customer.example"))).await;
        assert_eq!(done.licenses, 74);
        assert!(contoso.lock_reasons(&order).await.is_empty());
        assert_eq!(contoso.in_stage(&order, Stage::Distributed).await, 75);

        let licenses = app.licenses(&order).await;
        let others: BTreeSet<String> = licenses.iter().filter(|license| license.id != first).filter_map(|license| license.customer).map(|id| id.text()).collect();
        assert_eq!(others.len(), 1, "one customer of all");
        let now = app.license(acme.number, first).await;
        assert_eq!((now.customer, now.reseller_information), (delivered.customer, delivered.reseller_information), "what was said before stays");
        let count = async |sql| app.number(sql, params![acme.number].to_vec()).await;
        assert_eq!(count(sql!("SELECT COUNT(*) FROM customer WHERE merchant = $1")).await, 2);
        assert_eq!(count(sql!("SELECT COUNT(*) FROM reseller_information WHERE merchant = $1")).await, 2);
        let last = licenses[74].id;
        assert_eq!(app.actions(last).await, ["license.reseller_information_attached", "license.end_user_attached", "license.sent"]);
        let told: Vec<_> = app.timeline(order.id).await.into_iter().filter(|row| row.action.ends_with("_attached")).collect();
        assert_eq!(told.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(), ["order.reseller_information_attached", "order.end_user_attached"]);
        assert!(told.iter().all(|row| row.after.as_deref().is_some_and(|after| after.contains("\"licenses\":74") && !after.contains("@"))), "once, and nobody's address");
        app.work().await;
        let mailed: Vec<(String, i64)> =
            app.rows(sql!("SELECT recipient, COUNT(*) FROM message WHERE template = 'license_sent' GROUP BY recipient ORDER BY recipient"), Vec::new()).await;
        assert_eq!(mailed, [("ada@customer.example".to_owned(), 74), ("grace@customer.example".to_owned(), 1)]);
        for what in [user("eve@customer.example"), company()] {
            assert_eq!(app.refuses(&contoso.owner(), to_all(order.id, what)).await.code, "nothing_to_attach");
        }
        acme.pay(order.invoice, "750.00").await;
        assert_eq!(app.state(&order).await, "complete");
    }

    /// FUL-2, FUL-3: of an order with other products in it only what waits can be meant; the rest stays free to be handed to anybody.
    async fn only_what_waits_is_given_its_end_user_where_that_is_asked(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).keys(5).await;
        let order = contoso.order(&[("KEY-OEM", 2), ("KEY-PRO", 3)]).place().await;
        let some = |email: &str| AttachToOrder { order: order.id, what: user(email), only_awaiting: true };
        assert_eq!(app.does(&contoso.owner(), some("ada@customer.example")).await.licenses, 2);
        assert_eq!(app.licenses(&order).await.iter().filter(|license| license.customer.is_some()).count(), 2);
        assert_eq!((contoso.in_stage(&order, Stage::Distributed).await, contoso.in_stage(&order, Stage::Available).await), (2, 3));
        let none = app.refuses(&contoso.owner(), some("eve@customer.example")).await;
        assert_eq!((none.code, none.state), ("nothing_to_attach", Some("awaiting_payment")));
        assert_eq!(app.does(&contoso.owner(), to_all(order.id, user("grace@customer.example"))).await.licenses, 3);
        assert_eq!(contoso.in_stage(&order, Stage::Available).await, 3, "a license that needs no end user is not handed over by having one");
    }

    /// FUL-2, FUL-3: strangers find no order, a draft has no licenses yet, a canceled order none any more, and who may not hand out may not say it.
    async fn nothing_is_said_of_an_order_that_is_not_there_for_it(app) {
        let (acme, contoso) = shop(&app).await;
        let (fabrikam, other) = (acme.reseller("Fabrikam").credit("100.00").await, app.merchant("Other Software").await);
        let (order, canceled) = (contoso.order(&[("KEY-PRO", 2)]).place().await, contoso.order(&[("KEY-PRO", 1)]).place().await);
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        acme.cancel(canceled.id).await;
        let ada = || user("ada@customer.example");
        let missing = app.refuses(&contoso.owner(), to_all(OrderId::from_bytes([9; 16]), ada())).await;
        assert_eq!(missing.code, "not_found");
        for stranger in [fabrikam.owner(), other.owner()] {
            assert_eq!(app.refuses(&stranger, to_all(order.id, ada())).await, missing);
        }
        for caller in [contoso.owner(), acme.owner()] {
            for what in [ada(), company()] {
                let no = app.refuses(&caller, to_all(draft, what.clone())).await;
                assert_eq!((no.code, no.state), ("order_not_placed", Some("draft")));
                let no = app.refuses(&caller, to_all(canceled.id, what)).await;
                assert_eq!((no.code, no.state), ("order_canceled", Some("canceled")));
            }
        }
        for caller in [contoso.user(ResellerRole::Finance), contoso.user(ResellerRole::Viewer), acme.staff(MerchantRole::Finance), acme.staff(MerchantRole::Support)] {
            assert_eq!(app.refuses(&caller, to_all(order.id, ada())).await.code, "forbidden");
        }
        app.does(&acme.owner(), SuspendPartnership { partnership: contoso.partnership() }).await;
        assert_eq!(app.refuses(&contoso.owner(), to_all(order.id, ada())).await.code, "partnership_not_active");
        assert_eq!(app.does(&acme.owner(), to_all(order.id, ada())).await.licenses, 2, "the merchant still may");
    }

    /// FUL-2, FUL-3, CAT-3: by the API an order says how many of its licenses lack something, and takes it once for all of them, from either side.
    async fn an_order_takes_its_end_user_and_its_selling_company_by_the_api(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).reseller_information().keys(10).await;
        let order = contoso.order(&[("KEY-OEM", 2), ("KEY-PRO", 3)]).place().await;
        let http = app.http().await;
        let (shop, staff) = (http.with(&contoso.key().await), http.with(&acme.key));
        let (own, theirs) = (format!("/v1/reseller/orders/{}", order.id), format!("/v1/merchant/orders/{}", order.id));
        let counts = |order: &Json| {
            ["without_end_user", "awaiting_end_user", "without_selling_company", "awaiting_selling_company"].map(|name| order["licenses"][name].as_i64().unwrap_or(-1))
        };
        assert_eq!(counts(&shop.get(&own).await.must(200)), [5, 2, 5, 2]);
        let mut company = selling_company();
        company["only_awaiting"] = json!(true);
        assert_eq!(counts(&staff.post(&format!("{theirs}/reseller"), company).await.must(200)), [5, 2, 3, 0]);
        let once = shop.once("owners-1");
        let said = once.post(&format!("{own}/end-user"), end_user()).await;
        assert_eq!(counts(&said.clone().must(200)), [0, 0, 3, 0]);
        assert_eq!(once.post(&format!("{own}/end-user"), end_user()).await.must(200), said.json(), "sent twice, it has one effect");
        assert_eq!(counts(&shop.post(&format!("{own}/reseller"), selling_company()).await.must(200)), [0, 0, 0, 0]);
        assert_eq!(staff.post(&format!("{theirs}/end-user"), end_user()).await.said(), (409, "nothing_to_attach".into()));
        let listed = staff.get(&format!("/v1/merchant/licenses?order={}", order.id)).await.must(200);
        for license in listed["data"].as_array().expect("a list") {
            has_all(&license["owner"], &end_user());
            has_all(&license["selling_company"], &selling_company());
        }
        let customers: BTreeSet<&str> = listed["data"].as_array().expect("a list").iter().filter_map(|license| license["owner"]["id"].as_str()).collect();
        assert_eq!(customers.len(), 1);
    }

    /// FUL-2, FUL-3, CAT-3: the pages of an order lead to one form for all of its licenses, which means only what waits where the others need nothing.
    async fn an_order_takes_them_from_its_page(app) {
        let (acme, contoso) = shop(&app).await;
        acme.product("KEY-OEM").price("10.00").end_user(EndUserInformation::BeforeDelivery).reseller_information().keys(10).await;
        for (asker, place) in &desks(&app, &acme, &contoso).await {
            let order = contoso.order(&[("KEY-OEM", 2), ("KEY-PRO", 3)]).place().await;
            let path = format!("{place}/orders/{}", order.id);
            let seen = page(asker, &path).await;
            assert!(seen.contains("Add end user") && seen.contains("Add selling company"), "{seen}");
            for (last, name) in [("end-user", "only_awaiting"), ("reseller", "only_awaiting")] {
                assert!(seen.contains(&format!("href=\"{path}/{last}\"")), "{last}: {seen}");
                let dialog = page(asker, &format!("{path}/{last}")).await;
                assert!(dialog.contains("5 licenses") && dialog.contains("Only those that wait for it (2)"), "{dialog}");
                assert_eq!(as_it_stands(&dialog)[name], "true");
            }
            // What is wrong stands beside what was typed.
            let wrong = asker.form(&format!("{path}/end-user"), "first_name=Ada&last_name=Lovelace&email=ada").await;
            assert!(wrong.status == 422 && wrong.text().contains("id=\"email-wrong\"") && wrong.text().contains("value=\"Lovelace\""), "{}", wrong.text());
            let mut company = as_it_stands(&page(asker, &format!("{path}/reseller")).await);
            company.insert("company".into(), "Corner Shop".into());
            assert_eq!(asker.form(&format!("{path}/reseller"), &encoded(&company)).await.status, 303);
            let mut user = as_it_stands(&page(asker, &format!("{path}/end-user")).await);
            user.extend([("first_name", "Ada"), ("last_name", "Lovelace"), ("email", "ada@customer.example")].map(|(name, text)| (name.to_owned(), text.to_owned())));
            let saved = asker.form(&format!("{path}/end-user"), &encoded(&user)).await;
            assert_eq!((saved.status, saved.headers["location"].as_str()), (303, path.as_str()), "{}", saved.text());
            assert_eq!((contoso.in_stage(&order, Stage::Distributed).await, contoso.in_stage(&order, Stage::Available).await), (2, 3));
            let seen = page(asker, &path).await;
            assert!(!seen.contains("Add end user") && seen.contains("End user added to its licenses"), "{seen}");
            // The others on purpose; then there is nothing left to ask for.
            user.remove("only_awaiting");
            user.remove("_key");
            assert_eq!(asker.form(&format!("{path}/end-user"), &encoded(&user)).await.status, 303);
            assert!(app.licenses(&order).await.iter().all(|license| license.customer.is_some()));
            assert!(page(asker, &format!("{path}/end-user")).await.contains("No license of this order is without it"));
            let again = asker.form(&format!("{path}/end-user"), &encoded(&user)).await;
            assert!(again.status == 409 && again.text().contains("has it already"), "{}", again.text());
        }
        let viewer = app.http().await.with(&contoso.signs_in(ResellerRole::Viewer).await);
        let order = contoso.order(&[("KEY-OEM", 1)]).place().await;
        let seen = page(&viewer, &format!("/r/{}/orders/{}", contoso.partnership().text(), order.id)).await;
        assert!(!seen.contains("/end-user") && seen.contains("Show its licenses"), "{seen}");
    }
}
