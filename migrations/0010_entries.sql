-- The entries of an account by its index alone. SQLite takes any merchant for one of ten rows; since `entry` is kept by its primary
-- key, where a row costs no second look, it read all entries of the merchant for each account.
--sqlite
DROP INDEX entry_by_account;
CREATE INDEX entry_by_account ON entry (merchant, account, transfer, place, amount_minor);
