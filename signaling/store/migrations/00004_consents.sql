-- +goose Up

-- A parent's consent, by its states: pending, waiting, review, granted,
-- refused, withdrawn, expired. child_id is NULL until the child is made with
-- it. reference is what a check elsewhere calls it. Times of what has not
-- happened are 0. decided_ is about granted and refused, ended_ about
-- withdrawn and expired; note is why an operator decided so. next_at is when
-- the next e-mail is due, if one is.
CREATE TABLE consents (
    id             TEXT   NOT NULL PRIMARY KEY,
    guardian_id    TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    child_id       TEXT   REFERENCES people (id) ON DELETE CASCADE,
    method         TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    notice_version TEXT   NOT NULL,
    reference      TEXT   NOT NULL,
    requested_at   BIGINT NOT NULL,
    next_at        BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    decided_at     BIGINT NOT NULL,
    decided_by     TEXT   NOT NULL,
    ended_at       BIGINT NOT NULL DEFAULT 0,
    ended_by       TEXT   NOT NULL DEFAULT '',
    note           TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX consents_by_guardian ON consents (guardian_id);
CREATE INDEX consents_by_child ON consents (child_id, state);
CREATE INDEX consents_by_state ON consents (state, next_at);
CREATE INDEX consents_by_reference ON consents (reference);

-- One row for each scope that was ever given; given is 1 or, withdrawn, 0.
CREATE TABLE consent_scopes (
    consent_id TEXT   NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
    scope      TEXT   NOT NULL,
    given      BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT   NOT NULL,
    PRIMARY KEY (consent_id, scope)
);

-- What a consent is checked by; deleted once it is checked. body is base64.
CREATE TABLE consent_evidence (
    consent_id TEXT   NOT NULL PRIMARY KEY REFERENCES consents (id) ON DELETE CASCADE,
    media_type TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    stored_at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE consent_evidence;
DROP TABLE consent_scopes;
DROP TABLE consents;
