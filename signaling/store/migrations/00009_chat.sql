-- +goose Up

-- A device that takes part in conversations: one leaf of MLS groups (RFC 9420).
-- Whoever shows the secret is the device; login_hash is the login that it last
-- came with, which takes the device along when it is ended. next_pos, queued
-- and queued_bytes tell of its queue, so that nothing has to be counted; last_n
-- is the last that it has sent, and all up to settled need not be remembered
-- any more.
CREATE TABLE chat_devices (
    id            TEXT   NOT NULL PRIMARY KEY,
    person_id     TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    name          TEXT   NOT NULL,
    secret_hash   TEXT   NOT NULL,
    login_hash    TEXT   NOT NULL,
    signature_key BYTEA  NOT NULL,
    created_at    BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    next_pos      BIGINT NOT NULL DEFAULT 1,
    queued        BIGINT NOT NULL DEFAULT 0,
    queued_bytes  BIGINT NOT NULL DEFAULT 0,
    last_n        BIGINT NOT NULL DEFAULT 0,
    settled       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX chat_devices_by_person ON chat_devices (person_id);
CREATE INDEX chat_devices_by_login ON chat_devices (login_hash);
CREATE INDEX chat_devices_by_seen ON chat_devices (seen_at);

-- Key packages (RFC 9420, section 10): taken once each, but for the last resort
-- of a device and suite. id is the SHA-256 of the package in hex. last_resort is
-- 0, 1, or 2 for one that was taken at made_at: it stays for a while without its
-- bytes, so that an upload that is repeated cannot bring it back.
CREATE TABLE chat_keys (
    id          TEXT   NOT NULL PRIMARY KEY,
    device_id   TEXT   NOT NULL REFERENCES chat_devices (id) ON DELETE CASCADE,
    suite       BIGINT NOT NULL,
    last_resort BIGINT NOT NULL,
    package     BYTEA  NOT NULL,
    made_at     BIGINT NOT NULL
);
CREATE INDEX chat_keys_by_device ON chat_keys (device_id, suite, last_resort, made_at);
CREATE INDEX chat_keys_by_age ON chat_keys (last_resort, made_at);

-- A conversation: of two (pair_low < pair_high as bytes) or a group (both
-- empty). generation counts MLS groups that followed one another in it, epoch
-- is that of the last commit, seq numbers what goes through it. group_info is
-- sealed, as are the bodies of messages. shut is why nobody can write in it as
-- its members were last told: what holds is asked anew each time.
CREATE TABLE chat_conversations (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    pair_low     TEXT   NOT NULL,
    pair_high    TEXT   NOT NULL,
    suite        BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    group_info   BYTEA  NOT NULL,
    committer    TEXT   NOT NULL, -- the device of the last commit
    committed_id TEXT   NOT NULL, -- and by which name it knows the commit
    committed_seq BIGINT NOT NULL DEFAULT 0,
    shut         TEXT   NOT NULL DEFAULT '',
    created_by   TEXT   NOT NULL, -- person; empty once they are gone
    created_at   BIGINT NOT NULL,
    last_at      BIGINT NOT NULL, -- of the last message
    drops        BIGINT NOT NULL DEFAULT 0 -- how often its queues were emptied because people may not write any more
);
CREATE UNIQUE INDEX chat_conversations_pairs ON chat_conversations (pair_low, pair_high) WHERE kind = 'direct';

-- Who is in it. state is in, or out: nothing is delivered to them any more.
CREATE TABLE chat_members (
    conversation_id TEXT   NOT NULL REFERENCES chat_conversations (id) ON DELETE CASCADE,
    person_id       TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    state           TEXT   NOT NULL,
    since           BIGINT NOT NULL,
    delivered_seq   BIGINT NOT NULL DEFAULT 0, -- one of the person's devices has all up to here
    PRIMARY KEY (conversation_id, person_id)
);
CREATE INDEX chat_members_by_person ON chat_members (person_id);

-- Which devices are leaves of the MLS group. state is in, or out: delivery has
-- stopped, and somebody has to commit the removal. The device itself may be
-- gone by then.
CREATE TABLE chat_leaves (
    conversation_id TEXT   NOT NULL REFERENCES chat_conversations (id) ON DELETE CASCADE,
    device_id       TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    since_epoch     BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, device_id)
);
CREATE INDEX chat_leaves_by_device ON chat_leaves (device_id);

-- What is on its way: ciphertext of the devices, sealed once more with a key
-- that is not in this database. waits is how many rows of chat_queue point here;
-- with the last of them the row goes.
CREATE TABLE chat_messages (
    conversation_id TEXT   NOT NULL,
    seq             BIGINT NOT NULL,
    kind            TEXT   NOT NULL, -- message, commit, welcome, notice
    generation      BIGINT NOT NULL,
    epoch           BIGINT NOT NULL,
    sender_id       TEXT   NOT NULL, -- person; empty for a notice
    device_id       TEXT   NOT NULL,
    at              BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    waits           BIGINT NOT NULL,
    size            BIGINT NOT NULL, -- of the body before it was sealed
    body            BYTEA  NOT NULL,
    franking        BYTEA  NOT NULL, -- the sender's commitment and the server's tag
    detail          TEXT   NOT NULL, -- JSON: adds and removes of a commit, and so on
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX chat_messages_by_expiry ON chat_messages (expires_at);

-- What each device still has to take, in its order. peers is to how many devices
-- of the same person the message went, but for those that it never reached and
-- never will: when all of them are without it, the sender is told.
CREATE TABLE chat_queue (
    device_id       TEXT   NOT NULL REFERENCES chat_devices (id) ON DELETE CASCADE,
    pos             BIGINT NOT NULL,
    conversation_id TEXT   NOT NULL,
    seq             BIGINT NOT NULL,
    peers           BIGINT NOT NULL,
    PRIMARY KEY (device_id, pos)
);
CREATE INDEX chat_queue_by_message ON chat_queue (conversation_id, seq);

-- What a device has sent, until it knows that it was taken: numbers only.
CREATE TABLE chat_sent (
    device_id       TEXT   NOT NULL REFERENCES chat_devices (id) ON DELETE CASCADE,
    n               BIGINT NOT NULL,
    conversation_id TEXT   NOT NULL,
    seq             BIGINT NOT NULL,
    at              BIGINT NOT NULL,
    tag             BYTEA  NOT NULL,
    PRIMARY KEY (device_id, n)
);

-- Attachments, encrypted by the sender; the bytes are in the blob store. state
-- is open (being uploaded), done, or sent (a message named it).
CREATE TABLE chat_attachments (
    id              TEXT   NOT NULL PRIMARY KEY,
    owner_id        TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    conversation_id TEXT   NOT NULL,
    size            BIGINT NOT NULL,
    chunk_bytes     BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX chat_attachments_by_expiry ON chat_attachments (expires_at);
CREATE INDEX chat_attachments_by_owner ON chat_attachments (owner_id, state);

CREATE TABLE chat_chunks (
    attachment_id TEXT   NOT NULL REFERENCES chat_attachments (id) ON DELETE CASCADE,
    n             BIGINT NOT NULL,
    size          BIGINT NOT NULL,
    PRIMARY KEY (attachment_id, n)
);

-- Which devices may fetch it and have not yet.
CREATE TABLE chat_grants (
    attachment_id TEXT NOT NULL REFERENCES chat_attachments (id) ON DELETE CASCADE,
    device_id     TEXT NOT NULL,
    PRIMARY KEY (attachment_id, device_id)
);
CREATE INDEX chat_grants_by_device ON chat_grants (device_id);

-- What a report reveals of a message, sealed; empty: nothing, or gone again.
ALTER TABLE reports ADD COLUMN evidence BYTEA NOT NULL DEFAULT '';
ALTER TABLE reports ADD COLUMN evidence_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE reports DROP COLUMN evidence_until;
ALTER TABLE reports DROP COLUMN evidence;
DROP TABLE chat_grants;
DROP TABLE chat_chunks;
DROP TABLE chat_attachments;
DROP TABLE chat_sent;
DROP TABLE chat_queue;
DROP TABLE chat_messages;
DROP TABLE chat_leaves;
DROP TABLE chat_members;
DROP TABLE chat_conversations;
DROP TABLE chat_keys;
DROP TABLE chat_devices;
