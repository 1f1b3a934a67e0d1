-- Lists that ask for what is rare: each of these indexes holds few rows of a large table, and costs nothing for the others.

-- With what says that they are held: SQLite takes it before others then.
CREATE INDEX orders_held_of_partnership ON orders (merchant, partnership, id, placed_ms, released_ms, canceled_ms) WHERE placed_ms IS NOT NULL AND released_ms IS NULL AND canceled_ms IS NULL;
CREATE INDEX invoice_open_of_partnership ON invoice (merchant, partnership, id) WHERE paid_minor < total_minor AND canceled_ms IS NULL;
CREATE INDEX invoice_canceled_of_partnership ON invoice (merchant, partnership, id) WHERE canceled_ms IS NOT NULL;
CREATE INDEX license_of_rare_stage ON license (merchant, stage, id) WHERE stage IN ('waiting', 'canceled', 'revoked');
CREATE INDEX fulfillment_of_rare_state ON fulfillment (merchant, state, id) WHERE state <> 'delivered';

-- Links that work once, and changes of addresses, are forgotten a while after their end.
CREATE INDEX single_use_link_by_end ON single_use_link (expires_ms);
CREATE INDEX email_change_by_end ON email_change (expires_ms);
