//! No table outside its slice: what writes a table stands in its owner's folder, what reads it there or in a later one.

use crate::source::Source;
use crate::sql::{Touch, made, tables};
use crate::{Exception, assert_none, slices, tree, without};

/// Who owns which table: a slice, or a file of the base.
const OWNERS: &[(&str, &[&str])] = &[
    ("command", &["command"]),
    ("audit", &["audit"]),
    ("outbox", &["outbox"]),
    (
        "identity",
        &[
            "person",
            "session",
            "single_use_link",
            "sign_in_failure",
            "totp",
            "recovery_code",
            "passkey",
            "spent_challenge",
            "email_change",
            "issuer_account",
            "issuer_sign_in",
            "api_key",
        ],
    ),
    ("merchants", &["merchant", "merchant_member", "merchant_branding", "merchant_logo", "counter"]),
    ("catalog", &["product", "bundle_part", "former_sku", "price_list", "price_list_product", "price", "partnership_product"]),
    ("partners", &["reseller", "reseller_member", "channel", "partnership", "term", "purchase_day", "spending_limit", "order_approval"]),
    ("saved_views", &["saved_view"]),
    ("ledger", &["account", "transfer", "entry"]),
    ("stock", &["stock", "key_import", "license_key"]),
    ("customers", &["customer", "reseller_information"]),
    ("licenses", &["license"]),
    ("billing", &["auto_top_up", "invoice", "invoice_order", "payment", "payment_allocation"]),
    ("sales", &["daily_sales"]),
    ("orders", &["orders", "order_item"]),
    ("fulfillments", &["fulfillment", "cancel_request", "cancel_request_license"]),
    ("requests", &["request_log"]),
    ("notices", &["message"]),
];

/// Rooms that may read everything.
const READ_ALL: &[&str] = &["notices", "reports", "verify"];

fn owner(table: &str) -> Option<&'static str> {
    OWNERS.iter().find(|(_, tables)| tables.contains(&table)).map(|(owner, _)| *owner)
}

/// The room of the domain that a file stands in.
fn room(path: &str) -> Option<&str> {
    path.strip_prefix("crates/domain/src/").and_then(|rest| rest.split('/').next()).map(|name| name.trim_end_matches(".rs"))
}

/// Every table that a file's statements name, and where.
fn touches(source: &Source) -> Vec<(usize, Touch)> {
    let inserts = source.finds("SetSql::insert(").into_iter().filter_map(|at| {
        let literal = source.literals.iter().find(|literal| literal.at > at)?;
        Some((literal.at, Touch { table: literal.text.clone(), writes: true }))
    });
    let texts = source.house_literals().flat_map(|literal| tables(&literal.text).into_iter().map(|touch| (literal.at, touch)));
    inserts.chain(texts).collect()
}

fn wrong(source: &Source, order: &[String]) -> Vec<String> {
    let mine = room(&source.path);
    let place = |name: &str| order.iter().position(|slice| slice == name);
    let may_read = |owner: &str| match mine {
        None => false,
        Some(mine) if mine == owner || READ_ALL.contains(&mine) || slices::BASE.contains(&owner) => true,
        Some(mine) => place(mine).zip(place(owner)).is_some_and(|(mine, other)| other < mine),
    };
    let mut found: Vec<String> = touches(source)
        .into_iter()
        .filter_map(|(at, touch)| {
            let owner = owner(&touch.table)?;
            let allowed = if touch.writes { mine == Some(owner) } else { may_read(owner) };
            let does = if touch.writes { "writes" } else { "reads" };
            (!allowed).then(|| format!("{}: {does} {} of {owner} (line {})", source.path, touch.table, source.line(at)))
        })
        .collect();
    found.dedup();
    found
}

const EXCEPTIONS: &[Exception] = &[
    Exception { what: "crates/app/src/merchant.rs: reads merchant", reason: "waits for merchants::queries to list by environment" },
    Exception { what: "crates/domain/src/catalog/pricing.rs: reads channel", reason: "the channel's price list, joined where the prices are read" },
    Exception { what: "crates/domain/src/catalog/queries.rs: reads channel", reason: "the channel's price list, joined where products are found" },
    Exception { what: "crates/domain/src/catalog/queries/offers.rs: reads channel", reason: "the same for several partnerships at once" },
    Exception {
        what: "crates/domain/src/catalog/queries/lists.rs: reads channel",
        reason: "a price list that a channel sells from is not deleted, and its name is told",
    },
];

#[test]
fn every_table_has_one_owner() {
    let made: Vec<String> = tree::files("migrations", ".sql").iter().flat_map(|path| made(&tree::read(path))).collect();
    let listed: Vec<&str> = OWNERS.iter().flat_map(|(_, tables)| *tables).copied().collect();
    let mut found: Vec<String> =
        made.iter().filter(|table| owner(table).is_none()).map(|table| format!("{table} has no owner in the table of this test")).collect();
    found.extend(listed.iter().filter(|table| !made.iter().any(|one| one == *table)).map(|table| format!("{table} is in no migration")));
    found.extend(listed.iter().enumerate().filter(|(at, table)| listed[..*at].contains(table)).map(|(_, table)| format!("{table} has two owners")));
    let order = tree::slices();
    let is_room = |name: &str| order.iter().any(|slice| slice == name) || slices::BASE.contains(&name);
    found.extend(OWNERS.iter().filter(|(owner, _)| !is_room(owner)).map(|(owner, _)| format!("{owner} is no slice")));
    assert_none("owners of tables", &found);
}

#[test]
fn no_table_outside_its_slice() {
    let order = tree::slices();
    let all: Vec<(usize, Touch)> = tree::house().flat_map(touches).collect();
    assert!(all.iter().filter(|(_, touch)| touch.writes && owner(&touch.table).is_some()).count() > 50, "the statements were not found");
    let found = tree::house().flat_map(|source| wrong(source, &order)).collect();
    assert_none("tables outside their slice", &without(found, EXCEPTIONS));
}

#[test]
fn statements_outside_the_owners_folder_are_told() {
    let order = ["identity", "catalog", "partners", "orders", "verify"].map(str::to_owned);
    let look = |path: &str, text: &str| wrong(&Source::new(path, text), &order);
    let writes = "static A: SetSql = SetSql::insert(\n  \"product\", &[], \"\");\nstatic B: SetSql = SetSql::update(\"UPDATE orders SET a = 1\", &[]);\n";
    assert_eq!(
        look("crates/domain/src/partners/store.rs", writes),
        ["crates/domain/src/partners/store.rs: writes product of catalog (line 2)", "crates/domain/src/partners/store.rs: writes orders of orders (line 3)"]
    );
    assert_eq!(look("crates/domain/src/catalog/store.rs", "const A: &str = \"INSERT INTO product (a) VALUES ($1)\";").len(), 0);
    let reads = "sql!(\"SELECT 1 FROM product p JOIN orders o ON o.a = p.a JOIN audit x ON true\")";
    assert_eq!(look("crates/domain/src/partners/queries.rs", reads), ["crates/domain/src/partners/queries.rs: reads orders of orders (line 1)"]);
    for fine in ["crates/domain/src/orders/queries.rs", "crates/domain/src/verify/traces.rs"] {
        assert_eq!(look(fine, reads).len(), 0, "{fine}");
    }
    assert_eq!(look("crates/app/src/merchant.rs", "sql!(\"DELETE FROM person\")").len(), 1);
    assert_eq!(look("crates/domain/src/verify/a.rs", "sql!(\"DELETE FROM person\")").len(), 1);
}
