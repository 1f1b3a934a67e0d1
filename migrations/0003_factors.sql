-- Second factors and passkeys; how each session began and when its person last proved that it is them.

-- Sessions ---------------------------------------------------------------------------------------

-- A session of before has proved nothing that would still count: its person is asked before the next sensitive act.
ALTER TABLE session ADD COLUMN way {text} NOT NULL DEFAULT 'password'
    CHECK (way IN ('password', 'password_code', 'password_recovery_code', 'password_passkey', 'passkey', 'provider'));
ALTER TABLE session ADD COLUMN proved_ms {int} NOT NULL DEFAULT 0;

-- Codes from an app ------------------------------------------------------------------------------

-- secret: sealed with the master key. last_step: the last step of 30 seconds whose code was taken; none is taken twice.
CREATE TABLE totp (
    person {id} NOT NULL PRIMARY KEY REFERENCES person (id),
    secret {bytes} NOT NULL,
    begun_ms {int} NOT NULL,
    confirmed_ms {int},
    last_step {int} NOT NULL
) {strict};

-- Codes that work once each, for who has lost the phone; only a keyed hash is here.
CREATE TABLE recovery_code (
    person {id} NOT NULL REFERENCES person (id),
    hash {bytes} NOT NULL,
    used_ms {int},
    PRIMARY KEY (person, hash)
) {strict_rowless};

-- Passkeys ---------------------------------------------------------------------------------------

-- credential: what the authenticator calls it. public_key: as COSE has it. sign_count: how often it signed, as it said last.
CREATE TABLE passkey (
    id {id} NOT NULL PRIMARY KEY,
    person {id} NOT NULL REFERENCES person (id),
    credential {bytes} NOT NULL UNIQUE,
    public_key {bytes} NOT NULL,
    name {text} NOT NULL,
    sign_count {int} NOT NULL,
    created_ms {int} NOT NULL,
    last_used_ms {int}
) {strict};
CREATE INDEX passkey_by_person ON passkey (person, id);

-- Challenges and tickets of a sign-in prove themselves by the master key; here is which of them were used up, until they
-- would have expired anyway.
CREATE TABLE spent_challenge (
    proof {bytes} NOT NULL PRIMARY KEY,
    expires_ms {int} NOT NULL
) {strict};
CREATE INDEX spent_challenge_by_end ON spent_challenge (expires_ms);
