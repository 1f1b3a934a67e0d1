-- External shops: fulfillments from a prepaid balance, top-ups, purchase limits, dynamic URLs.

-- Top-ups ----------------------------------------------------------------------------------------

-- A top-up is an invoice of its own kind: what is paid on it becomes prepaid balance.
ALTER TABLE invoice ADD COLUMN kind {text} NOT NULL DEFAULT 'order' CHECK (kind IN ('order', 'top_up'));
ALTER TABLE invoice ADD COLUMN automatic {int} NOT NULL DEFAULT 0 CHECK (automatic IN (0, 1));
-- No second automatic top-up while one is open (EXT-8).
CREATE UNIQUE INDEX invoice_open_automatic_top_up ON invoice (merchant, partnership)
    WHERE kind = 'top_up' AND automatic = 1 AND paid_ms IS NULL AND canceled_ms IS NULL;
CREATE INDEX invoice_top_up_by_partnership ON invoice (merchant, partnership, id) WHERE kind = 'top_up';

-- When a debit leaves the balance below the threshold, an invoice over amount, or up to target, is issued.
CREATE TABLE auto_top_up (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    enabled {int} NOT NULL CHECK (enabled IN (0, 1)),
    currency {text} NOT NULL,
    threshold_minor {int} NOT NULL CHECK (threshold_minor >= 0),
    amount_minor {int} CHECK (amount_minor > 0),
    target_minor {int} CHECK (target_minor > threshold_minor),
    updated_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, partnership),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id),
    CHECK ((amount_minor IS NULL) <> (target_minor IS NULL))
) {strict};

-- Purchase limits --------------------------------------------------------------------------------

-- Units ordered and fulfilled per day in the merchant's time zone, whatever the route (PRG-9). A month is the sum of its days.
CREATE TABLE purchase_day (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    day {text} NOT NULL,
    units {int} NOT NULL CHECK (units >= 0),
    PRIMARY KEY (merchant, partnership, day),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict_rowless};

-- Dynamic URLs -----------------------------------------------------------------------------------

-- A dynamic URL is a key of its own kind that opens its one route only; products: ids, separated by spaces.
ALTER TABLE api_key ADD COLUMN kind {text} NOT NULL DEFAULT 'api' CHECK (kind IN ('api', 'dynamic_url'));
ALTER TABLE api_key ADD COLUMN products {text};

-- Fulfillments -----------------------------------------------------------------------------------

-- What an external shop's call brought about. balance_after_minor: the prepaid balance right after the debit. day: when it
-- was counted against the purchase limits. explanation: every step to the unit price (CAT-5). ready: how many of its licenses
-- were made; while it is processing the others are promised in the product's stock (EXT-10).
CREATE TABLE fulfillment (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    external_order_id {text} NOT NULL,
    source {text} NOT NULL CHECK (source IN ('api', 'dynamic_url')),
    state {text} NOT NULL CHECK (state IN ('processing', 'delivered', 'partly_refunded', 'refunded', 'failed')),
    product {int} NOT NULL,
    quantity {int} NOT NULL CHECK (quantity BETWEEN 1 AND 100000),
    currency {text} NOT NULL,
    unit_minor {int} NOT NULL CHECK (unit_minor >= 0),
    total_minor {int} NOT NULL CHECK (total_minor >= 0),
    explanation {text} NOT NULL,
    balance_after_minor {int} NOT NULL,
    ready {int} NOT NULL CHECK (ready >= 0 AND ready <= quantity),
    refunded_quantity {int} NOT NULL DEFAULT 0 CHECK (refunded_quantity >= 0 AND refunded_quantity <= quantity),
    refunded_minor {int} NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0 AND refunded_minor <= total_minor),
    customer_email {text} NOT NULL,
    customer_name {text},
    metadata {text},
    mailed {int} NOT NULL CHECK (mailed IN (0, 1)),
    day {text} NOT NULL,
    created_ms {int} NOT NULL,
    delivered_ms {int},
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, partnership, external_order_id),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id),
    FOREIGN KEY (merchant, product) REFERENCES product (merchant, number)
) {strict};
CREATE INDEX fulfillment_by_partnership ON fulfillment (merchant, partnership, id);
CREATE INDEX fulfillment_processing ON fulfillment (merchant, id) WHERE state = 'processing';

-- The reseller asks for a fulfillment, or some of its licenses, to be taken back; the merchant decides (EXT-9). whole: about
-- all that were not taken back before; else its licenses stand in cancel_request_license. quantity: about how many.
CREATE TABLE cancel_request (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    partnership {id} NOT NULL,
    fulfillment {id} NOT NULL,
    reason {text} NOT NULL,
    state {text} NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn')),
    whole {int} NOT NULL CHECK (whole IN (0, 1)),
    quantity {int} NOT NULL CHECK (quantity > 0),
    refund_minor {int} NOT NULL DEFAULT 0 CHECK (refund_minor >= 0),
    note {text},
    created_ms {int} NOT NULL,
    decided_ms {int},
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, id),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id),
    FOREIGN KEY (merchant, fulfillment) REFERENCES fulfillment (merchant, id)
) {strict};
CREATE UNIQUE INDEX cancel_request_pending ON cancel_request (merchant, fulfillment) WHERE state = 'pending';
CREATE INDEX cancel_request_by_partnership ON cancel_request (merchant, partnership, id);
CREATE INDEX cancel_request_by_fulfillment ON cancel_request (merchant, fulfillment, id);

-- Licenses ---------------------------------------------------------------------------------------

-- A license comes from an item of an order or from a fulfillment. A column can't lose its NOT NULL in one text for
-- both databases, so the table is made anew.
CREATE TABLE license_of_both (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    orders {id},
    item {id},
    fulfillment {id},
    partnership {id} NOT NULL,
    product {int} NOT NULL,
    method {text} NOT NULL CHECK (method IN ('key_pool', 'none', 'merchant')),
    stage {text} NOT NULL CHECK (stage IN ('waiting', 'available', 'distributed', 'canceled', 'revoked')),
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
    FOREIGN KEY (merchant, fulfillment) REFERENCES fulfillment (merchant, id),
    FOREIGN KEY (merchant, license_key) REFERENCES license_key (merchant, id),
    FOREIGN KEY (merchant, customer) REFERENCES customer (merchant, id),
    FOREIGN KEY (merchant, reseller_information) REFERENCES reseller_information (merchant, id),
    CHECK ((orders IS NULL) = (item IS NULL)),
    CHECK ((orders IS NULL) <> (fulfillment IS NULL))
) {strict};
INSERT INTO license_of_both (merchant, id, orders, item, partnership, product, method, stage, status, end_user_information,
    needs_reseller_information, license_key, customer, reseller_information, distributed_ms, sent_ms, confirmed_ms, created_ms)
SELECT merchant, id, orders, item, partnership, product, method, stage, status, end_user_information,
    needs_reseller_information, license_key, customer, reseller_information, distributed_ms, sent_ms, confirmed_ms, created_ms
FROM license;
DROP TABLE license;
ALTER TABLE license_of_both RENAME TO license;
CREATE INDEX license_by_order ON license (merchant, orders, id) WHERE orders IS NOT NULL;
CREATE INDEX license_by_fulfillment ON license (merchant, fulfillment, id) WHERE fulfillment IS NOT NULL;
CREATE INDEX license_by_partnership ON license (merchant, partnership, id);
CREATE INDEX license_available ON license (merchant, partnership, product, id) WHERE stage = 'available';
CREATE INDEX license_backordered ON license (merchant, product, id) WHERE method = 'key_pool' AND license_key IS NULL AND stage = 'waiting';
CREATE INDEX license_to_confirm ON license (merchant, id) WHERE status = 'waiting_for_fulfillment_confirmation';

-- The licenses that a request to take some back names.
CREATE TABLE cancel_request_license (
    merchant {int} NOT NULL,
    cancel_request {id} NOT NULL,
    license {id} NOT NULL,
    PRIMARY KEY (merchant, cancel_request, license),
    FOREIGN KEY (merchant, cancel_request) REFERENCES cancel_request (merchant, id),
    FOREIGN KEY (merchant, license) REFERENCES license (merchant, id)
) {strict_rowless};

-- Stock ------------------------------------------------------------------------------------------

-- Units that were sold and have no keys of their own yet: so many of the keys in stock are nobody else's (EXT-10).
ALTER TABLE stock ADD COLUMN promised {int} NOT NULL DEFAULT 0 CHECK (promised >= 0);
