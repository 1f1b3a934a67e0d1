//! What must be named: one statement each, done to the world past the store, and the checks that it breaks.

/// One way to spoil the world.
pub struct Corruption {
    /// In the common subset of both engines. Orders are known by their references.
    pub sql: &'static str,
    /// Exactly these are violated, in the order in which they run.
    pub broken: &'static [&'static str],
    /// Whether a CHECK or a foreign key of the schema is broken too.
    pub breaks_schema: bool,
    /// Whether only `--full` sees it.
    pub full: bool,
}

const fn breaks(broken: &'static [&'static str], sql: &'static str) -> Corruption {
    Corruption { sql, broken, breaks_schema: false, full: false }
}

impl Corruption {
    const fn and_the_schema(mut self) -> Self {
        self.breaks_schema = true;
        self
    }

    const fn in_full(mut self) -> Self {
        self.full = true;
        self
    }
}

macro_rules! order {
    ($reference:literal) => {
        concat!("(SELECT id FROM orders WHERE reference = '", $reference, "')")
    };
}

macro_rules! transfer {
    ($kind:literal of $reference:literal) => {
        concat!("(SELECT t.id FROM transfer t WHERE t.kind = '", $kind, "' AND t.reference = ", order!($reference), ")")
    };
}

macro_rules! invoice {
    ($reference:literal) => {
        concat!("(SELECT invoice FROM invoice_order WHERE orders = ", order!($reference), ")")
    };
}

/// A license of nothing to deliver, in the first order.
macro_rules! file_license {
    () => {
        concat!("(SELECT id FROM license WHERE method = 'none' AND orders = ", order!("on credit"), " ORDER BY id LIMIT 1)")
    };
}

macro_rules! fulfillment {
    ($external:literal) => {
        concat!("(SELECT id FROM fulfillment WHERE external_order_id = '", $external, "')")
    };
}

pub const ALL: &[Corruption] = &[
    // Ledger.
    breaks(
        &["ledger.transfers_balance"],
        concat!(
            "UPDATE entry SET amount_minor = amount_minor + 1 WHERE account IN (SELECT id FROM account WHERE kind = 'sales') AND transfer = ",
            transfer!("order_placed" of "on credit"),
            "; UPDATE entry SET amount_minor = amount_minor - 1 WHERE account IN (SELECT id FROM account WHERE kind = 'sales') AND transfer = ",
            transfer!("order_placed" of "work")
        ),
    ),
    breaks(&["ledger.zero_sum", "ledger.balances"], "UPDATE account SET balance_minor = balance_minor + 1 WHERE kind = 'sales'"),
    breaks(
        &["ledger.balances"],
        "UPDATE account SET balance_minor = balance_minor + CASE kind WHEN 'sales' THEN 1 ELSE -1 END WHERE kind IN ('sales', 'cash_wire')",
    ),
    breaks(&["ledger.zero_sum", "ledger.entry_currency"], "UPDATE account SET currency = 'EUR' WHERE kind = 'cash_wire'"),
    breaks(&["ledger.reversals"], concat!("UPDATE transfer SET reverses = ", transfer!("order_placed" of "work"), " WHERE kind = 'order_canceled'")),
    breaks(&["ledger.reversals"], "UPDATE transfer SET reverses = reference WHERE kind = 'order_canceled'"),
    breaks(&["ledger.postings"], concat!("UPDATE transfer SET kind = 'gift' WHERE id = ", transfer!("order_placed" of "unpaid"))),
    breaks(&["ledger.postings"], "UPDATE transfer SET kind = 'gift' WHERE kind = 'order_canceled'"),
    breaks(&["ledger.postings"], "UPDATE transfer SET kind = 'gift' WHERE id = (SELECT id FROM transfer WHERE kind = 'payment' ORDER BY id LIMIT 1)"),
    breaks(
        &["ledger.balances", "ledger.postings"],
        concat!(
            "UPDATE entry SET account = (SELECT id FROM account WHERE kind = 'sales') WHERE account IN (SELECT id FROM account WHERE kind = 'receivable') AND transfer = ",
            transfer!("order_placed" of "on credit")
        ),
    ),
    breaks(&["ledger.postings"], "UPDATE transfer SET reference = id WHERE kind = 'cancellation_credit'"),
    breaks(&["ledger.prepaid_balance"], "UPDATE fulfillment SET balance_after_minor = balance_after_minor + 1 WHERE external_order_id = 'ext-2'"),
    // Credit and licenses.
    breaks(&["credit.used", "billing.payments"], "UPDATE orders SET paid_minor = paid_minor + 1 WHERE reference = 'unpaid'"),
    breaks(&["credit.released_fit"], "UPDATE orders SET on_credit = 1 WHERE reference = 'beyond'"),
    breaks(&["credit.released_fit", "licenses.funded"], "UPDATE orders SET on_credit = 0 WHERE reference = 'on credit'"),
    breaks(
        &["credit.released_fit"],
        concat!("UPDATE audit SET after_json = '{\"because\":\"paid\"}' WHERE action = 'order.released' AND subject = ", order!("on credit")),
    ),
    breaks(&["credit.released_fit"], concat!("DELETE FROM audit WHERE action = 'order.released' AND subject = ", order!("paid"))),
    breaks(
        &["licenses.funded"],
        concat!("UPDATE license SET stage = 'distributed', status = 'fulfillment_confirmed', confirmed_ms = 1 WHERE orders = ", order!("beyond")),
    ),
    breaks(&["licenses.state"], concat!("UPDATE license SET status = 'fulfillment_confirmed' WHERE id = ", file_license!())),
    breaks(&["licenses.state"], concat!("UPDATE license SET status = 'fulfilled' WHERE orders = ", order!("late"))),
    // Stock.
    breaks(
        &["stock.one_license_per_key"],
        concat!("UPDATE license SET license_key = (SELECT id FROM license_key WHERE state = 2 ORDER BY id LIMIT 1) WHERE id = ", file_license!()),
    ),
    breaks(
        &["stock.key_and_license_agree"],
        concat!("UPDATE license SET license_key = (SELECT id FROM license_key WHERE state = 0 ORDER BY id LIMIT 1) WHERE id = ", file_license!()),
    ),
    breaks(
        &["stock.key_and_license_agree"],
        concat!(
            "UPDATE license_key SET state = 5 - state WHERE id = (SELECT license_key FROM license WHERE stage = 'available' AND orders = ",
            order!("on credit"),
            " ORDER BY id LIMIT 1) OR id = (SELECT license_key FROM license WHERE stage = 'distributed' AND license_key IS NOT NULL AND orders = ",
            order!("on credit"),
            " ORDER BY id LIMIT 1)"
        ),
    ),
    breaks(&["stock.key_and_license_agree"], "UPDATE license_key SET license = NULL WHERE state = 1").and_the_schema(),
    breaks(&["stock.counters"], "UPDATE stock SET available = available + 1 WHERE available > 0"),
    breaks(&["stock.promised"], "UPDATE stock SET available = available - 1, promised = promised + 1 WHERE available > 0"),
    breaks(&["stock.counters"], "UPDATE stock SET horizon = horizon + 1 WHERE horizon < next_place"),
    breaks(
        &["stock.shown_never_available"],
        "UPDATE license_key SET shown_ms = 1 WHERE id = (SELECT id FROM license_key WHERE state = 0 ORDER BY id DESC LIMIT 1)",
    )
    .and_the_schema(),
    breaks(&["stock.expiry"], "UPDATE license_key SET expires_ms = 1 WHERE id = (SELECT id FROM license_key WHERE state = 0 ORDER BY id LIMIT 1)"),
    breaks(&["stock.expiry"], "UPDATE license_key SET expired_ms = 1 WHERE id = (SELECT id FROM license_key WHERE state = 3 ORDER BY id LIMIT 1)"),
    breaks(
        &["stock.codes_open"],
        "UPDATE license_key SET sealed = (SELECT k.sealed FROM license_key k ORDER BY k.id LIMIT 1) WHERE id = (SELECT id FROM license_key ORDER BY id DESC LIMIT 1)",
    ),
    breaks(&["stock.codes_open"], "UPDATE license_key SET fingerprint = id WHERE id = (SELECT id FROM license_key ORDER BY id DESC LIMIT 1)").in_full(),
    breaks(&["stock.codes_open"], "UPDATE license_key SET masked = 'KEYA' WHERE id = (SELECT id FROM license_key ORDER BY id LIMIT 1)"),
    // Orders.
    breaks(&["orders.licenses_per_item"], concat!("DELETE FROM license WHERE orders = ", order!("late"))),
    breaks(
        &["orders.licenses_per_item"],
        concat!("DELETE FROM license WHERE id = (SELECT id FROM license WHERE orders = ", order!("beyond"), " ORDER BY id LIMIT 1)"),
    ),
    breaks(
        &["orders.licenses_per_item", "orders.prices_explained", "sales.days"],
        concat!("UPDATE order_item SET quantity = quantity + 1 WHERE orders = ", order!("late")),
    ),
    breaks(&["orders.totals"], "UPDATE orders SET total_minor = 5 WHERE reference = 'draft'"),
    breaks(&["orders.totals", "orders.prices_explained"], concat!("UPDATE order_item SET line_minor = line_minor + 1 WHERE orders = ", order!("late"))),
    breaks(&["orders.reservations"], concat!("UPDATE license SET queued_ms = NULL WHERE orders = ", order!("late"))),
    breaks(&["orders.reservations"], "UPDATE orders SET reservation_ended_ms = reserved_until_ms WHERE reference = 'unpaid'"),
    breaks(&["orders.reservations"], "UPDATE orders SET reserved_until_ms = 2, reservation_ended_ms = 1 WHERE reference = 'paid'"),
    breaks(&["orders.prices_explained"], concat!("UPDATE order_item SET unit_minor = unit_minor + 1 WHERE orders = ", order!("late"))),
    breaks(&["orders.prices_explained"], concat!("UPDATE order_item SET explanation = NULL WHERE orders = ", order!("late"))),
    breaks(&["orders.state"], "UPDATE orders SET state = 'complete' WHERE reference = 'unpaid'"),
    breaks(&["orders.state"], "UPDATE orders SET completed_ms = NULL WHERE reference = 'work'"),
    // Fulfillments.
    breaks(
        &["fulfillments.licenses"],
        concat!("UPDATE license SET partnership = (SELECT partnership FROM orders WHERE reference = 'paid') WHERE fulfillment = ", fulfillment!("ext-1")),
    ),
    breaks(&["fulfillments.licenses", "fulfillments.state", "sales.days"], "UPDATE fulfillment SET refunded_quantity = 1 WHERE external_order_id = 'ext-2'"),
    breaks(&["fulfillments.state", "events.fulfillments"], "UPDATE fulfillment SET delivered_ms = NULL WHERE external_order_id = 'ext-1'"),
    breaks(
        &["stock.key_and_license_agree", "fulfillments.licenses"],
        concat!("UPDATE license SET stage = 'revoked' WHERE fulfillment = ", fulfillment!("ext-1")),
    ),
    breaks(&["fulfillments.debits"], concat!("UPDATE transfer SET kind = 'gift' WHERE kind = 'fulfillment' AND reference = ", fulfillment!("ext-3"))),
    breaks(&["fulfillments.refunds"], "UPDATE cancel_request SET refund_minor = refund_minor + 1 WHERE state = 'approved'"),
    breaks(&["fulfillments.refunds"], "UPDATE cancel_request SET refund_minor = 500 WHERE state = 'rejected'"),
    breaks(&["fulfillments.refunds", "sales.days"], "UPDATE fulfillment SET refunded_minor = refunded_minor + 1 WHERE external_order_id = 'ext-4'"),
    breaks(&["fulfillments.refunds"], "UPDATE transfer SET kind = 'gift' WHERE kind = 'fulfillment_refund'"),
    breaks(&["fulfillments.refunds"], "UPDATE transfer SET reference = id WHERE kind = 'fulfillment_refund'"),
    breaks(&["fulfillments.prices_explained"], "UPDATE fulfillment SET unit_minor = unit_minor + 1 WHERE external_order_id = 'ext-1'"),
    breaks(&["fulfillments.external_orders"], "UPDATE fulfillment SET external_order_id = '' WHERE external_order_id = 'ext-3'"),
    // Numbers and billing.
    breaks(&["numbers.orders"], "UPDATE orders SET number = '2026-000999' WHERE reference = 'late'"),
    breaks(&["numbers.orders"], "UPDATE orders SET number = 'one' WHERE reference = 'late'"),
    breaks(&["numbers.orders"], "UPDATE counter SET value = value + 1 WHERE name = 'order:2026'"),
    breaks(&["billing.invoice_numbers"], "UPDATE counter SET value = value + 1 WHERE name = 'invoice:INV'"),
    breaks(&["billing.invoice_numbers"], concat!("UPDATE invoice SET sequence = sequence + 100 WHERE id = ", invoice!("late"))),
    breaks(
        &["billing.invoice_totals"],
        concat!("UPDATE invoice SET body = replace(body, '\"total_minor\":', '\"total_minor\":1') WHERE id = ", invoice!("late")),
    ),
    breaks(
        &["billing.invoice_totals"],
        concat!(
            "UPDATE invoice SET due_on = '2030-01-01', body = replace(body, '\"due_on\":\"' || due_on, '\"due_on\":\"2030-01-01') WHERE id = ",
            invoice!("late")
        ),
    ),
    breaks(&["billing.payments"], concat!("UPDATE invoice SET paid_minor = paid_minor - 1 WHERE id = ", invoice!("paid"))),
    breaks(&["billing.payments"], concat!("DELETE FROM payment_allocation WHERE orders = ", order!("work"))),
    breaks(&["billing.one_live_invoice_per_order"], concat!("UPDATE invoice SET canceled_ms = 1 WHERE id = ", invoice!("late"))),
    breaks(&["billing.one_live_invoice_per_order"], "UPDATE invoice SET canceled_ms = NULL WHERE canceled_ms IS NOT NULL AND kind = 'order'"),
    breaks(&["billing.top_ups", "events.top_ups"], concat!("UPDATE invoice SET kind = 'top_up' WHERE id = ", invoice!("late"))),
    // Traces.
    breaks(&["events.order_placed"], concat!("DELETE FROM outbox WHERE kind = 'order.placed' AND subject = ", order!("fresh"))),
    breaks(&["events.order_placed"], concat!("DELETE FROM outbox WHERE kind = 'invoice.issued' AND subject = ", invoice!("fresh"))),
    breaks(&["events.order_placed"], concat!("UPDATE outbox SET subject = ", order!("late"), " WHERE kind = 'order.placed' AND subject = ", order!("work"))),
    breaks(&["events.order_placed"], "UPDATE outbox SET kind = 'order.forgotten' WHERE kind = 'order.canceled'"),
    breaks(&["events.fulfillments"], concat!("DELETE FROM outbox WHERE kind = 'fulfillment.delivered' AND subject = ", fulfillment!("ext-3"))),
    breaks(
        &["events.fulfillments"],
        concat!("UPDATE outbox SET subject = ", fulfillment!("ext-1"), " WHERE kind = 'fulfillment.delivered' AND subject = ", fulfillment!("ext-2")),
    ),
    breaks(&["events.fulfillments"], "UPDATE outbox SET kind = 'fulfillment.forgotten' WHERE kind = 'fulfillment.refunded'"),
    breaks(
        &["events.fulfillments"],
        concat!("UPDATE outbox SET kind = 'fulfillment.delivered', subject = ", fulfillment!("ext-1"), " WHERE kind = 'license.activated'"),
    ),
    breaks(&["events.cancel_requests"], "DELETE FROM outbox WHERE kind = 'cancel_request.created' AND position IS NULL"),
    breaks(&["events.cancel_requests"], "UPDATE outbox SET kind = 'cancel_request.withdrawn' WHERE kind = 'cancel_request.rejected'"),
    breaks(&["events.top_ups"], "UPDATE outbox SET kind = 'top_up.forgotten' WHERE kind = 'top_up.requested'"),
    breaks(&["events.top_ups"], "UPDATE outbox SET kind = 'balance.forgotten' WHERE kind = 'balance.topped_up'"),
    breaks(&["events.top_ups"], "UPDATE outbox SET kind = 'top_up.forgotten' WHERE kind = 'top_up.canceled'"),
    breaks(&["events.top_ups"], "UPDATE invoice SET canceled_ms = NULL WHERE kind = 'top_up'"),
    breaks(
        &["outbox.relayed_in_order"],
        concat!("UPDATE outbox SET position = position + 100000 WHERE kind = 'order.placed' AND subject = ", order!("unpaid")),
    ),
    breaks(&["outbox.relayed_in_order"], concat!("UPDATE outbox SET at_ms = at_ms + 86400000 WHERE kind = 'order.placed' AND subject = ", order!("on credit"))),
    breaks(&["audit.reveals"], "DELETE FROM audit WHERE action = 'license.revealed'"),
    breaks(&["audit.reveals"], "DELETE FROM audit WHERE action = 'licenses.downloaded'"),
    breaks(&["audit.reveals"], "DELETE FROM audit WHERE action = 'license.activated'"),
    breaks(&["events.fulfillments", "audit.reveals"], "DELETE FROM audit WHERE action = 'fulfillment.delivered'"),
    // Partnerships and tenancy.
    breaks(&["partnership.orders_placed"], "UPDATE partnership SET orders_placed = orders_placed + 1"),
    breaks(&["partnership.orders_placed"], "UPDATE orders SET place = place + 100 WHERE reference = 'fresh'"),
    breaks(&["partnership.purchase_days"], "UPDATE purchase_day SET units = units - 1"),
    breaks(&["partnership.purchase_days"], "UPDATE purchase_day SET units = units + 1000"),
    breaks(&["partnership.search_keys"], "UPDATE partnership SET email_key = 'nobody@nowhere.example'"),
    breaks(&["sales.days"], "UPDATE daily_sales SET amount_minor = amount_minor + 1"),
    breaks(&["sales.days"], "UPDATE daily_sales SET currency = 'EUR'"),
    breaks(&["sales.days"], "UPDATE orders SET placed_on = NULL WHERE reference = 'late'"),
    breaks(&["partnership.balance_due"], "UPDATE partnership SET balance_due = 1 - balance_due"),
    breaks(&["tenancy.foreign_keys"], concat!("UPDATE order_item SET product = 999 WHERE orders = ", order!("draft"))).and_the_schema(),
    breaks(&["tenancy.foreign_keys"], "UPDATE license SET customer = orders WHERE customer IS NOT NULL").and_the_schema(),
    breaks(
        &["tenancy.references"],
        concat!("UPDATE license SET partnership = (SELECT partnership FROM orders WHERE reference = 'paid') WHERE orders = ", order!("late")),
    ),
    breaks(&["tenancy.references"], "UPDATE customer SET partnership = (SELECT partnership FROM orders WHERE reference = 'paid')"),
    breaks(&["tenancy.references"], "UPDATE merchant SET twin = number"),
    // Codes in the open: as they are, and as JSON writes them.
    breaks(&["security.no_plaintext_codes"], "UPDATE outbox SET body = '{\"code\":\"KEYA-0009-IIII-RRRR\"}' WHERE kind = 'license.activated'"),
    breaks(&["security.no_plaintext_codes"], "UPDATE audit SET before_json = '{\"was\":\"xKEYB-0001-AAAA-ZZZZ\"}' WHERE action = 'order.drafted'"),
    breaks(&["security.no_plaintext_codes"], "UPDATE message SET variables = '{\"code\":\"KEYA-0012-LLLL-\\\"OOO\\\"\"}' WHERE template = 'order_placed'"),
    breaks(&["security.no_plaintext_codes"], "UPDATE command SET outcome = '\"KEYA-0001-AAAA-ZZZZ\"' WHERE name = 'orders.place'").in_full(),
];
