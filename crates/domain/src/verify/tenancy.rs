//! Tenancy: whatever refers to something refers to its own merchant's, and to its own partnership's.

use super::billing::PAID;
use super::licenses::LICENSES;
use super::report::Violation;
use super::scan::{Found, Joins, Look, Scan, Start, Together, also, keys, together, within, wrong};
use super::{Check, How};
use crate::command::Engine;
use std::collections::BTreeSet;
use tradepost_store::{BoxFuture, Fault};

/// A foreign key whose tables both carry a merchant: table, column, table referred to, its column.
type Reference = (&'static str, &'static str, &'static str, &'static str);

/// `TABLE by KEY (…): COLUMN -> TABLE.COLUMN, …` looks at every row, at all its columns at once; `each COLUMN of TABLE
/// (…) -> TABLE.COLUMN` at every value once, where an index leads from one value to the next and many rows share each;
/// `shared COLUMN of TABLE (…) -> TABLE.COLUMN` at every value once, page by page, where a few rows share each;
/// `together TABLE by KEY (…): …` is one question of a statement that asks others of the same rows.
macro_rules! references {
    (
        $($table:literal by $key:literal ($start:ident, $subject:literal): $($column:literal as $alias:literal -> $to:literal.$target:literal),+;)+
        $(together $with:literal by $by:literal ($kind:literal, $asked:expr, $question:literal, $joined:expr): $($from:literal -> $into:literal.$key_of:literal),+;)+
        $(shared $common:literal of $rows:literal ($as:ident, $name:literal) -> $of_one:literal.$known_by:literal;)+
        $(each $value:literal of $many:literal ($type:ident, $what:literal) -> $one:literal.$number:literal;)+
    ) => {
        /// Those that are checked.
        const KNOWN: &[Reference] = &[$($(($table, $column, $to, $target),)+)+ $($(($with, $from, $into, $key_of),)+)+ $(($rows, $common, $of_one, $known_by),)+ $(($many, $value, $one, $number),)+];
        static SCANS: &[Scan] = &[
            $(Scan::ids(
                keys!($table, $key),
                $subject,
                wrong!(
                    "SELECT c.merchant, c.", $key, ", CASE",
                    $(" WHEN c.", $column, " IS NOT NULL AND ", $alias, ".merchant IS NULL THEN '", $column, "'",)+
                    " END || ' in ", $table, " refers to nothing of this merchant' FROM ", $table, " c",
                    $(" LEFT JOIN ", $to, " ", $alias, " ON ", $alias, ".merchant = c.merchant AND ", $alias, ".", $target, " = c.", $column,)+
                    " WHERE (1 = 0", $(" OR (c.", $column, " IS NOT NULL AND ", $alias, ".merchant IS NULL)",)+ ") AND ",
                    within!("c", $key), " ORDER BY c.merchant, c.", $key
                ),
            )
            .by(Start::$start),)+
            $(Scan::ids(keys!($with, $by), $kind, Look::Part($asked, $question)).joined($joined),)+
            $(Scan::ids(
                keys!($rows, $common),
                $name,
                wrong!(
                    "SELECT c.merchant, c.value, '", $common, " in ", $rows, " refers to nothing of this merchant'
                     FROM (SELECT DISTINCT x.merchant, x.", $common, " AS value FROM ", $rows, " x WHERE ", within!("x", $common), ") c
                     LEFT JOIN ", $of_one, " t ON t.merchant = c.merchant AND t.", $known_by, " = c.value", also!("t", $known_by),
                    " WHERE t.merchant IS NULL ORDER BY c.merchant, c.value"
                ),
            )
            .by(Start::$as)
            .by_ranges(),)+
            $(Scan::ids(
                keys!($many, $value),
                $what,
                wrong!(
                    "SELECT c.merchant, c.value, '", $value, " in ", $many, " refers to nothing of this merchant'
                     FROM (SELECT merchant, ", $value, " AS value FROM ", $many, " x WHERE ", within!("x", $value), " ORDER BY merchant, ", $value, " LIMIT 1) c
                     LEFT JOIN ", $one, " t ON t.merchant = c.merchant AND t.", $number, " = c.value WHERE t.merchant IS NULL"
                ),
            )
            .by(Start::$type)
            .of_rows(1),)+
        ];
    };
}

/// What is asked of the orders on invoices: by [`REFERENCES`] and [`FOREIGN_KEYS`].
static INVOICE_ORDERS: Together = together!(
    concat!(
        "invoice_order x LEFT JOIN invoice i ON i.merchant = x.merchant AND i.id = x.invoice",
        also!("i", "id"),
        " LEFT JOIN orders o ON o.merchant = x.merchant AND o.id = x.orders WHERE ",
        within!("x", "invoice")
    ), "x.merchant", "x.invoice":
    ("i.partnership <> o.partnership", "'is another partnership''s than its order'"),
    (
        "i.id IS NULL OR o.id IS NULL",
        "CASE WHEN i.id IS NULL THEN 'invoice' ELSE 'orders' END || ' in invoice_order refers to nothing of this merchant'"
    ),
);

/// What is asked of lines of orders: by [`FOREIGN_KEYS`].
static ITEMS: Together = together!(
    concat!(
        "order_item i LEFT JOIN orders o ON o.merchant = i.merchant AND o.id = i.orders",
        also!("o", "id"),
        " LEFT JOIN product p ON p.merchant = i.merchant AND p.number = i.product WHERE ",
        within!("i", "orders")
    ), "i.merchant", "i.id":
    ("o.id IS NULL OR p.number IS NULL", "CASE WHEN o.id IS NULL THEN 'orders' ELSE 'product' END || ' in order_item refers to nothing of this merchant'"),
);

/// What is asked of what payments give to orders: by [`REFERENCES`] and [`FOREIGN_KEYS`].
static ALLOCATIONS: Together = together!(
    concat!(
        "payment_allocation a LEFT JOIN payment p ON p.merchant = a.merchant AND p.id = a.payment",
        also!("p", "id"),
        " LEFT JOIN invoice_order x ON x.merchant = a.merchant AND x.invoice = p.invoice AND x.orders = a.orders
         LEFT JOIN orders o ON o.merchant = a.merchant AND o.id = a.orders WHERE ",
        within!("a", "payment")
    ), "a.merchant", "a.payment":
    ("x.orders IS NULL", "'pays an order that is not on its invoice'"),
    (
        "p.id IS NULL OR o.id IS NULL",
        "CASE WHEN p.id IS NULL THEN 'payment' ELSE 'orders' END || ' in payment_allocation refers to nothing of this merchant'"
    ),
);

references! {
    "product" by "id" (Id, "prd"): "parent" as "a" -> "product"."number";
    "bundle_part" by "bundle" (Int, "bundle product number"): "bundle" as "a" -> "product"."number", "part" as "b" -> "product"."number";
    "former_sku" by "product" (Int, "product number"): "product" as "a" -> "product"."number";
    "price_list_product" by "price_list" (Id, "prl"): "price_list" as "a" -> "price_list"."id", "product" as "b" -> "product"."number";
    "price" by "product" (Int, "product number"): "product" as "a" -> "product"."number";
    "channel" by "id" (Id, "chn"): "price_list" as "a" -> "price_list"."id";
    "partnership" by "id" (Id, "par"): "channel" as "a" -> "channel"."id";
    "partnership_product" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id", "product" as "b" -> "product"."number";
    "api_key" by "id" (Id, "key"): "partnership" as "a" -> "partnership"."id";
    "stock" by "product" (Int, "product number"): "product" as "a" -> "product"."number";
    "customer" by "id" (Id, "cus"): "partnership" as "a" -> "partnership"."id";
    "fulfillment" by "id" (Id, "ful"): "product" as "a" -> "product"."number";
    "cancel_request" by "id" (Id, "crq"): "partnership" as "a" -> "partnership"."id", "fulfillment" as "b" -> "fulfillment"."id";
    "cancel_request_license" by "cancel_request" (Id, "crq"): "cancel_request" as "a" -> "cancel_request"."id", "license" as "b" -> "license"."id";
    "auto_top_up" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id";
    "purchase_day" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id";
    "spending_limit" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id";
    "order_approval" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id";
    "daily_sales" by "partnership" (Id, "par"): "partnership" as "a" -> "partnership"."id";
    together "license" by "id" ("lic", &LICENSES, 5, Joins::ByIndex): "orders" -> "orders"."id", "item" -> "order_item"."id", "fulfillment" -> "fulfillment"."id",
        "license_key" -> "license_key"."id", "customer" -> "customer"."id", "reseller_information" -> "reseller_information"."id";
    together "order_item" by "orders" ("itm", &ITEMS, 0, Joins::ByRanges): "orders" -> "orders"."id", "product" -> "product"."number";
    together "invoice_order" by "invoice" ("inv", &INVOICE_ORDERS, 1, Joins::ByRanges): "invoice" -> "invoice"."id", "orders" -> "orders"."id";
    together "payment" by "id" ("pay", &PAID, 1, Joins::ByRanges): "invoice" -> "invoice"."id";
    together "payment_allocation" by "payment" ("pay", &ALLOCATIONS, 1, Joins::ByRanges): "payment" -> "payment"."id", "orders" -> "orders"."id";
    shared "transfer" of "entry" (Id, "trf") -> "transfer"."id";
    each "account" of "entry" (Id, "acc") -> "account"."id";
    each "product" of "license_key" (Int, "product number") -> "product"."number";
    each "import" of "license_key" (Id, "imp") -> "key_import"."id";
    each "partnership" of "orders" (Id, "par") -> "partnership"."id";
    each "partnership" of "fulfillment" (Id, "par") -> "partnership"."id";
    each "partnership" of "invoice" (Id, "par") -> "partnership"."id";
}

pub(super) static FOREIGN_KEYS: Check = Check {
    name: "tenancy.foreign_keys",
    meaning: "Every foreign key whose tables carry a merchant leads to a row of the same merchant; one that the schema has and this check does not know is named too.",
    how: How::Both(look, SCANS),
};

fn look(engine: Engine, _full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let known: BTreeSet<[String; 4]> = KNOWN.iter().map(|&(table, column, to, target)| [table, column, to, target].map(str::to_owned)).collect();
        let schema = in_schema(&engine.store.schema_text().await?);
        for [table, column, to, target] in schema.symmetric_difference(&known) {
            let detail = format!("the schema and this check differ about {table}.{column} to {to}.{target}");
            found.add(Violation { merchant: 0, subject: table.clone(), detail });
        }
        Ok(())
    })
}

/// The foreign keys of (merchant, something) in the text of a schema, of either engine.
fn in_schema(text: &str) -> BTreeSet<[String; 4]> {
    let mut found = BTreeSet::new();
    let mut table = String::new();
    for line in text.lines() {
        let words = line.strip_prefix("CREATE TABLE ").or_else(|| line.strip_prefix("table "));
        if let Some(name) = words.and_then(|rest| rest.split([' ', '(']).next()) {
            // SQLite quotes the name of a table that was renamed.
            table = name.trim_matches('"').to_owned();
        }
        let reference = || {
            let (columns, rest) = line.split_once("FOREIGN KEY (")?.1.split_once(')')?;
            let (to, rest) = rest.trim_start().strip_prefix("REFERENCES ")?.split_once('(')?;
            let column = columns.strip_prefix("merchant, ")?;
            let target = rest.split_once(')')?.0.strip_prefix("merchant, ")?;
            Some([table.clone(), column.to_owned(), to.trim().trim_matches('"').to_owned(), target.to_owned()])
        };
        found.extend(reference());
    }
    found
}

pub(super) static REFERENCES: Check = Check {
    name: "tenancy.references",
    meaning: "What no foreign key can hold together belongs together: licenses, customers, invoices, payments and accounts to the partnership of their order; twins to each other.",
    how: How::Scans(&[
        Scan::ids(keys!("license"), "lic", Look::Part(&LICENSES, 4)),
        Scan::ids(keys!("invoice_order", "invoice"), "inv", Look::Part(&INVOICE_ORDERS, 0)).by_ranges(),
        Scan::ids(keys!("payment"), "pay", Look::Part(&PAID, 0)).by_ranges(),
        Scan::ids(keys!("payment_allocation", "payment"), "pay", Look::Part(&ALLOCATIONS, 0)).by_ranges(),
        Scan::ids(
            keys!("account"),
            "acc",
            wrong!(
                "SELECT a.merchant, a.id, a.kind || CASE WHEN p.id IS NULL THEN ' of no partnership' ELSE ' of a partnership' END
                 FROM account a LEFT JOIN partnership p ON p.merchant = a.merchant AND p.id = a.partnership
                 WHERE (p.id IS NULL) <> (a.kind NOT IN ('receivable', 'account_balance', 'prepaid')) AND ",
                within!("a"),
                " ORDER BY a.merchant, a.id"
            ),
        ),
        Scan::ids(
            keys!(merchants),
            "mer",
            wrong!(
                "SELECT m.number, m.id, 'has no twin that names it' FROM merchant m LEFT JOIN merchant t ON t.number = m.twin AND t.twin = m.number AND t.environment <> m.environment
                 WHERE t.number IS NULL AND m.number = $1 AND m.id > $2 AND m.id <= $3 ORDER BY m.number"
            ),
        ),
    ]),
};
