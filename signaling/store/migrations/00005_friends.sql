-- +goose Up

CREATE TABLE friend_codes (
    person_id TEXT   NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    code      TEXT   NOT NULL UNIQUE,
    made_at   BIGINT NOT NULL
);

-- What is between two people: one row a pair, low_id < high_id (compared as
-- bytes). state: pending, friends, declined, cancelled, ended, expired.
-- family is 1 for people of one family, whose state is friends for good.
-- …_yes is 1 when that person has said yes; …_parent_yes is the id of the
-- parent who approved, or empty. asked_by is who asked, via who introduced
-- the two, or empty; declined_by who of the two said no or ended it, or for
-- whom a parent did. quiet_until is until when declined_by's other side may
-- not ask again; reminded_at when a parent was last asked again or said no.
CREATE TABLE friendships (
    id              TEXT   NOT NULL UNIQUE,
    low_id          TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    high_id         TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    state           TEXT   NOT NULL,
    family          BIGINT NOT NULL,
    low_yes         BIGINT NOT NULL,
    high_yes        BIGINT NOT NULL,
    low_parent_yes  TEXT   NOT NULL,
    high_parent_yes TEXT   NOT NULL,
    asked_by        TEXT   NOT NULL,
    via             TEXT   NOT NULL,
    declined_by     TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    changed_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    quiet_until     BIGINT NOT NULL,
    reminded_at     BIGINT NOT NULL,
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id <> high_id)
);
CREATE INDEX friendships_by_high ON friendships (high_id, low_id);
-- Of what is pending only, and not by state: what asks for somebody's friends
-- must not be tempted to go through everybody's.
CREATE INDEX friendships_pending ON friendships (expires_at) WHERE state = 'pending';
-- For counting the open introductions of one person.
CREATE INDEX friendships_by_via ON friendships (via) WHERE via <> '';

-- Those who may call one another already are friends. id is made of both.
INSERT INTO friendships (id, low_id, high_id, state, family, low_yes, high_yes, low_parent_yes, high_parent_yes,
    asked_by, via, declined_by, created_at, changed_at, expires_at, quiet_until, reminded_at)
SELECT 'f_' || person_id || '_' || contact_id, person_id, contact_id, 'friends', 0, 1, 1, '', '', person_id, '', '', 0, 0, 0, 0, 0
FROM contacts AS c
WHERE person_id < contact_id
  AND EXISTS (SELECT 1 FROM contacts AS d WHERE d.person_id = c.contact_id AND d.contact_id = c.person_id);
DROP TABLE contacts;

-- by_id is who set the block, the blocker or a parent of theirs: a child cannot
-- take back what a parent has set.
CREATE TABLE blocks (
    blocker_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    blocked_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    by_id      TEXT   NOT NULL DEFAULT '',
    at         BIGINT NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id)
);
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, blocker_id);

-- How much two people talk: seconds, halved for each half-life since at.
CREATE TABLE talk (
    low_id  TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    high_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    seconds DOUBLE PRECISION NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (low_id, high_id)
);
CREATE INDEX talk_by_high ON talk (high_id, low_id);

-- +goose Down
CREATE TABLE contacts (
    person_id  TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    contact_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, contact_id)
);
DROP TABLE talk;
DROP TABLE blocks;
DROP TABLE friendships;
DROP TABLE friend_codes;
