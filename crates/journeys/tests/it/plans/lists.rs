//! Lists that people look at: each goes by an index of its own, walks nothing outside of a span of time, and does not walk everything for what is rare.

use super::plan;
use tradepost_domain::billing::queries as invoices;
use tradepost_domain::fulfillments::queries as fulfillments;
use tradepost_domain::licenses::queries as licenses;
use tradepost_domain::listing::Turned;
use tradepost_domain::notices::queries as messages;
use tradepost_domain::orders::queries as orders;
use tradepost_domain::reports::waiting;
use tradepost_store::{Sql, Value, params};
use tradepost_testkit::{Kind, TestApp};

/// Both ends of what is walked are bounds of the index.
fn bounded(app: &TestApp, found: &str) {
    let both = match app.kind {
        Kind::Sqlite => found.contains("id>? AND id<?") || found.contains("orders>? AND orders<?"),
        Kind::Postgres => found.split(" | ").any(|line| {
            line.contains("Index Cond") && (line.contains("(id >= ") && line.contains("(id < ") || line.contains("(orders >= ") && line.contains("(orders < "))
        }),
    };
    assert!(both, "walks what is outside of the span: {found}");
}

fn sorts(found: &str) -> bool {
    found.contains("TEMP B-TREE") || found.contains("Sort")
}

/// ORD-10: each list of orders goes by an index of its own, and those that are walked through need no sorting and end with the span that is asked for.
pub async fn of_orders(app: &TestApp, merchant: i64, partnership: Vec<u8>, product: i64) {
    let page = |state: &str, of: Vec<u8>, further: Vec<Value>| {
        let before = [0xff_u8; 16];
        let mut values = params![merchant, before, 51_i64, state, i64::MIN, i64::MAX, 0_i64, of, Vec::<u8>::new(), 0_i64, 0_i64, [0_u8; 16]].to_vec();
        values.extend(further);
        values
    };
    let any = Vec::new;
    let pkey = &["orders_pkey", "sqlite_autoindex_orders_1"][..];
    let walked = [
        (orders::LIST_OF_PARTNERSHIP, page("", partnership.clone(), any()), &["orders_by_partnership", "orders_pkey"][..]),
        (orders::LIST_OF_PARTNERSHIP_STATE, page("draft", vec![7; 16], any()), &["orders_of_partnership_by_state", "orders_by_state"][..]),
        (orders::LIST_OF_PARTNERSHIP_STATE, page("draft", partnership.clone(), any()), &["orders_of_partnership_by_state", "orders_by_state"][..]),
        (orders::LIST_OF_PARTNERSHIP_HELD, page("", partnership, any()), &["orders_held"][..]),
        (orders::LIST_OF_MERCHANT, page("", Vec::new(), any()), pkey),
        (orders::LIST_OF_STATE, page("draft", Vec::new(), any()), &["orders_by_state"][..]),
        (orders::LIST_OF_HELD, page("", Vec::new(), any()), &["orders_held"][..]),
        (orders::LIST_OF_PRODUCT, page("", Vec::new(), vec![product.into()]), &["order_item_by_product"][..]),
    ];
    for (list, values, indexes) in walked {
        for text in [list.newest, list.oldest] {
            let found = plan(app, text, values.clone()).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
            assert!(!sorts(&found), "{found}");
            bounded(app, &found);
        }
    }
    let span = |of: Value| params![merchant, of, [0_u8; 16], [0xff_u8; 16], 10_001_i64].to_vec();
    for (count, values, index) in
        [(orders::COUNT_OF_PRODUCT, span(product.into()), "order_item_by_product"), (orders::COUNT_OF_STATE, span("draft".into()), "orders_by_state")]
    {
        let found = plan(app, count, values).await;
        assert!(found.contains(index), "not by {index}: {found}");
        bounded(app, &found);
    }
    let text = |word: &str| vec![Value::from(word)];
    let name = || vec![Value::from("INV-000001"), Value::from(&b"inv-000001"[..])];
    let begins = vec![Value::from(&b"po-1"[..]), Value::from(&b"po-1\xff"[..])];
    for (list, further, indexes) in [
        (orders::LIST_OF_NAME, name(), &["orders_merchant_number_key", "sqlite_autoindex_orders_2"][..]),
        (orders::LIST_OF_NAME, name(), &["invoice_by_number"][..]),
        (orders::LIST_OF_NAME, name(), &["orders_by_reference"][..]),
        (orders::LIST_OF_CUSTOMER, text("ada@customer.example"), &["customer_by_email"][..]),
        (orders::LIST_OF_REFERENCE, begins, &["orders_by_reference"][..]),
    ] {
        for text in [list.newest, list.oldest] {
            let found = plan(app, text, page("", Vec::new(), further.clone())).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
            let walks = ["Seq Scan on orders", "SCAN o", "sqlite_autoindex_orders_1 (merchant=? AND id<?)"];
            assert!(walks.iter().all(|walk| !found.contains(walk)), "walks all orders: {found}");
        }
    }
}

/// BIL-1: the invoices of a partnership that has few among many go by the partnership, whatever else is asked for; what is rare in one that has many goes
/// by an index of just that.
pub async fn of_invoices(app: &TestApp, merchant: i64, many: Vec<u8>) {
    let few = vec![7_u8; 16];
    let (day, none) = ("2026-03-01", Vec::<u8>::new());
    let newest = |of: &[u8], further: &[&str]| {
        let mut values = params![merchant, 51_i64, of.to_vec(), "", [0xff_u8; 16]].to_vec();
        values.extend(further.iter().map(|day| Value::from(*day)));
        values
    };
    let by_due_of = |of: Vec<u8>, further: &[&str]| {
        let mut values = params![merchant, 51_i64, of, "", "", none.clone()].to_vec();
        values.extend(further.iter().map(|day| Value::from(*day)));
        values
    };
    let by_due = |further: &[&str]| by_due_of(few.clone(), further);
    let (own, due) = ("invoice_by_partnership", "invoice_by_partnership_due");
    for (list, values, index) in [
        (invoices::LIST_OF_PARTNERSHIP, newest(&few, &[]), own),
        (invoices::LIST_PAID_OF_PARTNERSHIP, newest(&few, &[]), own),
        (invoices::LIST_CANCELED_OF_PARTNERSHIP, newest(&few, &[]), "invoice_"),
        (invoices::LIST_UNPAID_OF_PARTNERSHIP, newest(&few, &[day]), "invoice_"),
        (invoices::LIST_OVERDUE_OF_PARTNERSHIP, newest(&few, &[day]), "invoice_"),
        (invoices::LIST_CANCELED_OF_PARTNERSHIP, newest(&many, &[]), "invoice_canceled"),
        (invoices::LIST_UNPAID_OF_PARTNERSHIP, newest(&many, &[day]), "invoice_open"),
        (invoices::LIST_OVERDUE_OF_PARTNERSHIP, newest(&many, &[day]), "invoice_open"),
        (invoices::LIST_OF_PARTNERSHIP_BY_DUE, by_due(&[]), due),
        (invoices::PAID_OF_PARTNERSHIP_BY_DUE, by_due(&[]), due),
        (invoices::CANCELED_BY_DUE, by_due_of(Vec::new(), &[]), "invoice_canceled"),
        (invoices::CANCELED_OF_PARTNERSHIP_BY_DUE, by_due_of(many.clone(), &[]), "invoice_canceled"),
        (invoices::LIST_TOP_UPS, newest(&[], &[]), "invoice_top_up"),
        (invoices::LIST_PAID_TOP_UPS, newest(&[], &[]), "invoice_top_up"),
        (invoices::LIST_PAID_TOP_UPS_OF_PARTNERSHIP, newest(&many, &[]), "invoice_top_up"),
    ] {
        let found = plan(app, list, values).await;
        assert!(found.contains(index), "not by {index}: {found}");
    }
}

/// PAR-17: messages that were not sent are not looked for among those that were, for the list and for what the overview counts.
pub async fn of_messages(app: &TestApp, merchant: i64) {
    let page = params![merchant, [0xff_u8; 16], 51_i64, "failed", "", Vec::<u8>::new(), ""].to_vec();
    let found = plan(app, messages::LIST_OF_UNSENT_STATE, page).await;
    assert!(found.contains("message_by_state") && !sorts(&found), "{found}");
    let found = plan(app, waiting::WAITING, params![merchant, "2026-03-01", 100_i64].to_vec()).await;
    assert!(found.contains("message_by_state"), "{found}");
}

/// ORD-9, FUL-2: licenses that few are like are not looked for among all.
pub async fn of_licenses(app: &TestApp, merchant: i64, partnership: Vec<u8>, product: i64) {
    let page = |stage: &str, status: &str, of: Vec<u8>| params![merchant, [0xff_u8; 16], 51_i64, product, stage, status, of].to_vec();
    let confirm = "waiting_for_fulfillment_confirmation";
    let of_order = [page("", "", Vec::new()), params![[7_u8; 16]].to_vec()].concat();
    for (list, values, indexes) in [
        (licenses::LIST, page("", "", Vec::new()), &["license_of_both_pkey", "sqlite_autoindex_license_1"][..]),
        (licenses::LIST_OF_ORDER, of_order, &["license_by_order"][..]),
        (licenses::LIST_OF_PARTNERSHIP, page("", "", vec![7; 16]), &["license_by_partnership"][..]),
        (licenses::LIST_AVAILABLE_OF_PRODUCT, page("available", "", partnership.clone()), &["license_available"][..]),
        (licenses::LIST_TO_CONFIRM, page("", confirm, partnership.clone()), &["license_to_confirm"][..]),
        (licenses::LIST_OF_RARE_STAGE, page("revoked", "", Vec::new()), &["license_of_rare_stage"][..]),
        (licenses::LIST_OF_RARE_STAGE, page("revoked", "", partnership), &["license_of_rare_stage"][..]),
    ] {
        for (text, values) in both(list, &values) {
            let found = plan(app, text, values).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
            assert!(!sorts(&found), "{found}");
        }
    }
    let found = plan(app, licenses::FIRST_IN_FILE, params![merchant, [7_u8; 16]].to_vec()).await;
    assert!(found.contains("license_by_order") && !sorts(&found), "{found}");
}

/// A list of licenses in both orders, each from where it begins: the second parameter is what a page goes on behind.
fn both(list: Turned, values: &[Value]) -> [(Sql, Vec<Value>); 2] {
    [(list.newest, [0xff_u8; 16]), (list.oldest, [0; 16])].map(|(text, behind)| {
        let mut values = values.to_vec();
        values[1] = Value::from(behind);
        (text, values)
    })
}

/// PAR-17: what a word leads to goes by the index of what it looks like, and walks no licenses.
pub async fn of_licenses_that_a_word_finds(app: &TestApp, merchant: i64, partnership: Vec<u8>) {
    for of in [Vec::new(), partnership] {
        of_a_word(app, merchant, &of).await;
    }
}

/// The same for one that asks: the merchant where `of` is empty, else the reseller.
async fn of_a_word(app: &TestApp, merchant: i64, of: &[u8]) {
    let page = |further: Vec<Value>| {
        let mut values = params![merchant, [0xff_u8; 16], 51_i64, 0_i64, "", "", of.to_vec(), Vec::<u8>::new()].to_vec();
        values.extend(further);
        values
    };
    let name = || vec![Value::from("2026-000001"), Value::from(&b"po-1"[..])];
    let customer = vec![Value::from("ada@customer.example")];
    for (list, further, indexes) in [
        (orders::LICENSE_OF_ID, vec![Value::from(&[7_u8; 16][..])], &["license_of_both_pkey", "sqlite_autoindex_license_1"][..]),
        (orders::LICENSES_OF_CUSTOMER, customer, &["license_by_customer"][..]),
        (orders::LICENSES_OF_NAME, name(), &["license_by_order"][..]),
        (orders::LICENSES_OF_NAME, name(), &["orders_by_reference"][..]),
        (orders::LICENSES_OF_NAME, name(), &["invoice_by_number"][..]),
    ] {
        for (text, values) in both(list, &page(further)) {
            let found = plan(app, text, values).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
            let walks = ["Seq Scan on license", "SCAN l", "sqlite_autoindex_license_1 (merchant=? AND id<?)", "Seq Scan on orders"];
            assert!(walks.iter().all(|walk| !found.contains(walk)), "walks all licenses: {found}");
        }
    }
}

/// PAY-3: payments of one reseller, of one invoice, of one way and with one reference go by an index of just those.
pub async fn of_payments(app: &TestApp, merchant: i64) {
    let page = |of: Vec<u8>, invoice: Vec<u8>, method: &str, further: Vec<Value>| {
        let mut values = params![merchant, [0xff_u8; 16], 51_i64, [0_u8; 16], i64::MIN, i64::MAX, of, invoice, method].to_vec();
        values.extend(further);
        values
    };
    let (none, some) = (Vec::<u8>::new, || vec![7_u8; 16]);
    let name = || vec![Value::from("RE-1"), Value::from("RE-1")];
    for (list, values, indexes) in [
        (invoices::PAYMENTS, page(none(), none(), "", Vec::new()), &["payment_pkey", "sqlite_autoindex_payment_1"][..]),
        (invoices::PAYMENTS_OF_PARTNERSHIP, page(some(), none(), "", Vec::new()), &["payment_by_partnership"][..]),
        (invoices::PAYMENTS_OF_INVOICE, page(none(), some(), "", Vec::new()), &["payment_by_invoice"][..]),
        (invoices::PAYMENTS_OF_METHOD, page(none(), none(), "wire", Vec::new()), &["payment_by_method"][..]),
        (invoices::PAYMENTS_OF_NAME, page(none(), none(), "", name()), &["payment_by_reference"][..]),
        (invoices::PAYMENTS_OF_NAME, page(some(), none(), "", name()), &["payment_by_reference"][..]),
    ] {
        for text in [list.newest, list.oldest] {
            let found = plan(app, text, values.clone()).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
        }
    }
}

/// EXT-2: fulfillments in a rare state, and those under an id of a shop, are not looked for among all; a span bounds the walk.
pub async fn of_fulfillments(app: &TestApp, merchant: i64, partnership: Vec<u8>) {
    let page = |state: &str, external: &str, of: Vec<u8>| params![merchant, [0xff_u8; 16], 51_i64, state, external, 0_i64, i64::MAX, of, [0_u8; 16]].to_vec();
    for (list, values, indexes) in [
        (fulfillments::LIST, page("", "", Vec::new()), &["fulfillment_pkey", "sqlite_autoindex_fulfillment_1"][..]),
        (fulfillments::LIST_OF_PARTNERSHIP, page("", "", vec![7; 16]), &["fulfillment_by_partnership"][..]),
        (fulfillments::LIST_OF_RARE_STATE, page("refunded", "", Vec::new()), &["fulfillment_of_rare_state"][..]),
        (fulfillments::LIST_OF_RARE_STATE, page("failed", "", partnership.clone()), &["fulfillment_of_rare_state"][..]),
    ] {
        for text in [list.newest, list.oldest] {
            let found = plan(app, text, values.clone()).await;
            assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
            assert!(!sorts(&found), "{found}");
            bounded(app, &found);
        }
    }
    for (list, of) in [(fulfillments::LIST_OF_EXTERNAL_ORDER, Vec::new()), (fulfillments::LIST_OF_PARTNERSHIP_EXTERNAL_ORDER, partnership)] {
        for text in [list.newest, list.oldest] {
            let found = plan(app, text, page("", "EXT-1", of.clone())).await;
            assert!(found.contains("sqlite_autoindex_fulfillment_2") || found.contains("fulfillment_merchant_partnership_external_order_id_key"), "{found}");
        }
    }
}
