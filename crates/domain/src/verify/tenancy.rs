//! Tenancy: whatever refers to something refers to its own merchant's, and to its own partnership's.

use super::report::Violation;
use super::scan::{Found, Scan, Start, keys, within, wrong};
use super::{Check, How};
use crate::command::Engine;
use std::collections::BTreeSet;
use tradepost_store::{BoxFuture, Fault, sql};

/// A foreign key whose tables both carry a merchant: table, column, table referred to, its column.
type Reference = (&'static str, &'static str, &'static str, &'static str);

macro_rules! references {
    ($($table:literal by $key:literal ($start:ident, $subject:literal): $($column:literal -> $to:literal.$target:literal),+;)+) => {
        /// Those that are checked.
        const KNOWN: &[Reference] = &[$($(($table, $column, $to, $target),)+)+];
        static SCANS: &[Scan] = &[$($(
            Scan::ids(
                keys!($table, $key),
                $subject,
                wrong!(
                    "SELECT c.merchant, c.", $key, ", '", $column, " in ", $table, " refers to nothing of this merchant' FROM ", $table, " c
                     LEFT JOIN ", $to, " t ON t.merchant = c.merchant AND t.", $target, " = c.", $column, "
                     WHERE c.", $column, " IS NOT NULL AND t.merchant IS NULL AND ", within!("c", $key), " ORDER BY c.merchant, c.", $key
                ),
            )
            .by(Start::$start),
        )+)+];
    };
}

references! {
    "product" by "id" (Id, "prd"): "parent" -> "product"."number";
    "bundle_part" by "bundle" (Int, "bundle product number"): "bundle" -> "product"."number", "part" -> "product"."number";
    "price_list_product" by "price_list" (Id, "prl"): "price_list" -> "price_list"."id", "product" -> "product"."number";
    "price" by "product" (Int, "product number"): "product" -> "product"."number";
    "channel" by "id" (Id, "chn"): "price_list" -> "price_list"."id";
    "partnership" by "id" (Id, "par"): "channel" -> "channel"."id";
    "partnership_product" by "partnership" (Id, "par"): "partnership" -> "partnership"."id", "product" -> "product"."number";
    "api_key" by "id" (Id, "key"): "partnership" -> "partnership"."id";
    "entry" by "transfer" (Id, "trf"): "transfer" -> "transfer"."id", "account" -> "account"."id";
    "stock" by "product" (Int, "product number"): "product" -> "product"."number";
    "license_key" by "id" (Id, "lky"): "product" -> "product"."number", "import" -> "key_import"."id";
    "customer" by "id" (Id, "cus"): "partnership" -> "partnership"."id";
    "orders" by "id" (Id, "ord"): "partnership" -> "partnership"."id";
    "order_item" by "id" (Id, "itm"): "orders" -> "orders"."id", "product" -> "product"."number";
    "purchase_day" by "partnership" (Id, "par"): "partnership" -> "partnership"."id";
    "auto_top_up" by "partnership" (Id, "par"): "partnership" -> "partnership"."id";
    "fulfillment" by "id" (Id, "ful"): "partnership" -> "partnership"."id", "product" -> "product"."number";
    "cancel_request" by "id" (Id, "crq"): "partnership" -> "partnership"."id", "fulfillment" -> "fulfillment"."id";
    "cancel_request_license" by "cancel_request" (Id, "crq"): "cancel_request" -> "cancel_request"."id", "license" -> "license"."id";
    "license" by "id" (Id, "lic"): "fulfillment" -> "fulfillment"."id", "orders" -> "orders"."id", "item" -> "order_item"."id", "license_key" -> "license_key"."id",
        "customer" -> "customer"."id", "reseller_information" -> "reseller_information"."id";
    "invoice" by "id" (Id, "inv"): "partnership" -> "partnership"."id";
    "invoice_order" by "invoice" (Id, "inv"): "invoice" -> "invoice"."id", "orders" -> "orders"."id";
    "payment" by "id" (Id, "pay"): "invoice" -> "invoice"."id";
    "payment_allocation" by "payment" (Id, "pay"): "payment" -> "payment"."id", "orders" -> "orders"."id";
}

pub(super) static FOREIGN_KEYS: Check = Check {
    name: "tenancy.foreign_keys",
    meaning: "Every foreign key whose tables carry a merchant leads to a row of the same merchant; one that the schema has and this check does not know is named too.",
    how: How::Whole(look),
};

fn look(engine: Engine, _full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        let known: BTreeSet<[String; 4]> = KNOWN.iter().map(|&(table, column, to, target)| [table, column, to, target].map(str::to_owned)).collect();
        let schema = in_schema(&engine.store.schema_text().await?);
        for [table, column, to, target] in schema.symmetric_difference(&known) {
            let detail = format!("the schema and this check differ about {table}.{column} to {to}.{target}");
            found.add(Violation { merchant: 0, subject: table.clone(), detail });
        }
        for scan in SCANS {
            scan.run(&engine, found).await?;
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
            table = name.to_owned();
        }
        let reference = || {
            let (columns, rest) = line.split_once("FOREIGN KEY (")?.1.split_once(')')?;
            let (to, rest) = rest.trim_start().strip_prefix("REFERENCES ")?.split_once('(')?;
            let column = columns.strip_prefix("merchant, ")?;
            let target = rest.split_once(')')?.0.strip_prefix("merchant, ")?;
            Some([table.clone(), column.to_owned(), to.trim().to_owned(), target.to_owned()])
        };
        found.extend(reference());
    }
    found
}

pub(super) static REFERENCES: Check = Check {
    name: "tenancy.references",
    meaning: "What no foreign key can hold together belongs together: licenses, customers, invoices, payments and accounts to the partnership of their order; twins to each other.",
    how: How::Scans(&[
        Scan::ids(
            keys!("license"),
            "lic",
            wrong!(
                "SELECT l.merchant, l.id, CASE WHEN l.partnership <> o.partnership THEN 'is another partnership''s than its order'
                   WHEN i.orders <> l.orders THEN 'is of another order than its item' ELSE 'has a customer of another partnership' END
                 FROM license l LEFT JOIN orders o ON o.merchant = l.merchant AND o.id = l.orders LEFT JOIN order_item i ON i.merchant = l.merchant AND i.id = l.item
                 LEFT JOIN customer c ON c.merchant = l.merchant AND c.id = l.customer
                 WHERE (l.partnership <> o.partnership OR i.orders <> l.orders OR c.partnership <> l.partnership) AND ",
                within!("l"),
                " ORDER BY l.merchant, l.id"
            ),
        ),
        Scan::ids(
            keys!("invoice_order", "invoice"),
            "inv",
            wrong!(
                "SELECT x.merchant, x.invoice, 'is another partnership''s than its order'
                 FROM invoice_order x CROSS JOIN invoice i CROSS JOIN orders o WHERE i.merchant = x.merchant AND i.id = x.invoice AND o.merchant = x.merchant AND o.id = x.orders
                 AND i.partnership <> o.partnership AND ",
                within!("x", "invoice"),
                " ORDER BY x.merchant, x.invoice"
            ),
        ),
        Scan::ids(
            keys!("payment"),
            "pay",
            wrong!(
                "SELECT p.merchant, p.id, 'is another partnership''s than its invoice'
                 FROM payment p CROSS JOIN invoice i WHERE i.merchant = p.merchant AND i.id = p.invoice AND p.partnership <> i.partnership AND ",
                within!("p"),
                " ORDER BY p.merchant, p.id"
            ),
        ),
        Scan::ids(
            keys!("payment_allocation", "payment"),
            "pay",
            wrong!(
                "SELECT a.merchant, a.payment, 'pays an order that is not on its invoice'
                 FROM payment_allocation a LEFT JOIN payment p ON p.merchant = a.merchant AND p.id = a.payment
                 LEFT JOIN invoice_order x ON x.merchant = a.merchant AND x.invoice = p.invoice AND x.orders = a.orders WHERE x.orders IS NULL AND ",
                within!("a", "payment"),
                " ORDER BY a.merchant, a.payment"
            ),
        ),
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
            sql!("SELECT number, id FROM merchant WHERE (number, id) > ($1, $2) ORDER BY number, id LIMIT $3"),
            "mer",
            wrong!(
                "SELECT m.number, m.id, 'has no twin that names it' FROM merchant m LEFT JOIN merchant t ON t.number = m.twin AND t.twin = m.number AND t.environment <> m.environment
                 WHERE t.number IS NULL AND (m.number, m.id) > ($1, $2) AND (m.number, m.id) <= ($3, $4) ORDER BY m.number"
            ),
        ),
    ]),
};
