-- Batches: where keys came from, what is done with all of them, and until when they are sold.

-- by_name: who brought it, by the name of then. cost: what all of it cost. expires_ms: the first moment at which its keys are not sold
-- any more; keys carry their own. work: what is done with its keys, slice by slice in the order of their ids, up to work_after;
-- work_product: where they are moved to; work_expires_ms: what they are to expire at. work_changed, work_left: keys it was done with, and
-- those it left alone. A work that ended stays until the next begins.
ALTER TABLE key_import ADD COLUMN by_name {text};
ALTER TABLE key_import ADD COLUMN cost_minor {int} CHECK (cost_minor >= 0);
ALTER TABLE key_import ADD COLUMN cost_currency {text};
ALTER TABLE key_import ADD COLUMN expires_ms {int};
ALTER TABLE key_import ADD COLUMN version {int} NOT NULL DEFAULT 1;
ALTER TABLE key_import ADD COLUMN work {text} CHECK (work IN ('revoke', 'move', 'expiry'));
ALTER TABLE key_import ADD COLUMN work_product {int};
ALTER TABLE key_import ADD COLUMN work_expires_ms {int};
ALTER TABLE key_import ADD COLUMN work_after {id};
ALTER TABLE key_import ADD COLUMN work_changed {int} NOT NULL DEFAULT 0;
ALTER TABLE key_import ADD COLUMN work_left {int} NOT NULL DEFAULT 0;
ALTER TABLE key_import ADD COLUMN work_begun_ms {int};
ALTER TABLE key_import ADD COLUMN work_ended_ms {int};
UPDATE key_import SET by_name = (SELECT MIN(a.actor_name) FROM audit a WHERE a.merchant = key_import.merchant AND a.subject = key_import.id
    AND a.action || '' = 'key_import.taken_in');
CREATE INDEX key_import_at_work ON key_import (work_begun_ms) WHERE work IS NOT NULL AND work_ended_ms IS NULL;

-- expires_ms: the first moment at which the key is not sold any more. expired_ms: when it was taken out of stock for that; it is revoked then.
ALTER TABLE license_key ADD COLUMN expires_ms {int};
ALTER TABLE license_key ADD COLUMN expired_ms {int};
CREATE INDEX license_key_expiring ON license_key (merchant, product, expires_ms, place) WHERE state = 0 AND expires_ms IS NOT NULL;

-- expires_from_ms: no key of the product in stock expires before this moment.
ALTER TABLE stock ADD COLUMN expires_from_ms {int};
CREATE INDEX stock_expiring ON stock (expires_from_ms) WHERE expires_from_ms IS NOT NULL;
