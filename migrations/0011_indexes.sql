-- Failed sign-ins are forgotten, the oldest first.
CREATE INDEX sign_in_failure_by_end ON sign_in_failure (blocked_until_ms);
