-- The main job: catalog, keys, partnerships, orders on credit, licenses, invoices, payments, books.
-- One text for SQLite and PostgreSQL; tokens in braces are replaced by the runner. Tenant (merchant number) first in
-- every key. Amounts are minor units, moments are milliseconds since 1970, days are YYYY-MM-DD.

-- Platform ---------------------------------------------------------------------------------------

-- Numbers without gaps, locked last: 'merchant' (merchant 0), 'product', 'order:2026', 'invoice:INV', …
CREATE TABLE counter (
    merchant {int} NOT NULL,
    name {text} NOT NULL,
    value {int} NOT NULL CHECK (value >= 0),
    PRIMARY KEY (merchant, name)
) {strict};

-- Every command that wrote something: the idempotency row (key and hash where the caller gave a key) and
-- what an unknown commit is looked up by. The outcome holds ids and numbers, never a code.
CREATE TABLE command (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    name {text} NOT NULL,
    scope {id},
    route {text},
    idempotency_key {text},
    body_hash {bytes},
    outcome {text} NOT NULL,
    at_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id)
) {strict};
CREATE UNIQUE INDEX command_by_key ON command (merchant, scope, route, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX command_by_time ON command (at_ms);

-- Who did what, when, from where. Append-only. A subject's rows are its timeline.
CREATE TABLE audit (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    command {id} NOT NULL,
    at_ms {int} NOT NULL,
    actor_kind {text} NOT NULL CHECK (actor_kind IN ('user', 'key', 'system', 'operator', 'nobody')),
    actor_id {id},
    actor_name {text} NOT NULL,
    action {text} NOT NULL,
    subject_kind {text} NOT NULL,
    subject {id} NOT NULL,
    partnership {id},
    before_json {text},
    after_json {text},
    address {text},
    request_id {text},
    PRIMARY KEY (merchant, id)
) {strict};
CREATE INDEX audit_by_subject ON audit (merchant, subject, id);
CREATE INDEX audit_by_partnership ON audit (merchant, partnership, id) WHERE partnership IS NOT NULL;

-- Events, written in the transaction that caused them. The relay gives each its position and passes it on.
CREATE TABLE outbox (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    partnership {id},
    kind {text} NOT NULL,
    subject_kind {text} NOT NULL,
    subject {id} NOT NULL,
    body {text} NOT NULL,
    at_ms {int} NOT NULL,
    position {int},
    attempts {int} NOT NULL DEFAULT 0,
    due_ms {int} NOT NULL,
    lease_until_ms {int},
    last_error {text},
    PRIMARY KEY (merchant, id)
) {strict};
CREATE INDEX outbox_waiting ON outbox (id) WHERE position IS NULL;
CREATE INDEX outbox_delayed ON outbox (due_ms) WHERE position IS NULL;
CREATE UNIQUE INDEX outbox_by_position ON outbox (merchant, position) WHERE position IS NOT NULL;
CREATE INDEX outbox_by_partnership ON outbox (merchant, partnership, position) WHERE partnership IS NOT NULL AND position IS NOT NULL;
-- For verify alone: three kinds of events are counted by their subject.
CREATE INDEX outbox_of_subject ON outbox (merchant, subject) WHERE kind IN ('order.placed', 'order.canceled', 'invoice.issued');

-- Identity ---------------------------------------------------------------------------------------

CREATE TABLE person (
    id {id} NOT NULL PRIMARY KEY,
    email {text} NOT NULL,
    email_key {text} NOT NULL UNIQUE,
    first_name {text} NOT NULL,
    last_name {text} NOT NULL,
    password_hash {text},
    email_confirmed_ms {int},
    created_ms {int} NOT NULL
) {strict};

CREATE TABLE session (
    id {id} NOT NULL PRIMARY KEY,
    person {id} NOT NULL REFERENCES person (id),
    token_hash {bytes} NOT NULL UNIQUE,
    created_ms {int} NOT NULL,
    last_seen_ms {int} NOT NULL,
    expires_ms {int} NOT NULL,
    revoked_ms {int},
    address {text},
    agent {text}
) {strict};
CREATE INDEX session_by_person ON session (person, id);

-- Links that work once: the text is derived from the id with the master key, so none is stored.
CREATE TABLE single_use_link (
    id {id} NOT NULL PRIMARY KEY,
    purpose {text} NOT NULL CHECK (purpose IN ('password_reset', 'email_confirmation', 'access')),
    person {id} NOT NULL REFERENCES person (id),
    created_ms {int} NOT NULL,
    expires_ms {int} NOT NULL,
    used_ms {int}
) {strict};
CREATE INDEX single_use_link_by_person ON single_use_link (person, purpose);

-- Failed sign-ins per account and per address; both are keyed hashes, so that the table names nobody.
CREATE TABLE sign_in_failure (
    subject {bytes} NOT NULL PRIMARY KEY,
    failures {int} NOT NULL,
    first_ms {int} NOT NULL,
    blocked_until_ms {int} NOT NULL
) {strict};

-- Merchants --------------------------------------------------------------------------------------

-- A merchant and its sandbox are two rows, each the other's twin, and share nothing else.
CREATE TABLE merchant (
    number {int} NOT NULL PRIMARY KEY,
    id {id} NOT NULL UNIQUE,
    slug {text} NOT NULL,
    name {text} NOT NULL,
    environment {text} NOT NULL CHECK (environment IN ('live', 'test')),
    twin {int} NOT NULL,
    currency {text} NOT NULL,
    time_zone {text} NOT NULL,
    sender_email {text},
    address {text},
    country {text},
    vat_id {text},
    payment_instructions {text},
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    UNIQUE (slug, environment)
) {strict};

CREATE TABLE merchant_member (
    merchant {int} NOT NULL REFERENCES merchant (number),
    person {id} NOT NULL REFERENCES person (id),
    role {text} NOT NULL CHECK (role IN ('owner', 'admin', 'fulfillment', 'finance', 'support')),
    created_ms {int} NOT NULL,
    PRIMARY KEY (merchant, person)
) {strict};
CREATE INDEX merchant_member_by_person ON merchant_member (person);

-- Catalog ----------------------------------------------------------------------------------------

-- A variant is a product row with a parent: its own SKU, prices and stock.
CREATE TABLE product (
    merchant {int} NOT NULL REFERENCES merchant (number),
    number {int} NOT NULL,
    id {id} NOT NULL,
    parent {int},
    sku {text} NOT NULL,
    name {text} NOT NULL,
    product_version {text},
    short_description {text},
    description {text},
    image_url {text},
    enabled {int} NOT NULL CHECK (enabled IN (0, 1)),
    kind {text} NOT NULL CHECK (kind IN ('key', 'subscription', 'download', 'physical', 'service')),
    type {text} NOT NULL CHECK (type IN ('regular', 'bundle')),
    product_group {text},
    weight_grams {int} CHECK (weight_grams >= 0),
    tax_category {text},
    method {text} NOT NULL CHECK (method IN ('key_pool', 'none', 'merchant')),
    end_user_information {text} NOT NULL CHECK (end_user_information IN ('none', 'at_activation', 'before_delivery')),
    reseller_information {int} NOT NULL CHECK (reseller_information IN (0, 1)),
    min_quantity {int} CHECK (min_quantity >= 1),
    max_quantity {int} CHECK (max_quantity >= 1),
    created_ms {int} NOT NULL,
    updated_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, number),
    UNIQUE (merchant, id),
    UNIQUE (merchant, sku),
    FOREIGN KEY (merchant, parent) REFERENCES product (merchant, number)
) {strict};
CREATE INDEX product_by_parent ON product (merchant, parent) WHERE parent IS NOT NULL;

CREATE TABLE bundle_part (
    merchant {int} NOT NULL,
    bundle {int} NOT NULL,
    part {int} NOT NULL,
    quantity {int} NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (merchant, bundle, part),
    FOREIGN KEY (merchant, bundle) REFERENCES product (merchant, number),
    FOREIGN KEY (merchant, part) REFERENCES product (merchant, number)
) {strict};

CREATE TABLE price_list (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    name {text} NOT NULL,
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, name)
) {strict};

-- Which products a price list offers (CAT-4).
CREATE TABLE price_list_product (
    merchant {int} NOT NULL,
    price_list {id} NOT NULL,
    product {int} NOT NULL,
    PRIMARY KEY (merchant, price_list, product),
    FOREIGN KEY (merchant, price_list) REFERENCES price_list (merchant, id),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};

-- Unit prices in three books: a product's own list price, a price list's, a partnership's override (CAT-5).
-- owner: 16 zero bytes for the list price. One row per quantity tier.
CREATE TABLE price (
    merchant {int} NOT NULL,
    product {int} NOT NULL,
    book {text} NOT NULL CHECK (book IN ('list', 'price_list', 'partnership')),
    owner {id} NOT NULL,
    currency {text} NOT NULL,
    from_quantity {int} NOT NULL CHECK (from_quantity >= 1),
    unit_minor {int} NOT NULL CHECK (unit_minor >= 0),
    PRIMARY KEY (merchant, product, book, owner, currency, from_quantity),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};

-- Partners ---------------------------------------------------------------------------------------

CREATE TABLE reseller (
    id {id} NOT NULL PRIMARY KEY,
    company {text} NOT NULL,
    email {text} NOT NULL,
    phone {text},
    street {text},
    city {text},
    postal_code {text},
    region {text},
    country {text} NOT NULL,
    vat_id {text},
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1
) {strict};

CREATE TABLE reseller_member (
    reseller {id} NOT NULL REFERENCES reseller (id),
    person {id} NOT NULL REFERENCES person (id),
    role {text} NOT NULL CHECK (role IN ('owner', 'seller', 'finance', 'viewer')),
    created_ms {int} NOT NULL,
    PRIMARY KEY (reseller, person)
) {strict};
CREATE INDEX reseller_member_by_person ON reseller_member (person);

CREATE TABLE channel (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    name {text} NOT NULL,
    price_list {id} NOT NULL,
    order_email {int} NOT NULL DEFAULT 1 CHECK (order_email IN (0, 1)),
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, name),
    FOREIGN KEY (merchant, price_list) REFERENCES price_list (merchant, id)
) {strict};

-- The tenant boundary for everything a reseller sees. Its row is locked first by whatever moves its credit.
CREATE TABLE partnership (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    reseller {id} NOT NULL REFERENCES reseller (id),
    code {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('pending', 'approved', 'active', 'denied', 'suspended', 'closed')),
    reactivates_to {text} CHECK (reactivates_to IN ('approved', 'active')),
    mode {text} NOT NULL CHECK (mode IN ('stock')),
    channel {id},
    balance_due {int} NOT NULL DEFAULT 0 CHECK (balance_due IN (0, 1)),
    orders_placed {int} NOT NULL DEFAULT 0,
    approved_ms {int},
    activated_ms {int},
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, reseller),
    UNIQUE (merchant, code),
    FOREIGN KEY (merchant, channel) REFERENCES channel (merchant, id)
) {strict};
CREATE INDEX partnership_by_reseller ON partnership (reseller);
CREATE INDEX partnership_by_channel ON partnership (merchant, channel);

-- Terms on three levels (PAR-11). A missing row inherits; a NULL value is an explicit "none".
-- owner: 16 zero bytes for the program. qualifier: '' or 'group:NAME' or 'product:ID' (margins).
CREATE TABLE term (
    merchant {int} NOT NULL REFERENCES merchant (number),
    level {text} NOT NULL CHECK (level IN ('program', 'channel', 'partnership')),
    owner {id} NOT NULL,
    name {text} NOT NULL,
    qualifier {text} NOT NULL,
    value {text},
    PRIMARY KEY (merchant, level, owner, name, qualifier)
) {strict};

-- Products given to (or, with access 0, withheld from) a partnership directly (CAT-4).
CREATE TABLE partnership_product (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    product {int} NOT NULL,
    access {int} NOT NULL CHECK (access IN (0, 1)),
    PRIMARY KEY (merchant, partnership, product),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};

-- API keys of a merchant (partnership NULL) or of one partnership (PAR-16). Only the hash is stored.
CREATE TABLE api_key (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    partnership {id},
    name {text} NOT NULL,
    masked {text} NOT NULL,
    hash {bytes} NOT NULL UNIQUE,
    rights {text} NOT NULL,
    addresses {text},
    created_ms {int} NOT NULL,
    expires_ms {int},
    last_used_ms {int},
    disabled_by_merchant_ms {int},
    disabled_by_reseller_ms {int},
    replaced_by {id},
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};

-- Ledger -----------------------------------------------------------------------------------------

-- partnership: 16 zero bytes for the merchant's own accounts. Debits are positive, credits negative.
CREATE TABLE account (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('receivable', 'account_balance', 'prepaid', 'sales', 'tax', 'charges', 'cash_check', 'cash_wire', 'write_off')),
    currency {text} NOT NULL,
    balance_minor {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, partnership, kind, currency)
) {strict};

CREATE TABLE transfer (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    kind {text} NOT NULL,
    reference {id} NOT NULL,
    reason {text} NOT NULL,
    reverses {id},
    at_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, kind, reference)
) {strict};

CREATE TABLE entry (
    merchant {int} NOT NULL,
    transfer {id} NOT NULL,
    place {int} NOT NULL,
    account {id} NOT NULL,
    amount_minor {int} NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (merchant, transfer, place),
    FOREIGN KEY (merchant, transfer) REFERENCES transfer (merchant, id),
    FOREIGN KEY (merchant, account) REFERENCES account (merchant, id)
) {strict};
CREATE INDEX entry_by_account ON entry (merchant, account, transfer);

-- Stock ------------------------------------------------------------------------------------------

-- Counters of a product's keys, changed in the transaction that moves them (STK-4). Keys at or beyond the
-- horizon are staged: no stock yet.
CREATE TABLE stock (
    merchant {int} NOT NULL,
    product {int} NOT NULL,
    available {int} NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved {int} NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    allocated {int} NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    delivered {int} NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    revoked {int} NOT NULL DEFAULT 0 CHECK (revoked >= 0),
    burned {int} NOT NULL DEFAULT 0 CHECK (burned >= 0),
    next_place {int} NOT NULL DEFAULT 1,
    horizon {int} NOT NULL DEFAULT 1,
    staging {id},
    threshold {int} NOT NULL DEFAULT 0 CHECK (threshold >= 0),
    backorder {int} NOT NULL DEFAULT 0 CHECK (backorder IN (0, 1)),
    level {text} NOT NULL DEFAULT 'out' CHECK (level IN ('ok', 'low', 'out')),
    PRIMARY KEY (merchant, product),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};

-- touched_ms: when its last slice was staged; an import that is not touched for minutes was abandoned.
CREATE TABLE key_import (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    source {text} NOT NULL,
    note {text},
    state {text} NOT NULL CHECK (state IN ('staging', 'done', 'abandoned')),
    staged {int} NOT NULL DEFAULT 0,
    duplicates {int} NOT NULL DEFAULT 0,
    bad {int} NOT NULL DEFAULT 0,
    created_ms {int} NOT NULL,
    touched_ms {int} NOT NULL,
    finished_ms {int},
    PRIMARY KEY (merchant, id)
) {strict};

-- state: 0 available (or staged, at or beyond the product's horizon), 1 reserved, 2 allocated, 3 delivered,
-- 4 revoked, 5 burned. place: order of import, per product; keys go out by it, first in, first out.
CREATE TABLE license_key (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    product {int} NOT NULL,
    place {int} NOT NULL,
    state {int} NOT NULL CHECK (state BETWEEN 0 AND 5),
    sealed {bytes} NOT NULL,
    fingerprint {bytes} NOT NULL,
    masked {text} NOT NULL,
    import {id} NOT NULL,
    license {id},
    shown_ms {int},
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, product, fingerprint),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number),
    FOREIGN KEY (merchant, import) REFERENCES key_import (merchant, id),
    CHECK ((state IN (1, 2, 3)) <= (license IS NOT NULL)),
    CHECK (state <> 0 OR shown_ms IS NULL)
) {strict};
CREATE INDEX license_key_available ON license_key (merchant, product, place) WHERE state = 0;
CREATE INDEX license_key_by_product ON license_key (merchant, product, id);
CREATE INDEX license_key_by_import ON license_key (merchant, import, id);
CREATE UNIQUE INDEX license_key_by_license ON license_key (merchant, license) WHERE license IS NOT NULL;

-- Customers --------------------------------------------------------------------------------------

-- The end user who owns a license in the end.
CREATE TABLE customer (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    email {text} NOT NULL,
    email_key {text} NOT NULL,
    first_name {text} NOT NULL,
    last_name {text} NOT NULL,
    company {text},
    phone {text},
    street {text},
    city {text},
    postal_code {text},
    region {text},
    country {text},
    language {text},
    created_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};
CREATE INDEX customer_by_email ON customer (merchant, email_key);

-- Reseller information (CAT-3): the company that sells on to the customer. No account, no rights.
CREATE TABLE reseller_information (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    company {text} NOT NULL,
    contact {text},
    email {text},
    street {text},
    city {text},
    postal_code {text},
    region {text},
    country {text},
    vat_id {text},
    created_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id)
) {strict};

-- Orders -----------------------------------------------------------------------------------------

-- state is what shown_state(facts) says (FUL-5), stored by every command that changes a fact.
-- place: the partnership's own running number of placed orders; the held queue goes by it. A placed order
-- without released_ms is held: beyond the limit or, without a limit, until it is paid.
CREATE TABLE orders (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    number {text},
    place {int},
    state {text} NOT NULL CHECK (state IN ('draft', 'pending_approval', 'awaiting_payment', 'needs_info', 'awaiting_stock', 'awaiting_confirmation', 'complete', 'canceled', 'rejected', 'refunded')),
    reference {text},
    contact {text},
    delivery_address {text},
    currency {text} NOT NULL,
    total_minor {int} NOT NULL DEFAULT 0 CHECK (total_minor >= 0),
    paid_minor {int} NOT NULL DEFAULT 0 CHECK (paid_minor >= 0 AND paid_minor <= total_minor),
    on_credit {int} NOT NULL DEFAULT 0 CHECK (on_credit IN (0, 1)),
    created_ms {int} NOT NULL,
    updated_ms {int} NOT NULL,
    placed_ms {int},
    released_ms {int},
    completed_ms {int},
    canceled_ms {int},
    cancel_note {text},
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, number),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};
CREATE INDEX orders_by_partnership ON orders (merchant, partnership, id);
CREATE INDEX orders_open ON orders (merchant, partnership, place) WHERE placed_ms IS NOT NULL AND canceled_ms IS NULL AND paid_minor < total_minor;

-- explanation: every step from list price to unit price with its source (CAT-5), as placed.
CREATE TABLE order_item (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    orders {id} NOT NULL,
    place {int} NOT NULL,
    product {int} NOT NULL,
    quantity {int} NOT NULL CHECK (quantity BETWEEN 1 AND 100000),
    unit_minor {int} NOT NULL DEFAULT 0 CHECK (unit_minor >= 0),
    line_minor {int} NOT NULL DEFAULT 0 CHECK (line_minor >= 0),
    explanation {text},
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, orders) REFERENCES orders (merchant, id),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};
CREATE UNIQUE INDEX order_item_by_order ON order_item (merchant, orders, place);

-- Licenses ---------------------------------------------------------------------------------------

-- One sold unit. stage: where it is between the merchant and the customer. status: FUL-1's five values.
-- end_user_information, reseller_information: what was asked when the order was placed.
CREATE TABLE license (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    orders {id} NOT NULL,
    item {id} NOT NULL,
    partnership {id} NOT NULL,
    product {int} NOT NULL,
    method {text} NOT NULL CHECK (method IN ('key_pool', 'none', 'merchant')),
    stage {text} NOT NULL CHECK (stage IN ('waiting', 'available', 'distributed', 'canceled')),
    status {text} NOT NULL CHECK (status IN ('not_fulfilled', 'fulfilled', 'waiting_for_fulfillment_confirmation', 'fulfillment_not_required', 'fulfillment_confirmed')),
    end_user_information {text} NOT NULL CHECK (end_user_information IN ('none', 'at_activation', 'before_delivery')),
    needs_reseller_information {int} NOT NULL CHECK (needs_reseller_information IN (0, 1)),
    license_key {id},
    customer {id},
    reseller_information {id},
    distributed_ms {int},
    sent_ms {int},
    confirmed_ms {int},
    created_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, orders) REFERENCES orders (merchant, id),
    FOREIGN KEY (merchant, item) REFERENCES order_item (merchant, id),
    FOREIGN KEY (merchant, license_key) REFERENCES license_key (merchant, id),
    FOREIGN KEY (merchant, customer) REFERENCES customer (merchant, id),
    FOREIGN KEY (merchant, reseller_information) REFERENCES reseller_information (merchant, id)
) {strict};
CREATE INDEX license_by_order ON license (merchant, orders, id);
CREATE INDEX license_by_partnership ON license (merchant, partnership, id);
CREATE INDEX license_available ON license (merchant, partnership, product, id) WHERE stage = 'available';
CREATE INDEX license_backordered ON license (merchant, product, id) WHERE method = 'key_pool' AND license_key IS NULL AND stage = 'waiting';
CREATE INDEX license_to_confirm ON license (merchant, id) WHERE status = 'waiting_for_fulfillment_confirmation';

-- Billing ----------------------------------------------------------------------------------------

-- body: the document as issued (JSON), never changed. What moves is beside it.
CREATE TABLE invoice (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    series {text} NOT NULL,
    sequence {int} NOT NULL CHECK (sequence >= 1),
    number {text} NOT NULL,
    partnership {id} NOT NULL,
    issued_on {text} NOT NULL,
    due_on {text} NOT NULL,
    currency {text} NOT NULL,
    total_minor {int} NOT NULL CHECK (total_minor >= 0),
    paid_minor {int} NOT NULL DEFAULT 0 CHECK (paid_minor >= 0 AND paid_minor <= total_minor),
    body {text} NOT NULL,
    created_ms {int} NOT NULL,
    paid_ms {int},
    canceled_ms {int},
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, series, sequence),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};
CREATE INDEX invoice_by_partnership ON invoice (merchant, partnership, id);

CREATE TABLE invoice_order (
    merchant {int} NOT NULL,
    invoice {id} NOT NULL,
    orders {id} NOT NULL,
    amount_minor {int} NOT NULL,
    PRIMARY KEY (merchant, invoice, orders),
    FOREIGN KEY (merchant, invoice) REFERENCES invoice (merchant, id),
    FOREIGN KEY (merchant, orders) REFERENCES orders (merchant, id)
) {strict};
CREATE INDEX invoice_order_by_order ON invoice_order (merchant, orders);

CREATE TABLE payment (
    merchant {int} NOT NULL REFERENCES merchant (number),
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    invoice {id} NOT NULL,
    method {text} NOT NULL CHECK (method IN ('check', 'wire', 'account_balance')),
    currency {text} NOT NULL,
    amount_minor {int} NOT NULL CHECK (amount_minor > 0),
    allocated_minor {int} NOT NULL CHECK (allocated_minor >= 0 AND allocated_minor <= amount_minor),
    received_on {text} NOT NULL,
    reference {text},
    created_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, invoice) REFERENCES invoice (merchant, id)
) {strict};
CREATE INDEX payment_by_invoice ON payment (merchant, invoice, id);
CREATE INDEX payment_by_partnership ON payment (merchant, partnership, id);

CREATE TABLE payment_allocation (
    merchant {int} NOT NULL,
    payment {id} NOT NULL,
    orders {id} NOT NULL,
    amount_minor {int} NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (merchant, payment, orders),
    FOREIGN KEY (merchant, payment) REFERENCES payment (merchant, id),
    FOREIGN KEY (merchant, orders) REFERENCES orders (merchant, id)
) {strict};
CREATE INDEX payment_allocation_by_order ON payment_allocation (merchant, orders);

-- Notices ----------------------------------------------------------------------------------------

-- The message log. merchant 0 is the operator's (resets, confirmations). variables hold no secret:
-- codes and links are references that are opened when the message is rendered. One message per event and recipient.
CREATE TABLE message (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    partnership {id},
    event {id} NOT NULL,
    template {text} NOT NULL,
    template_version {int} NOT NULL,
    recipient {text} NOT NULL,
    variables {text} NOT NULL,
    subject_kind {text} NOT NULL,
    subject {id} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('logged', 'queued', 'sent', 'failed')),
    attempts {int} NOT NULL DEFAULT 0,
    due_ms {int} NOT NULL,
    lease_until_ms {int},
    last_error {text},
    created_ms {int} NOT NULL,
    sent_ms {int},
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, event, recipient, template)
) {strict};
CREATE INDEX message_waiting ON message (due_ms, id) WHERE state = 'queued';
CREATE INDEX message_by_subject ON message (merchant, subject, id);
