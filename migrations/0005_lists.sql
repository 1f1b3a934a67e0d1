-- Lists: searched and filtered where the rows are, saved views, and what is sold per day.

-- Orders -----------------------------------------------------------------------------------------

-- reference_key: the reference with A to Z in small letters (others as they stand: the two databases fold them differently), as bytes, so that both databases order it alike. placed_on: the day of placing
-- in the merchant's time zone as it was then; what the order sold is counted on it.
ALTER TABLE orders ADD COLUMN reference_key {bytes};
ALTER TABLE orders ADD COLUMN placed_on {text};
--sqlite
UPDATE orders SET reference_key = CAST(lower(reference) AS BLOB) WHERE reference IS NOT NULL;
--postgres
UPDATE orders SET reference_key = convert_to(translate(reference, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), 'UTF8') WHERE reference IS NOT NULL;
--both
UPDATE orders SET placed_on = (SELECT MIN(v.issued_on) FROM invoice_order x JOIN invoice v ON v.merchant = x.merchant AND v.id = x.invoice
    WHERE x.merchant = orders.merchant AND x.orders = orders.id) WHERE placed_ms IS NOT NULL;
CREATE INDEX orders_by_reference ON orders (merchant, reference_key, id) WHERE reference_key IS NOT NULL;
CREATE INDEX orders_by_state ON orders (merchant, state, id);
CREATE INDEX orders_of_partnership_by_state ON orders (merchant, partnership, state, id);
CREATE INDEX orders_held ON orders (merchant, id) WHERE placed_ms IS NOT NULL AND released_ms IS NULL AND canceled_ms IS NULL;
CREATE INDEX order_item_by_product ON order_item (merchant, product, orders);
CREATE INDEX license_by_customer ON license (merchant, customer) WHERE customer IS NOT NULL;

-- Invoices ---------------------------------------------------------------------------------------

CREATE INDEX invoice_by_number ON invoice (merchant, number);
CREATE INDEX invoice_by_due ON invoice (merchant, due_on, id);
CREATE INDEX invoice_by_partnership_due ON invoice (merchant, partnership, due_on, id);
CREATE INDEX invoice_top_up ON invoice (merchant, id) WHERE kind = 'top_up';
CREATE INDEX invoice_open ON invoice (merchant, id) WHERE paid_minor < total_minor AND canceled_ms IS NULL;
CREATE INDEX invoice_open_by_due ON invoice (merchant, due_on) WHERE paid_minor < total_minor AND canceled_ms IS NULL;
CREATE INDEX invoice_canceled ON invoice (merchant, id) WHERE canceled_ms IS NOT NULL;

-- Partnerships -----------------------------------------------------------------------------------

-- The company's name and address with A to Z in small letters; a partnership has them beside the merchant that looks for it.
ALTER TABLE reseller ADD COLUMN company_key {bytes};
ALTER TABLE reseller ADD COLUMN email_key {text};
ALTER TABLE partnership ADD COLUMN company_key {bytes};
ALTER TABLE partnership ADD COLUMN email_key {text};
--sqlite
UPDATE reseller SET company_key = CAST(lower(company) AS BLOB), email_key = lower(email);
--postgres
UPDATE reseller SET company_key = convert_to(translate(company, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), 'UTF8'),
    email_key = translate(email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
--both
UPDATE partnership SET company_key = (SELECT r.company_key FROM reseller r WHERE r.id = partnership.reseller),
    email_key = (SELECT r.email_key FROM reseller r WHERE r.id = partnership.reseller);
CREATE INDEX partnership_by_company ON partnership (merchant, company_key, id);
CREATE INDEX partnership_by_email ON partnership (merchant, email_key);
CREATE INDEX partnership_by_status ON partnership (merchant, status, id);
CREATE INDEX partnership_balance_due ON partnership (merchant, id) WHERE balance_due = 1;
DROP INDEX partnership_by_channel;
CREATE INDEX partnership_by_channel ON partnership (merchant, channel, id);

-- The trail and the message log ------------------------------------------------------------------

CREATE INDEX audit_by_action ON audit (merchant, action, id);
CREATE INDEX audit_by_actor ON audit (merchant, actor_kind, id) WHERE actor_kind IN ('operator', 'system', 'nobody');
CREATE INDEX message_by_state ON message (merchant, state, id);
CREATE INDEX message_by_recipient ON message (merchant, recipient, id);

-- Saved views ------------------------------------------------------------------------------------

-- The filters of a list under a name. partnership: 16 zero bytes in the merchant's workspace. shared: everybody of the house
-- sees it. query: the filters as they stand in the address of the page.
CREATE TABLE saved_view (
    merchant {int} NOT NULL REFERENCES merchant (number),
    partnership {id} NOT NULL,
    id {id} NOT NULL,
    person {id} NOT NULL REFERENCES person (id),
    list {text} NOT NULL,
    name {text} NOT NULL,
    query {text} NOT NULL,
    shared {int} NOT NULL CHECK (shared IN (0, 1)),
    created_ms {int} NOT NULL,
    version {int} NOT NULL DEFAULT 1,
    PRIMARY KEY (merchant, partnership, id)
) {strict};
CREATE INDEX saved_view_of_person ON saved_view (merchant, partnership, person, id);
CREATE INDEX saved_view_shared ON saved_view (merchant, partnership, id) WHERE shared = 1;

-- Sales ------------------------------------------------------------------------------------------

-- What a partnership bought on a day in the merchant's time zone: placed orders that are not canceled, and fulfillments of external
-- shops without what was taken back of them. A fulfillment counts as an order until all of it was taken back.
CREATE TABLE daily_sales (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    day {text} NOT NULL,
    currency {text} NOT NULL,
    orders {int} NOT NULL CHECK (orders >= 0),
    units {int} NOT NULL CHECK (units >= 0),
    amount_minor {int} NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (merchant, partnership, day, currency),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict_rowless};
CREATE INDEX daily_sales_by_day ON daily_sales (merchant, day);
INSERT INTO daily_sales (merchant, partnership, day, currency, orders, units, amount_minor)
SELECT s.merchant, s.partnership, s.day, s.currency, SUM(s.orders), SUM(s.units), SUM(s.amount_minor)
FROM (
    SELECT o.merchant, o.partnership, o.placed_on AS day, o.currency, 1 AS orders,
        (SELECT SUM(i.quantity) FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id) AS units, o.total_minor AS amount_minor
    FROM orders o WHERE o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL
    UNION ALL
    SELECT f.merchant, f.partnership, f.day, f.currency, CASE WHEN f.state IN ('refunded', 'failed') THEN 0 ELSE 1 END,
        f.quantity - f.refunded_quantity, f.total_minor - f.refunded_minor
    FROM fulfillment f
) s GROUP BY s.merchant, s.partnership, s.day, s.currency;
