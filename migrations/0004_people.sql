-- People and what they see: preferences, change of address, sign-in at other houses, branding.

-- People -----------------------------------------------------------------------------------------

-- How a person sees the portal. Null: as the browser asks; en is kept as well as de, so that a choice stays one.
ALTER TABLE person ADD COLUMN language {text} CHECK (language IN ('en', 'de'));
ALTER TABLE person ADD COLUMN time_zone {text};

-- A new address that its holder has to confirm; until then the old one counts. The link's text is derived from the id.
CREATE TABLE email_change (
    id {id} NOT NULL PRIMARY KEY,
    person {id} NOT NULL REFERENCES person (id),
    email {text} NOT NULL,
    old_email {text} NOT NULL,
    created_ms {int} NOT NULL,
    expires_ms {int} NOT NULL,
    used_ms {int}
) {strict};
CREATE INDEX email_change_by_person ON email_change (person, id);

-- Who a person is at an issuer of OpenID Connect, from their first sign-in there on.
CREATE TABLE issuer_account (
    issuer {text} NOT NULL,
    subject {text} NOT NULL,
    person {id} NOT NULL REFERENCES person (id),
    created_ms {int} NOT NULL,
    PRIMARY KEY (issuer, subject)
) {strict};
CREATE INDEX issuer_account_by_person ON issuer_account (person);

-- Sign-ins at an issuer that were used up, until they would have expired anyway: the hash of their state.
CREATE TABLE issuer_sign_in (
    state {bytes} NOT NULL PRIMARY KEY,
    expires_ms {int} NOT NULL
) {strict};
CREATE INDEX issuer_sign_in_by_end ON issuer_sign_in (expires_ms);

-- Merchants --------------------------------------------------------------------------------------

-- How a merchant looks to its resellers. What is null follows from the merchant's settings or from the house.
CREATE TABLE merchant_branding (
    merchant {int} NOT NULL PRIMARY KEY REFERENCES merchant (number),
    name {text},
    accent {text},
    sender_name {text},
    reply_to {text},
    version {int} NOT NULL
) {strict};

-- The picture itself, apart from what every page reads. hash: SHA-256 of content.
CREATE TABLE merchant_logo (
    merchant {int} NOT NULL PRIMARY KEY REFERENCES merchant (number),
    kind {text} NOT NULL CHECK (kind IN ('png', 'jpeg', 'webp')),
    width {int} NOT NULL CHECK (width > 0),
    height {int} NOT NULL CHECK (height > 0),
    hash {bytes} NOT NULL,
    content {bytes} NOT NULL
) {strict};
