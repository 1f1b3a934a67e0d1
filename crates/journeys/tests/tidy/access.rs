//! PAR-14, for every role and every route: what the code decides is what `docs/access.md` tells.

use crate::{assert_none, documents, tree};
use tradepost_domain::access::{Caller, MerchantRole, Need, PartnershipScope, ResellerRole, Right, Side};
use tradepost_domain::{ApiKeyId, PartnershipId, PersonId, ResellerId};
use tradepost_web::Access;

const SCOPE: PartnershipScope = PartnershipScope { merchant: 1, partnership: PartnershipId::from_bytes([1; 16]) };

/// A row of the document's table of routes.
#[derive(Debug, PartialEq, Eq)]
struct Row<'a> {
    operation: &'a str,
    needs: &'a str,
    roles: Vec<&'a str>,
}

/// Somebody who asks, and what the document calls them.
struct Asker {
    name: String,
    side: Option<Side>,
    role: &'static str,
    signed_in: bool,
    caller: Caller,
}

fn rows(document: &str) -> Vec<Row<'_>> {
    let (_, table) = document.split_once("## Every route").unwrap_or(("", ""));
    let cells = table.lines().filter(|line| line.starts_with("| ")).skip(1).map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| cells.len() > 6)
        .map(|cells| Row { operation: cells[3], needs: cells[4].trim_matches('`'), roles: cells[5].split(", ").collect() })
        .collect()
}

fn askers() -> Vec<Asker> {
    let person = PersonId::from_bytes([2; 16]);
    let name = || "Ann".to_owned();
    let mut all = vec![Asker { name: "nobody".into(), side: None, role: "", signed_in: false, caller: Caller::Nobody }];
    all.push(Asker { name: "a stranger".into(), side: None, role: "", signed_in: true, caller: Caller::Person { person, name: name() } });
    for role in MerchantRole::ALL {
        let caller = Caller::MerchantPerson { person, name: name(), merchant: 1, role: *role };
        all.push(Asker { name: format!("merchant {}", role.name()), side: Some(Side::Merchant), role: role.name(), signed_in: true, caller });
    }
    for role in ResellerRole::ALL {
        let caller = Caller::ResellerPerson { person, name: name(), reseller: ResellerId::from_bytes([3; 16]), scope: SCOPE, role: *role };
        all.push(Asker { name: format!("reseller {}", role.name()), side: Some(Side::Reseller), role: role.name(), signed_in: true, caller });
    }
    all
}

/// Keys of a side that hold these rights.
fn key(side: Side, rights: Vec<Right>) -> Caller {
    let (key, name) = (ApiKeyId::from_bytes([4; 16]), "key".to_owned());
    match side {
        Side::Merchant => Caller::MerchantKey { key, name, merchant: 1, rights },
        Side::Reseller => Caller::PartnershipKey { key, name, scope: SCOPE, rights },
    }
}

/// What the document says of one who asks.
fn told(row: &Row<'_>, asker: &Asker) -> bool {
    match (row.needs, Right::from_name(row.needs)) {
        ("nothing", _) => true,
        ("signed in", _) => asker.signed_in,
        (_, Some(right)) => asker.side == Some(right.side()) && row.roles.contains(&asker.role),
        (_, None) => false,
    }
}

fn need(access: Access) -> Option<Need> {
    match access {
        Access::Public | Access::Anyone => Some(Need::Nothing),
        Access::SignedIn => Some(Need::SignedIn),
        Access::Right(right) => Some(Need::Right(right)),
        Access::Undeclared | Access::DynamicUrl(_) => None,
    }
}

/// Where the document and the code differ about one route.
fn wrong(row: &Row<'_>, access: Access) -> Vec<String> {
    let operation = row.operation;
    if let Access::DynamicUrl(_) = access {
        // Nobody gets in by who they are.
        return askers().iter().filter(|asker| told(row, asker)).map(|asker| format!("{operation}: the document admits {}", asker.name)).collect();
    }
    let Some(need) = need(access) else { return vec![format!("{operation}: who may ask is not declared")] };
    let mut found: Vec<String> = askers()
        .iter()
        .filter(|asker| told(row, asker) != asker.caller.authorize(need).is_ok())
        .map(|asker| format!("{operation}: the document {} {}, the code does not agree", if told(row, asker) { "admits" } else { "refuses" }, asker.name))
        .collect();
    if let Access::Right(right) = access {
        let others: Vec<Right> = Right::ALL.iter().copied().filter(|other| *other != right).collect();
        let keys = [(vec![right], right.is_for_keys()), (others, false), (Vec::new(), false)];
        let differs = keys.into_iter().filter(|(rights, may)| key(right.side(), rights.clone()).authorize(need).is_ok() != *may);
        found.extend(differs.map(|(rights, _)| format!("{operation}: a key with {} rights is not judged by {}", rights.len(), right.name())));
    }
    found
}

/// PAR-14
#[test]
fn every_role_gets_where_the_document_says_and_nowhere_else() {
    let document = if documents::are_written() { documents::access() } else { tree::read("docs/access.md") };
    let rows = rows(&document);
    let routes = tradepost::routes::all();
    let mut found = Vec::new();
    for route in routes.rows() {
        match rows.iter().find(|row| row.operation == route.operation) {
            Some(row) => found.extend(wrong(row, route.access)),
            None => found.push(format!("{}: is not in docs/access.md", route.operation)),
        }
    }
    assert_eq!(rows.len(), routes.rows().len(), "docs/access.md has other routes");
    assert_none("the table of rights", &found);
}

/// PAR-14
#[test]
fn no_right_is_held_on_the_other_side() {
    for right in Right::ALL {
        for asker in askers() {
            let may = asker.caller.authorize(Need::Right(*right)).is_ok();
            assert!(!may || asker.side == Some(right.side()), "{} holds {}", asker.name, right.name());
        }
    }
}

#[test]
fn a_document_that_promises_something_else_is_told() {
    let text = "## Every route\n\n| method | path | operation | needs | roles | while not active |\n|---|---|---|---|---|---|\n\
                | POST | `/v1/reseller/orders` | createOrder | `orders.place` | owner, seller |  |\n";
    let found = rows(text);
    assert_eq!(found, [Row { operation: "createOrder", needs: "orders.place", roles: vec!["owner", "seller"] }]);
    assert_eq!(wrong(&found[0], Access::Right(Right::OrdersPlace)).len(), 0);
    let wider = Row { roles: vec!["owner", "seller", "viewer"], ..rows(text).remove(0) };
    assert_eq!(wrong(&wider, Access::Right(Right::OrdersPlace)), ["createOrder: the document admits reseller viewer, the code does not agree"]);
    let narrower = Row { roles: vec!["owner"], ..rows(text).remove(0) };
    assert_eq!(wrong(&narrower, Access::Right(Right::OrdersPlace)), ["createOrder: the document refuses reseller seller, the code does not agree"]);
    assert!(!wrong(&found[0], Access::Public).is_empty());
    assert_eq!(wrong(&found[0], Access::Undeclared).len(), 1);
}
