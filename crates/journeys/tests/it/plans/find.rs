//! What is asked while somebody types goes by indexes, and looks at so many rows and no more (ORD-10).

use super::plan;
use tradepost_domain::reports::find;
use tradepost_store::params;
use tradepost_testkit::TestApp;

/// No look-up walks through a table.
pub async fn of_words(app: &TestApp, merchant: i64, partnership: Vec<u8>) {
    let (from, to) = (b"po-1".to_vec(), b"po-1\xff".to_vec());
    let orders = |of: Vec<u8>| params![merchant, of, "PO-1", from.clone(), to.clone(), 5_i64, 500_i64].to_vec();
    let customer = |of: Vec<u8>| params![merchant, "ada@customer.example", of, 5_i64].to_vec();
    for (text, values, indexes) in [
        (find::ORDERS_OF_ALL, orders(Vec::new()), &["orders_merchant_number_key", "sqlite_autoindex_orders_2"][..]),
        (find::ORDERS_OF_ALL, orders(Vec::new()), &["orders_by_reference"][..]),
        (find::ORDERS_OF_ONE, orders(partnership.clone()), &["orders_by_partnership", "orders_of_partnership_by_state", "orders_pkey"][..]),
        (find::ORDERS_OF_ONE, orders(partnership.clone()), &["orders_by_reference"][..]),
        (find::LICENSES_OF_CUSTOMER, customer(Vec::new()), &["customer_by_email"][..]),
        (find::LICENSES_OF_CUSTOMER, customer(partnership), &["license_by_customer"][..]),
    ] {
        let found = plan(app, text, values).await;
        assert!(indexes.iter().any(|index| found.contains(index)), "not by {indexes:?}: {found}");
        let walks = ["Seq Scan on orders", "Seq Scan on license", "Seq Scan on customer", "SCAN o", "SCAN y", "SCAN l", "SCAN c"];
        assert!(walks.iter().all(|walk| !found.split(" | ").any(|line| line.trim() == *walk || line.contains(&format!("{walk} ")))), "walks a table: {found}");
    }
}
