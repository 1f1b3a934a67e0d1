-- SQLite keeps a table that has a number of its own for each row in one tree and its primary key in another. What is only ever
-- appended, in small rows, is kept by its primary key alone: one tree less to write for each.
--sqlite
CREATE TABLE command_by_id (
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
) {strict_rowless};
INSERT INTO command_by_id SELECT merchant, id, name, scope, route, idempotency_key, body_hash, outcome, at_ms FROM command ORDER BY merchant, id;
DROP TABLE command;
ALTER TABLE command_by_id RENAME TO command;
CREATE UNIQUE INDEX command_by_key ON command (merchant, scope, route, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX command_by_time ON command (at_ms);

-- The child goes first: what is referenced cannot.
CREATE TABLE transfer_by_id (
    merchant {int} NOT NULL,
    id {id} NOT NULL,
    kind {text} NOT NULL,
    reference {id} NOT NULL,
    reason {text} NOT NULL,
    reverses {id},
    at_ms {int} NOT NULL,
    PRIMARY KEY (merchant, id),
    UNIQUE (merchant, kind, reference)
) {strict_rowless};
INSERT INTO transfer_by_id SELECT merchant, id, kind, reference, reason, reverses, at_ms FROM transfer ORDER BY merchant, id;
CREATE TABLE entry_by_place (
    merchant {int} NOT NULL,
    transfer {id} NOT NULL,
    place {int} NOT NULL,
    account {id} NOT NULL,
    amount_minor {int} NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (merchant, transfer, place),
    FOREIGN KEY (merchant, transfer) REFERENCES transfer_by_id (merchant, id),
    FOREIGN KEY (merchant, account) REFERENCES account (merchant, id)
) {strict_rowless};
INSERT INTO entry_by_place SELECT merchant, transfer, place, account, amount_minor FROM entry ORDER BY merchant, transfer, place;
DROP TABLE entry;
DROP TABLE transfer;
ALTER TABLE transfer_by_id RENAME TO transfer;
ALTER TABLE entry_by_place RENAME TO entry;
CREATE INDEX entry_by_account ON entry (merchant, account, transfer);
--both
