//! Saved views: the filters of a list under a name, one's own or the house's.

use serde_json::{Value as Json, json};
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_testkit::app_test;
use tradepost_testkit::http::Asker;

const MERCHANT: &str = "/v1/merchant/saved-views";
const RESELLER: &str = "/v1/reseller/saved-views";

fn view(name: &str, shared: bool) -> Json {
    json!({"list": "orders", "name": name, "query": "state=draft&q=PO", "shared": shared})
}

async fn names(asker: &Asker, path: &str) -> Vec<String> {
    let page = asker.get(path).await.must(200);
    page["data"].as_array().expect("a list").iter().map(|view| view["name"].as_str().expect("a name").to_owned()).collect()
}

fn text(of: &Json) -> String {
    of.as_str().expect("a text").to_owned()
}

app_test! {
    /// PAR-14: a view is its person's own; owners and admins share one with the house, and change what others shared.
    async fn a_view_is_ones_own_until_it_is_shared(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let (owner, support) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&acme.signs_in(MerchantRole::Support).await));
        let key = http.with(&acme.key);
        let mine = support.post(MERCHANT, view("Drafts", false)).await.must(201);
        assert_eq!((&mine["own"], &mine["shared"], &mine["query"]), (&json!(true), &json!(false), &json!("state=draft&q=PO")));
        assert_eq!(support.post(MERCHANT, view("drafts", false)).await.said(), (409, "name_taken".into()));
        assert_eq!(support.post(MERCHANT, view("Ours", true)).await.said(), (403, "forbidden".into()));
        assert_eq!(key.post(MERCHANT, view("Ours", false)).await.said(), (403, "forbidden".into()));
        let shared = owner.post(MERCHANT, view("Ours", true)).await.must(201);
        let (mine, ours) = (format!("{MERCHANT}/{}", mine["id"].as_str().expect("an id")), format!("{MERCHANT}/{}", shared["id"].as_str().expect("an id")));
        assert_eq!(names(&support, &format!("{MERCHANT}?list=orders")).await, ["Drafts", "Ours"]);
        assert_eq!((names(&owner, MERCHANT).await, names(&key, MERCHANT).await), (vec!["Ours".to_owned()], vec!["Ours".to_owned()]));
        assert_eq!(names(&owner, &format!("{MERCHANT}?list=invoices")).await.len(), 0);
        assert_eq!(owner.get(&mine).await.status, 404, "another's own");
        assert_eq!(support.send("PATCH", &ours, Some(&json!({"name": "X"}))).await.said(), (403, "forbidden".into()));
        assert_eq!(support.send("DELETE", &ours, None).await.said(), (403, "forbidden".into()));
        let renamed = owner.send("PATCH", &ours, Some(&json!({"name": "All drafts", "query": "state=draft"}))).await.must(200);
        assert_eq!((&renamed["name"], &renamed["query"]), (&json!("All drafts"), &json!("state=draft")));
        let admin = http.with(&acme.signs_in(MerchantRole::Admin).await);
        assert_eq!(admin.send("PATCH", &ours, Some(&json!({"query": "state=draft"}))).await.status, 200);
        assert_eq!(support.send("DELETE", &mine, None).await.status, 204);
        assert_eq!(names(&support, MERCHANT).await, ["All drafts"]);
        let other = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        assert_eq!(names(&other, RESELLER).await.len(), 0);
        assert_eq!(other.get(&ours.replace("merchant", "reseller")).await.status, 404);
    }

    /// PAR-14: a shared view is the house's: who may not share any more leaves it alone, and who left takes nothing along.
    async fn a_shared_view_outlives_the_role_and_the_stay_of_who_shared_it(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let (boss, ada) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&acme.signs_in(MerchantRole::Admin).await));
        let shared = ada.post(MERCHANT, view("Ours", true)).await.must(201);
        let (ours, person) = (format!("{MERCHANT}/{}", text(&shared["id"])), text(&shared["person"]));
        let own = ada.post(MERCHANT, view("Mine", false)).await.must(201);
        let member = format!("/v1/merchant/users/{person}");
        boss.patch(&member, json!({"role": "support"})).await.must(200);
        for change in [json!({"name": "X"}), json!({"shared": false})] {
            assert_eq!(ada.send("PATCH", &ours, Some(&change)).await.said(), (403, "forbidden".into()));
        }
        assert_eq!(ada.send("DELETE", &ours, None).await.said(), (403, "forbidden".into()));
        let place = format!("/m/{}", acme.id.text());
        let list = ada.get(&format!("{place}/orders?q=PO&state=draft")).await.text();
        assert!(list.contains("Ours") && !list.contains(&format!("views/{}/edit", text(&shared["id"]))), "{list}");
        let mine = format!("{MERCHANT}/{}", text(&own["id"]));
        assert_eq!(ada.send("PATCH", &mine, Some(&json!({"name": "Still mine"}))).await.status, 200);
        // Taken back from the house, it is hers again.
        assert_eq!(boss.send("PATCH", &ours, Some(&json!({"shared": false}))).await.must(200)["own"], json!(false));
        assert_eq!(boss.get(&ours).await.status, 404);
        assert_eq!(names(&ada, MERCHANT).await, ["Ours", "Still mine"]);
        assert_eq!(names(&boss, MERCHANT).await.len(), 0);
        boss.patch(&member, json!({"role": "admin"})).await.must(200);
        assert_eq!(ada.send("PATCH", &ours, Some(&json!({"shared": true}))).await.status, 200);
        assert_eq!(boss.send("DELETE", &member, None).await.status, 204);
        assert_eq!(names(&boss, MERCHANT).await, ["Ours"], "it stays when she has left");
        assert_eq!(boss.send("PATCH", &ours, Some(&json!({"query": "state=draft"}))).await.status, 200);
        let kept = boss.send("PATCH", &ours, Some(&json!({"shared": false}))).await.must(200);
        assert_eq!((&kept["own"], &kept["shared"]), (&json!(true), &json!(false)), "else nobody would see it");
        assert_eq!(boss.send("DELETE", &ours, None).await.status, 204);
    }

    /// PAR-14: a reseller's views belong to one partnership; its page shows them above the list and saves new ones by a form.
    async fn a_page_saves_shows_and_deletes_views(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-PRO", 1)]).reference("PO-1").draft().await;
        let http = app.http().await;
        let user = http.with(&contoso.signs_in(ResellerRole::Seller).await);
        let place = format!("/r/{}", contoso.partnership().text());
        let list = user.get(&format!("{place}/orders?state=draft&q=PO")).await.text();
        assert!(list.contains("Save view") && list.contains("views/new?list=orders"), "{list}");
        assert_eq!(user.get(&format!("{place}/views/new?list=orders&query=state%3Ddraft")).await.status, 200);
        let saved = user.form(&format!("{place}/views"), "list=orders&name=My+drafts&query=state%3Ddraft%26q%3DPO").await;
        assert_eq!((saved.status, saved.headers["location"].as_str()), (303, format!("{place}/orders?state=draft&q=PO").as_str()));
        let list = user.get(&format!("{place}/orders?q=PO&state=draft")).await.text();
        assert!(list.contains("My drafts") && list.contains("Edit view") && !list.contains("Save view"), "{list}");
        let id = user.get(RESELLER).await.must(200)["data"][0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(user.get(&format!("{place}/views/{id}/edit")).await.status, 200);
        assert_eq!(user.form(&format!("{place}/views/{id}/edit"), "list=orders&name=Drafts&query=x").await.status, 303);
        assert_eq!(names(&user, RESELLER).await, ["Drafts"]);
        let nameless = user.form(&format!("{place}/views"), "list=orders&name=&query=state%3Ddraft").await;
        assert_eq!(nameless.status, 422);
        assert_eq!(user.form(&format!("{place}/views/{id}/delete"), "").await.status, 303);
        assert_eq!(names(&user, RESELLER).await.len(), 0);
    }

    /// PLT-4, PAR-14: a wide list shows the columns that are wanted; the address says which, so that a view keeps them.
    async fn a_list_hides_columns_and_a_view_keeps_that(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        contoso.order(&[("KEY-PRO", 1)]).reference("PO-1").draft().await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let place = format!("/m/{}", acme.id.text());
        let reference = "data-label=\"Reference\"";
        let all = staff.get(&format!("{place}/orders")).await.text();
        assert!(all.contains(reference) && all.contains("name=\"hide-3\""), "{all}");
        let fewer = staff.get(&format!("{place}/orders?hide-3=yes&state=draft")).await.text();
        assert!(!fewer.contains(reference) && fewer.contains("data-label=\"Status\""), "{fewer}");
        // What narrows the list further keeps it.
        let narrows = fewer.split_once("<details class=\"menu\">").expect("a menu").1;
        assert!(narrows.contains("name=\"hide-3\" value=\"yes\""), "{fewer}");
        assert_eq!(staff.form(&format!("{place}/views"), "list=orders&name=Few&query=hide-3%3Dyes").await.status, 303);
        let viewed = staff.get(&format!("{place}/orders")).await.text();
        assert!(viewed.contains(&format!("href=\"{place}/orders?hide-3=yes\"")), "{viewed}");
        // What leads to a row's page stays.
        let first = staff.get(&format!("{place}/orders?hide-0=yes")).await.text();
        assert!(first.contains("data-label=\"Order\""), "{first}");
    }
}
