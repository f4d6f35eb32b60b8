-- +goose Up

-- About a person. birth_date (YYYY-MM-DD) is for the age check only and empty
-- for a parent; gender is empty, girl, boy or other. language (BCP 47) is for
-- e-mails, and empty where it is not known.
ALTER TABLE people ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN birth_date TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN gender TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;

-- What a person decides for themselves. No row: the defaults. Visibilities
-- are friends, family, nobody; the others 0 or 1.
CREATE TABLE settings (
    person_id     TEXT   NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    presence      TEXT   NOT NULL,
    last_seen     TEXT   NOT NULL,
    call_waiting  BIGINT NOT NULL,
    order_by_talk BIGINT NOT NULL
);

-- id is what a device is called in lists; push_handle means something to the
-- operator's push service only.
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN push_handle TEXT NOT NULL DEFAULT '';
UPDATE sessions SET id = 's_' || substr(token_hash, 1, 26), seen_at = created_at;
CREATE INDEX sessions_by_id ON sessions (id);

-- A passkey. id is the credential id in base64url, credential is JSON.
CREATE TABLE passkeys (
    id         TEXT   NOT NULL PRIMARY KEY,
    person_id  TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name       TEXT   NOT NULL,
    credential TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX passkeys_by_person ON passkeys (person_id);

-- Who signs in with which OpenID Connect provider.
CREATE TABLE oidc_links (
    provider  TEXT NOT NULL,
    subject   TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX oidc_links_by_person ON oidc_links (person_id);

-- One-time tokens and codes. hash is the SHA-256 of kind, a colon and the
-- token, in hex. person_id is empty where there is no account yet.
CREATE TABLE tickets (
    hash       TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    person_id  TEXT   NOT NULL,
    data       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tickets_by_person ON tickets (person_id, kind);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);

-- Who looks after which child.
CREATE TABLE guardians (
    guardian_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    child_id    TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    since       BIGINT NOT NULL,
    PRIMARY KEY (child_id, guardian_id)
);
CREATE INDEX guardians_by_guardian ON guardians (guardian_id);

-- +goose Down
DROP TABLE guardians;
DROP TABLE tickets;
DROP TABLE oidc_links;
DROP TABLE passkeys;
DROP TABLE settings;
