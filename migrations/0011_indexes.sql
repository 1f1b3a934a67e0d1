-- Failed sign-ins are forgotten, the oldest first.
CREATE INDEX sign_in_failure_by_end ON sign_in_failure (blocked_until_ms);

-- Canceled invoices by the day on which they were due: few among many.
CREATE INDEX invoice_canceled_by_due ON invoice (merchant, due_on, id) WHERE canceled_ms IS NOT NULL;
CREATE INDEX invoice_canceled_of_partnership_by_due ON invoice (merchant, partnership, due_on, id) WHERE canceled_ms IS NOT NULL;

-- A message that was sent leaves the index of states: most were. Those are found by walking the log.
DROP INDEX message_by_state;
CREATE INDEX message_by_state ON message (merchant, state, id) WHERE state <> 'sent';
