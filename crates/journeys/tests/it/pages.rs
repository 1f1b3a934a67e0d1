//! The portal as a browser without JavaScript sees it: who may see which page, that every page is drawn, and the main job by forms.

use crate::page_words::PageWords;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tradepost_domain::access::{Caller, MerchantRole, ResellerRole, Side};
use tradepost_portal::room::encoded;
use tradepost_testkit::http::{Asker, Reply};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};
use tradepost_web::Access;
use tradepost_web::route::Route;

/// What people type who mean no good.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// The path of a page with its merchant or partnership, and ids that are not there.
fn path_of(route: &Route, place: &str) -> String {
    let mut parts = route.path.split('/').skip(2).map(|part| if part.starts_with('{') { "nothing_here" } else { part });
    parts.next();
    let rest: Vec<&str> = parts.collect();
    [place].into_iter().chain(rest).collect::<Vec<_>>().join("/")
}

fn places(acme: &Merchant, contoso: &Reseller) -> (String, String) {
    (format!("/m/{}", acme.id), format!("/r/{}", contoso.partnership().text()))
}

async fn ask(asker: &Asker, route: &Route, path: &str) -> Reply {
    if route.method == "POST" { asker.form(path, "").await } else { asker.get(path).await }
}

/// The links of a page that stay in its workspace and only show something.
pub(crate) fn links(page: &str, place: &str) -> Vec<String> {
    let hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(href, _)| href.replace("&amp;", "&"));
    hrefs.filter(|href| href.starts_with(place) && !href.contains("file=")).map(|href| href.split('#').next().unwrap_or_default().to_owned()).collect()
}

/// What a browser is told about every page: to keep none, to show none in a frame, to run and load nothing but what is the portal's own.
fn guarded(reply: &Reply) -> Result<(), String> {
    let header = |name: &str| reply.headers.get(name).map_or("", String::as_str);
    let policy: BTreeSet<&str> = header("content-security-policy").split(';').map(str::trim).collect();
    for needed in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
        if !policy.contains(needed) {
            return Err(format!("{needed} is not in {policy:?}"));
        }
    }
    let others = (header("cache-control"), header("x-content-type-options"));
    if others == ("no-store", "nosniff") { Ok(()) } else { Err(format!("{others:?}")) }
}

/// Opens every page that can be reached by links, and says what was wrong with some: what each says, by its path.
async fn walk(asker: &Asker, place: &str, language: &str, wrong: &mut Vec<String>) -> BTreeMap<String, PageWords> {
    let asker = asker.header("accept-language", language);
    let mut said = BTreeMap::new();
    let (mut seen, mut open) = (BTreeSet::from([place.to_owned()]), VecDeque::from([place.to_owned()]));
    while let Some(path) = open.pop_front() {
        let reply = asker.get(&path).await;
        let text = reply.text();
        if reply.status != 200 {
            wrong.push(format!("{path}: {} {text}", reply.status));
            continue;
        }
        if !reply.headers["content-type"].starts_with("text/html") {
            continue; // a file
        }
        if !text.contains(&format!("<html lang=\"{language}\"")) {
            wrong.push(format!("{path}: not in {language}"));
        }
        if let Err(fault) = guarded(&reply) {
            wrong.push(format!("{path}: {fault}"));
        }
        if text.contains("<script>alert") || text.contains("onerror=alert(2)>") {
            wrong.push(format!("{path}: what was typed is part of the page"));
        }
        if text.contains(" style=\"") || text.contains(" onclick=") {
            wrong.push(format!("{path}: has inline style or script"));
        }
        // What a mail says is in the language of whom it was sent to.
        if !path.ends_with("/preview") {
            said.insert(path, PageWords::of(&text));
        }
        for link in links(&text, place) {
            if seen.len() < 400 && seen.insert(link.clone()) {
                open.push_back(link);
            }
        }
    }
    said
}

/// What is the same in both languages, the names that were given, and what a paper says, which stays as it was issued.
const EQUAL: &[&str] = &[
    "Prepaid balance",
    "owner of",
    "staff",
    "PostgreSQL",
    "Debian",
    "Acme Software",
    "Ada Lovelace",
    "Olga Owner",
    "Rita Reseller",
    "The KEY-PRO",
    "Main Street",
    "Springfield",
    "Contoso",
    "Tradepost",
    "Codes",
    "Status",
    "Details",
    "optional",
    "Reseller",
];

/// The subjects of a merchant's mails, which stay in the language that they were written in.
async fn subjects(staff: &Asker) -> Vec<String> {
    let listed = staff.get("/v1/merchant/messages?limit=200").await.must(200);
    let mut subjects = Vec::new();
    for message in listed["data"].as_array().expect("a list") {
        let shown = staff.get(&format!("/v1/merchant/messages/{}", message["id"].as_str().expect("an id"))).await.must(200);
        subjects.push(shown["subject_line"].as_str().expect("a subject").to_owned());
    }
    subjects
}

/// What pages say in English in German as well, apart from names, numbers, codes and `mails`.
fn left_in_english(english: &BTreeMap<String, PageWords>, german: &BTreeMap<String, PageWords>, mails: &[String]) -> Vec<String> {
    let data: Vec<&str> = mails.iter().map(String::as_str).chain(EQUAL.iter().copied()).collect();
    let mut left: BTreeMap<String, &str> = BTreeMap::new();
    for (path, words) in english {
        for text in german.get(path).map(|other| words.alike(other, &data)).unwrap_or_default() {
            left.entry(text).or_insert(path);
        }
    }
    left.into_iter().map(|(text, path)| format!("{path}: \"{text}\" in both languages")).collect()
}

/// A merchant and a reseller who have done a bit of everything, with hostile names wherever people type.
pub(crate) async fn busy(app: &TestApp) -> (Merchant, Reseller) {
    let acme = app.merchant("Acme Software").await;
    acme.product("KEY-PRO").price("10.00").keys(20).await;
    let contoso = acme.reseller(&format!("Contoso {HOSTILE}")).credit("100.00").await;
    let order = contoso.order(&[("KEY-PRO", 2)]).reference(HOSTILE).place().await;
    acme.pay(order.invoice, "20.00").await;
    contoso.order(&[("KEY-PRO", 1)]).draft().await;
    contoso.top_up("20.00").await;
    contoso.sells("S-1", "KEY-PRO", 1).await;
    contoso.dynamic_url(&[], &[]).await;
    app.work().await;
    (acme, contoso)
}

app_test! {
    /// PAR-14: pages ask for the same rights as the API; who is not signed in is sent to do so.
    async fn every_page_lets_in_whom_the_table_of_rights_names(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let (of_merchant, of_reseller) = places(&acme, &contoso);
        let mut cast: Vec<(Side, Asker, Caller)> = Vec::new();
        for role in MerchantRole::ALL {
            cast.push((Side::Merchant, http.with(&acme.signs_in(*role).await), acme.staff(*role)));
        }
        for role in ResellerRole::ALL {
            cast.push((Side::Reseller, http.with(&contoso.signs_in(*role).await), contoso.user(*role)));
        }
        let table = tradepost::routes::all();
        let (mut cells, mut wrong) = (0, Vec::new());
        for route in table.rows().iter().filter(|route| route.is_page && route.side().is_some()) {
            let Access::Right(right) = route.access else {
                wrong.push(format!("{route:?}: needs no right"));
                continue;
            };
            let path = path_of(route, if route.side() == Some(Side::Merchant) { &of_merchant } else { &of_reseller });
            let nobody = ask(&http.nobody(), route, &path).await;
            if nobody.status != 303 || !nobody.headers.get("location").is_some_and(|to| to.starts_with("/sign-in")) {
                wrong.push(format!("nobody at {route:?}: {}", nobody.status));
            }
            for (side, asker, caller) in &cast {
                cells += 1;
                let status = ask(asker, route, &path).await.status;
                let fits = match (route.side() == Some(*side), caller.authorize(tradepost_domain::access::Need::Right(right)).is_ok()) {
                    (false, _) => status == 404,
                    (true, false) => status == 403,
                    (true, true) => !matches!(status, 401 | 403) && status < 500,
                };
                if !fits {
                    wrong.push(format!("{} at {route:?}, which needs {}: {status}", caller.actor().2, right.name()));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
        assert!(cells > 900, "only {cells} cells");
    }

    /// PAR-12: nothing of a merchant or partnership is there for who does not belong to it.
    async fn the_pages_of_others_are_not_there(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let (of_merchant, of_reseller) = places(&acme, &contoso);
        let other = app.merchant("Other Software").await;
        let fabrikam = acme.reseller("Fabrikam").await;
        let http = app.http().await;
        let (staff, user) = (http.with(&other.signs_in(MerchantRole::Owner).await), http.with(&fabrikam.signs_in(ResellerRole::Owner).await));
        let table = tradepost::routes::all();
        let mut wrong = Vec::new();
        for route in table.rows().iter().filter(|route| route.is_page && route.side().is_some()) {
            let (asker, place) = if route.side() == Some(Side::Merchant) { (&staff, &of_merchant) } else { (&user, &of_reseller) };
            let reply = ask(asker, route, &path_of(route, place)).await;
            if reply.status != 404 {
                wrong.push(format!("{route:?}: {}", reply.status));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// PLT-12: every page that links lead to is drawn, in English and German, and says nothing in the other language; what was typed stays
    /// text; no browser keeps or frames one.
    async fn every_page_is_drawn_in_both_languages(app) {
        let (acme, contoso) = busy(&app).await;
        let http = app.http().await;
        let (of_merchant, of_reseller) = places(&acme, &contoso);
        let (staff, user) = (http.with(&acme.signs_in(MerchantRole::Owner).await), http.with(&contoso.signs_in(ResellerRole::Owner).await));
        let mut wrong = Vec::new();
        let join = format!("/join/{}", acme.slug);
        let mut said = [BTreeMap::new(), BTreeMap::new()];
        for (language, said) in ["en", "de"].into_iter().zip(&mut said) {
            let merchant = walk(&staff, &of_merchant, language, &mut wrong).await;
            let reseller = walk(&user, &of_reseller, language, &mut wrong).await;
            assert!(merchant.len() > 60 && reseller.len() > 40, "only {} and {} pages", merchant.len(), reseller.len());
            said.extend(merchant.into_iter().chain(reseller));
            for alone in ["/account", "/workspaces"] {
                said.insert(alone.to_owned(), PageWords::of(&staff.header("accept-language", language).get(alone).await.text()));
            }
            for alone in ["/sign-in", "/forgot", "/docs", "/docs/reseller", &join] {
                said.insert(alone.to_owned(), PageWords::of(&http.nobody().header("accept-language", language).get(alone).await.text()));
            }
        }
        wrong.extend(left_in_english(&said[0], &said[1], &subjects(&staff).await));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// ORD-1, ORD-3, PLT-3: an order by forms; a form that is sent twice, by a double click or after a step back, has one effect.
    async fn an_order_is_placed_by_forms_and_once(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(10).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let user = http.with(&contoso.signs_in(ResellerRole::Seller).await);
        let (_, place) = places(&acme, &contoso);

        let page = user.get(&format!("{place}/orders/new")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let fields = format!("_key={}&reference=PO-1&quantity_KEY-PRO=3&lines=", hidden(&page.text()));
        let first = user.form(&format!("{place}/orders"), &fields).await;
        let again = user.form(&format!("{place}/orders"), &fields).await;
        assert_eq!((first.status, again.status), (303, 303), "{}", first.text());
        let order = first.headers["location"].clone();
        assert_eq!(order, again.headers["location"], "one draft");

        let question = user.get(&format!("{order}/confirm")).await;
        assert!(question.text().contains("You can't change it afterwards"), "{}", question.text());
        let key = format!("_key={}", hidden(&question.text()));
        let (first, again) = (user.form(&format!("{order}/confirm"), &key).await, user.form(&format!("{order}/confirm"), &key).await);
        assert_eq!((first.status, again.status), (303, 303), "{}", again.text());
        let shown = user.get(&order).await.text();
        assert!(shown.contains("Pending payment") && shown.contains("$30.00"), "{shown}");

        // What is wrong stands beside what was typed.
        let refused = user.form(&format!("{place}/orders"), &format!("reference=PO-2&lines={}", encoded("KEY-PRO,0"))).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("KEY-PRO,0") && refused.text().contains("PO-2"), "{}", refused.text());
        assert_eq!(guarded(&refused), Ok(()), "an answer to a form is a page as any other");
        assert_eq!(guarded(&user.header("accept", "text/html").get(&format!("{place}/nothing")).await), Ok(()), "and so is a no");
    }

    /// ORD-3: who says yes to one total is not held to another: an order that changed since the question is asked about again.
    async fn an_order_that_changed_since_the_question_is_asked_about_again(app) {
        let acme = app.merchant("Acme Software").await;
        for sku in ["KEY-PRO", "KEY-LITE"] {
            acme.product(sku).price("10.00").keys(10).await;
        }
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let (user, colleague) = (http.with(&contoso.signs_in(ResellerRole::Seller).await), http.with(&contoso.key().await));
        let draft = contoso.order(&[("KEY-PRO", 1)]).draft().await;
        let confirm = format!("{}/orders/{draft}/confirm", places(&acme, &contoso).1);
        let answer = |page: &str| {
            assert_eq!(page.matches("name=\"seen\"").count(), 1, "a browser sends all of one name");
            let seen = page.split_once("name=\"seen\" value=\"").expect("what was seen").1.split('"').next().expect("its value");
            format!("_key={}&seen={}", hidden(page), encoded(seen))
        };
        let asked = user.get(&confirm).await.text();
        assert!(asked.contains("$10.00"), "{asked}");
        colleague.post(&format!("/v1/reseller/orders/{draft}/items"), json!({"product": "KEY-LITE", "quantity": 2})).await.must(200);
        let again = user.form(&confirm, &answer(&asked)).await;
        assert_eq!(again.status, 409, "{}", again.text());
        assert!(again.text().contains("The order changed since you were asked.") && again.text().contains("$30.00"), "{}", again.text());
        let yes = answer(&again.text());
        assert_eq!(user.form(&confirm, &yes).await.status, 303);
        assert_eq!(user.form(&confirm, &yes).await.status, 303, "a second sending has no second effect");
    }

    /// ORD-11: pasted lines become the items of a draft, one that is wrong is named; a past order stands in the form to be ordered again.
    async fn lines_are_pasted_and_a_past_order_is_ordered_again(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(10).await;
        acme.product("KEY-LITE").price("5.00").keys(10).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let user = app.http().await.with(&contoso.signs_in(ResellerRole::Seller).await);
        let (_, place) = places(&acme, &contoso);
        let orders = format!("{place}/orders");
        let paste = |lines: &str| format!("reference=PO-1&lines={}", encoded(lines));
        let wrong = user.form(&orders, &paste("KEY-PRO,2\nKEY-GONE,1")).await;
        assert!(matches!(wrong.status, 404 | 422) && wrong.text().contains("KEY-GONE,1"), "{}", wrong.text());
        let made = user.form(&orders, &paste("KEY-PRO,2\nKEY-LITE,3")).await;
        assert_eq!(made.status, 303, "{}", made.text());
        let draft = user.get(&made.headers["location"]).await.text();
        assert!(draft.contains("KEY-PRO") && draft.contains("KEY-LITE") && draft.contains("$35.00"), "{draft}");
        let past = contoso.order(&[("KEY-PRO", 4), ("KEY-LITE", 1)]).place().await;
        let shown = user.get(&format!("{orders}/{}", past.id)).await.text();
        let again = format!("{orders}/new?again={}", past.id);
        assert!(shown.contains(&again), "{shown}");
        let form = user.get(&again).await.text();
        assert!(form.contains("KEY-PRO,4\nKEY-LITE,1"), "{form}");
    }

    /// The style guide is there in a demo, and in no other server.
    async fn the_style_guide_is_for_demos(app) {
        assert_eq!(app.http().await.nobody().get("/styleguide").await.status, 404);
        let guide = app.http_of_a_demo().await.nobody().get("/styleguide").await;
        assert_eq!((guide.status, guarded(&guide)), (200, Ok(())));
        let guide = guide.text();
        assert!(guide.contains("<html lang=\"en\"") && guide.contains("<dialog open") && !guide.contains(" style="), "{guide}");
    }
}

/// The key of the first form that has one.
fn hidden(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"_key\" value=\"").expect("a form with a key");
    rest.split('"').next().expect("its value").to_owned()
}
