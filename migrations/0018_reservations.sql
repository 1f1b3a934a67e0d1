-- What an unpaid order outside credit reserves goes back to stock after a while, and is reserved again once it is paid.

-- reserved_until_ms: so long the order keeps its keys, and its places in the queue for keys, while it is held; none: as long as it is held.
-- reservation_ended_ms: when the last of them went back.
ALTER TABLE orders ADD COLUMN reserved_until_ms {int};
ALTER TABLE orders ADD COLUMN reservation_ended_ms {int};
CREATE INDEX orders_reserving ON orders (reserved_until_ms)
    WHERE reserved_until_ms IS NOT NULL AND reservation_ended_ms IS NULL AND released_ms IS NULL AND canceled_ms IS NULL;

-- queued_ms: since when the license stands in the queue for keys. One that waits without a key and stands in none had its key go back.
ALTER TABLE license ADD COLUMN queued_ms {int};
UPDATE license SET queued_ms = created_ms WHERE method = 'key_pool' AND license_key IS NULL AND stage = 'waiting';
DROP INDEX license_backordered;
CREATE INDEX license_backordered ON license (merchant, product, queued_ms, id)
    WHERE method = 'key_pool' AND license_key IS NULL AND stage = 'waiting' AND queued_ms IS NOT NULL;
