-- What a merchant's lists ask for beside what they did: payments by how they came, and by what their sender wrote.
CREATE INDEX payment_by_method ON payment (merchant, method, id);
CREATE INDEX payment_by_reference ON payment (merchant, reference, id) WHERE reference IS NOT NULL;
