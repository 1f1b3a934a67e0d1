-- The log of requests that came with API keys or dynamic URLs.

-- A log, not a book: written in batches after the answers, lost where a server dies, forgotten after days. owner: the partnership whose
-- key it was, or 16 zero bytes for the merchant's own; id: the request's, which is ordered by time. path: the template, never what
-- stood in the address or its query. No foreign keys: a key that is deleted leaves its lines.
CREATE TABLE request_log (
    merchant {int} NOT NULL,
    owner {id} NOT NULL,
    id {id} NOT NULL,
    api_key {id} NOT NULL,
    key_name {text} NOT NULL,
    method {text} NOT NULL,
    path {text} NOT NULL,
    status {int} NOT NULL,
    code {text},
    duration_ms {int} NOT NULL,
    address {text},
    at_ms {int} NOT NULL,
    PRIMARY KEY (merchant, owner, id)
) {strict_rowless};
CREATE INDEX request_log_by_time ON request_log (at_ms);
