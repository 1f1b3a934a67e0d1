-- What a partnership owes is a sum over its open orders: it is read from their index alone, however many they are.
DROP INDEX orders_open;
CREATE INDEX orders_open ON orders (merchant, partnership, place, total_minor, paid_minor, id, released_ms, placed_ms, canceled_ms)
    WHERE placed_ms IS NOT NULL AND canceled_ms IS NULL AND paid_minor < total_minor;
