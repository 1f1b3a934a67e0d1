//! Who gets where: every route of the table as nobody, as a stranger, and in every role (PAR-14, api.md).

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use tradepost_domain::Caller;
use tradepost_domain::access::{MerchantRole, ResellerRole, Side};
use tradepost_domain::fulfillments::RequestCancel;
use tradepost_domain::requests::note::NoteRequests;
use tradepost_domain::saved_views::{ListName, SaveView};
use tradepost_testkit::http::{Asker, Http};
use tradepost_testkit::{Merchant, Reseller, TestApp, app_test};
use tradepost_web::Access;
use tradepost_web::route::{KeyPlace, Route};

/// PAR-14 by hand: the rights of the roles that do not have all of their side. What the code says is compared with it.
const RIGHTS: &[(&str, &[&str])] = &[
    ("fulfillment", &["merchant.read", "stock.read", "stock.manage", "orders.manage", "fulfillment.confirm", "licenses.reveal", "licenses.send"]),
    ("finance", &["merchant.read", "stock.read", "billing.manage"]),
    ("support", &["merchant.read", "stock.read", "licenses.send"]),
    (
        "seller",
        &[
            "program.read",
            "orders.read",
            "orders.place",
            "licenses.distribute",
            "fulfillments.create",
            "fulfillments.read",
            "invoices.read",
            "reseller_people.read",
        ],
    ),
    ("reseller finance", &["program.read", "orders.read", "fulfillments.read", "balance.manage", "invoices.read", "reseller_people.read"]),
    ("viewer", &["program.read", "orders.read", "fulfillments.read", "invoices.read", "reseller_people.read"]),
];

/// Rights of people: a key belongs to a partnership, not to the company behind it (PAR-16).
const PEOPLE_ONLY: &[&str] = &["reseller_people.read", "reseller_people.manage", "orders.approve", "merchant.own"];

fn by_hand(role: &str, right: &str) -> bool {
    // What is an owner's alone is no admin's.
    let alone = role == "admin" && right == "merchant.own";
    !alone && RIGHTS.iter().find(|(name, _)| *name == role).is_none_or(|(_, rights)| rights.contains(&right))
}

struct Persona {
    name: &'static str,
    side: Side,
    asker: Asker,
}

async fn cast(http: &Http, acme: &Merchant, contoso: &Reseller) -> Vec<Persona> {
    let mut cast = Vec::new();
    for role in MerchantRole::ALL {
        cast.push(Persona { name: role.name(), side: Side::Merchant, asker: http.with(&acme.signs_in(*role).await) });
    }
    for role in ResellerRole::ALL {
        let name = if *role == ResellerRole::Finance { "reseller finance" } else { role.name() };
        cast.push(Persona { name, side: Side::Reseller, asker: http.with(&contoso.signs_in(*role).await) });
    }
    cast.push(Persona { name: "merchant key", side: Side::Merchant, asker: http.with(&acme.key) });
    cast.push(Persona { name: "partnership key", side: Side::Reseller, asker: http.with(&contoso.key().await) });
    cast
}

/// A path with ids that are of the right kind and not there.
fn missing(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "nothing_here" } else { part }).collect::<Vec<_>>().join("/")
}

fn takes_json(route: &Route) -> bool {
    route.body.is_some() && route.body_type == "application/json"
}

async fn ask(asker: &Asker, route: &Route, path: &str) -> tradepost_testkit::http::Reply {
    let body = takes_json(route).then(|| json!({}));
    asker.send(route.method.as_str(), path, body.as_ref()).await
}

app_test! {
    /// PAR-14: the table, row by row.
    async fn every_route_lets_in_whom_the_table_of_rights_names(app) {
        let acme = app.merchant("Acme Software").await;
        let contoso = acme.reseller("Contoso").await;
        let http = app.http().await;
        let table = tradepost::routes::all();
        let cast = cast(&http, &acme, &contoso).await;
        let (mut cells, mut wrong) = (0, Vec::new());
        // Pages of the workspaces have their own table: pages.rs.
        for route in table.rows().iter().filter(|route| !route.is_page || route.side().is_none()) {
            let path = missing(route.path);
            let nobody = ask(&http.nobody(), route, &path).await;
            let closed = matches!(route.access, Access::Right(_) | Access::SignedIn);
            let sent_to_sign_in = route.is_page && nobody.status == 303;
            let turned_away = sent_to_sign_in || nobody.said() == (401, "unauthenticated".to_owned());
            if closed && !turned_away {
                wrong.push(format!("nobody at {route:?}: {:?}", nobody.said()));
            }
            if let Access::DynamicUrl(place) = route.access {
                // Its own key and nothing else: whoever asks is told what nobody is told.
                for asker in std::iter::once(http.nobody()).chain(cast.iter().map(|persona| persona.asker.clone())) {
                    let told = ask(&asker, route, &path).await;
                    let said = if place == KeyPlace::Path { (404, "not_found".to_owned()) } else { (401, "unauthenticated".to_owned()) };
                    if told.said() != said {
                        wrong.push(format!("by another key at {route:?}: {:?}", told.said()));
                    }
                }
                continue;
            }
            let unknown = ask(&http.with("tpm_live_000000000000000000000000000000AAAAAA"), route, &path).await;
            if closed && unknown.status != if route.is_page { 303 } else { 401 } {
                wrong.push(format!("an unknown key at {route:?}: {:?}", unknown.said()));
            }
            for persona in &cast {
                // Ends the sessions of whoever asks.
                if route.operation == "revokeSessions" {
                    continue;
                }
                let Access::Right(right) = route.access else { continue };
                cells += 1;
                let reply = ask(&persona.asker, route, &path).await;
                let (status, code) = reply.said();
                let fits = if route.side() != Some(persona.side) {
                    // The other side's paths do not exist for who has no place there.
                    (status, code.as_str()) == (404, "not_found")
                } else if persona.name.ends_with("key") && PEOPLE_ONLY.contains(&right.name()) {
                    // What concerns the company's people is a person's, whatever a key was given.
                    (status, code.as_str()) == (403, "forbidden")
                } else if by_hand(persona.name, right.name()) {
                    status != 401 && status != 403 && status < 500
                } else {
                    (status, code.as_str()) == (403, "forbidden")
                };
                if !fits {
                    wrong.push(format!("{} at {route:?}, which needs {}: {status} {code}", persona.name, right.name()));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
        assert!(cells > 800, "only {cells} cells");
    }

    /// The OpenAPI document names every route of the table and no other.
    async fn the_document_names_every_route(app) {
        let http = app.http().await;
        let document = http.nobody().get("/openapi.json").await.must(200);
        let mut named: Vec<String> = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let verbs = ["get", "post", "put", "patch", "delete"];
            named.extend(methods.as_object().expect("methods").keys().filter(|key| verbs.contains(&key.as_str())).map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let table = tradepost::routes::all();
        let mut known: Vec<String> = table.rows().iter().filter(|route| route.in_contract()).map(|route| format!("{} {}", route.method, route.path)).collect();
        named.sort();
        known.sort();
        assert_eq!(named, known);
    }

    /// What belongs to somebody else is not there: byte for byte the answer for what does not exist.
    async fn a_foreign_id_and_a_missing_id_look_alike(app) {
        let world = World::new(&app).await;
        let http = app.http().await;
        let table = tradepost::routes::all();
        let (mut compared, mut not_found, mut wrong) = (0, 0, Vec::new());
        for route in table.rows().iter().filter(|route| route.path.contains('{') && !route.is_page) {
            let Some((own, gone)) = world.paths(route) else {
                if matches!(route.access, Access::Right(_)) {
                    wrong.push(format!("no ids for {route:?}"));
                }
                continue;
            };
            let Access::Right(right) = route.access else { continue };
            let strangers: &[&str] = if route.side() == Some(Side::Merchant) { &["other merchant"] } else { &["other partnership", "other merchant's reseller"] };
            for stranger in strangers {
                // What is shared with all partnerships is not foreign to the second one.
                if *stranger == "other partnership" && route.path.starts_with("/v1/reseller/products") {
                    continue;
                }
                let asker = http.with(&world.keys[stranger]);
                let body = body_for(route.operation);
                let (theirs, none) = (asker.send(route.method.as_str(), &own, body.as_ref()).await, asker.send(route.method.as_str(), &gone, body.as_ref()).await);
                // A key that may not do it for want of being a person's is not told whether it is there.
                compared += usize::from(!PEOPLE_ONLY.contains(&right.name()));
                if none.status == 404 {
                    not_found += 1;
                }
                if theirs.without_request().replace(&own, &gone) != none.without_request() {
                    wrong.push(format!("{stranger} at {route:?}: {} | {}", theirs.without_request(), none.without_request()));
                }
                if theirs.status < 300 && none.status >= 300 {
                    wrong.push(format!("{stranger} did it at {route:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(not_found * 10 >= compared * 9, "only {not_found} of {compared} got as far as looking: their bodies were refused first");
    }
}

/// One of everything at one merchant, and the keys of strangers.
struct World {
    ids: BTreeMap<&'static str, String>,
    keys: BTreeMap<&'static str, String>,
}

impl World {
    async fn new(app: &TestApp) -> Self {
        use tradepost_store::sql;
        let acme = app.merchant("Acme Software").await;
        let product = acme.product("KEY-PRO").price("10.00").keys(5).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let fabrikam = acme.reseller("Fabrikam").credit("100.00").await;
        let other = app.merchant("Other Software").await;
        let theirs = other.reseller("Theirs").await;
        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        let top_up = contoso.top_up("20.00").await;
        let sold = contoso.sells("S-1", "KEY-PRO", 1).await;
        contoso.key().await;
        contoso.top_up("20.00").await;
        let returned = contoso.sells("S-2", "KEY-PRO", 1).await;
        let ask = RequestCancel { fulfillment: returned, reason: "Returned.".into(), licenses: Vec::new() };
        let request = app.does(&contoso.owner(), ask).await.request;
        let view = SaveView { list: ListName::Orders, name: "Drafts".into(), query: "state=draft".into(), shared: false };
        let view = app.does(&contoso.owner(), view).await.view;
        let asked = crate::requests::line_of(&contoso, app.engine.environment.now());
        let logged = asked.id;
        app.does(&Caller::System, NoteRequests { requests: vec![asked] }).await;
        app.work().await;
        let one = |sql| async move { app.row::<(tradepost_domain::OrderId,)>(sql, Vec::new()).await.0 };
        let text = |prefix: &str, id: tradepost_domain::OrderId| format!("{prefix}_{}", id.suffix());
        let key = text("key", one(sql!("SELECT id FROM api_key WHERE partnership IS NOT NULL LIMIT 1")).await);
        let ids = BTreeMap::from([
            ("orders", order.id.text()),
            ("items", text("itm", one(sql!("SELECT id FROM order_item LIMIT 1")).await)),
            ("invoices", order.invoice.text()),
            ("licenses", app.licenses(&order).await[0].id.text()),
            ("cancel-requests", request.text()),
            ("saved-views", view.text()),
            ("partnerships", contoso.partnership().text()),
            ("resellers", contoso.id.text()),
            ("products", product.id.text()),
            ("variants", product.id.text()),
            ("stock", product.id.text()),
            ("price-lists", acme.price_list.text()),
            ("channels", acme.channel.text()),
            ("license-keys", text("lky", one(sql!("SELECT id FROM license_key LIMIT 1")).await)),
            ("imports", text("imp", one(sql!("SELECT id FROM key_import LIMIT 1")).await)),
            ("batches", text("imp", one(sql!("SELECT id FROM key_import LIMIT 1")).await)),
            ("messages", text("msg", one(sql!("SELECT id FROM message WHERE merchant > 0 LIMIT 1")).await)),
            ("users", acme.person.text()),
            ("api-keys", key),
            ("fulfillments", sold.text()),
            ("requests", logged.text()),
            ("top-ups", top_up.text()),
            ("dynamic-urls", contoso.dynamic_url(&[], &[]).await.id.text()),
        ]);
        let keys = BTreeMap::from([
            ("other merchant", other.key.clone()),
            ("other partnership", fabrikam.key().await),
            ("other merchant's reseller", theirs.key().await),
        ]);
        Self { ids, keys }
    }

    /// The path with ids that exist at Acme, and with ids that exist nowhere.
    fn paths(&self, route: &Route) -> Option<(String, String)> {
        let parts: Vec<&str> = route.path.split('/').collect();
        let (mut own, mut gone) = (Vec::new(), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            if part.starts_with('{') {
                let id = self.ids.get(parts[at - 1])?;
                own.push(id.clone());
                gone.push(format!("{}_01h455vb4pex5vsknk084sn02q", id.split('_').next().expect("a prefix")));
            } else {
                own.push((*part).to_owned());
                gone.push((*part).to_owned());
            }
        }
        Some((own.join("/"), gone.join("/")))
    }
}

/// A body that passes, so that the answer is about the id.
fn body_for(operation: &str) -> Option<Json> {
    let who = json!({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@customer.example"});
    let prices = json!({"currency": "USD", "tiers": [{"from_quantity": 1, "unit_price": {"amount": "1.00", "currency": "USD"}}]});
    Some(match operation {
        "changeChannel" => json!({"name": "Gold"}),
        "changeChannelTerms" | "changeTerms" => json!({"invoice_due_days": 10}),
        "recordPayment" => json!({"amount": {"amount": "1.00", "currency": "USD"}, "method": "wire", "received_on": "2026-03-02"}),
        "attachEndUser" | "attachMerchantEndUser" | "attachOrderEndUser" | "attachMerchantOrderEndUser" => who,
        "attachSellingCompany" | "attachMerchantSellingCompany" | "attachOrderSellingCompany" | "attachMerchantOrderSellingCompany" => {
            json!({"company": "Corner Shop"})
        }
        "cancelMerchantOrder" | "rejectCancelRequest" => json!({"note": "No."}),
        "createCancelRequest" => json!({"reason": "Returned."}),
        "updateOrder" => json!({"reference": "PO-9"}),
        "addOrderItem" => json!({"product": "KEY-PRO", "quantity": 1}),
        "updateOrderItem" => json!({"quantity": 1}),
        "shareProduct" => json!({"access": "given"}),
        "setPartnershipPrice" | "setPriceListPrice" | "setListPrice" => prices,
        "changePartnership" => json!({"channel": "chn_01h455vb4pex5vsknk084sn02q"}),
        "changeSavedView" | "changeMerchantSavedView" => json!({"name": "Another"}),
        "renamePriceList" => json!({"name": "Gold"}),
        "changeProduct" => json!({"name": "Another"}),
        "createVariant" => json!({"sku": "KEY-V", "name": "A variant"}),
        "changeKeyBatch" => json!({"note": "From the fair"}),
        "moveKeyBatch" => json!({"product": "KEY-PRO"}),
        "setStockSwitches" => json!({"threshold": 5}),
        "changeStaff" => json!({"role": "support"}),
        "changeUser" => json!({"role": "viewer"}),
        _ => return None,
    })
}
