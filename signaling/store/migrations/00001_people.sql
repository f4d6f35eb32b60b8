-- +goose Up

-- A person: what others may see of them. state is 'active' or 'suspended'.
CREATE TABLE people (
    id     TEXT NOT NULL PRIMARY KEY,
    name   TEXT NOT NULL,
    avatar TEXT NOT NULL,
    role   TEXT NOT NULL,
    family TEXT NOT NULL,
    state  TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended'))
);

-- How a person signs in. login is in lower case; password is an argon2id
-- string in PHC format.
CREATE TABLE logins (
    login     TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE REFERENCES people (id) ON DELETE CASCADE,
    password  TEXT NOT NULL
);

-- Who may call whom. One row per direction.
CREATE TABLE contacts (
    person_id  TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    contact_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, contact_id),
    CHECK (person_id <> contact_id)
);

-- For deleting a person.
CREATE INDEX contacts_by_contact ON contacts (contact_id);

-- A device that is signed in. token_hash is the SHA-256 of the token in hex;
-- the token itself is kept nowhere.
CREATE TABLE sessions (
    token_hash   TEXT   NOT NULL PRIMARY KEY,
    person_id    TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    device_model TEXT   NOT NULL,
    device_os    TEXT   NOT NULL,
    device_app   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE INDEX sessions_by_person ON sessions (person_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE contacts;
DROP TABLE logins;
DROP TABLE people;
