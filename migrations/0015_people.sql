-- What people inside a reseller may order, and which orders an owner is asked about (PAR-14).

-- What a user may order in a calendar month in one program. No row: as much as the partnership may.
CREATE TABLE spending_limit (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    person {id} NOT NULL REFERENCES person (id),
    currency {text} NOT NULL,
    month_minor {int} NOT NULL CHECK (month_minor >= 0),
    updated_ms {int} NOT NULL,
    PRIMARY KEY (merchant, partnership, person),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};
CREATE INDEX spending_limit_by_person ON spending_limit (person);

-- Above which total an order of somebody who is no owner needs one. No row: none does.
CREATE TABLE order_approval (
    merchant {int} NOT NULL,
    partnership {id} NOT NULL,
    currency {text} NOT NULL,
    over_minor {int} NOT NULL CHECK (over_minor >= 0),
    updated_ms {int} NOT NULL,
    PRIMARY KEY (merchant, partnership),
    FOREIGN KEY (merchant, partnership) REFERENCES partnership (merchant, id)
) {strict};

-- Which person confirmed an order: it counts against their limit. Null: a key did, or nobody yet, or it was before this.
ALTER TABLE orders ADD COLUMN placed_by {id};

-- What became of asking an owner about a draft; null once it is placed or withdrawn. approval_by: who asked. approval_note: why not.
ALTER TABLE orders ADD COLUMN approval {text} CHECK (approval IN ('waiting', 'declined'));
ALTER TABLE orders ADD COLUMN approval_by {id};
ALTER TABLE orders ADD COLUMN approval_note {text};

CREATE INDEX orders_of_placer ON orders (merchant, partnership, placed_by, placed_on) WHERE placed_by IS NOT NULL;
CREATE INDEX orders_waiting_for_approval ON orders (merchant, partnership, id) WHERE approval = 'waiting';

-- When its owner closed a merchant's account: it takes nothing new from then on.
ALTER TABLE merchant ADD COLUMN closed_ms {int};
