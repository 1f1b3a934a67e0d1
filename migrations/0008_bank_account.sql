-- The bank account that resellers wire to, printed on invoices from then on (BIL-3). iban: without spaces.
ALTER TABLE merchant ADD COLUMN bank_holder {text};
ALTER TABLE merchant ADD COLUMN bank_iban {text};
ALTER TABLE merchant ADD COLUMN bank_bic {text} CHECK ((bank_holder IS NULL) = (bank_iban IS NULL) AND (bank_bic IS NULL OR bank_iban IS NOT NULL));
