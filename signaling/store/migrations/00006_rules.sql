-- +goose Up

-- What a parent has decided for a child. No row: the defaults. quiet_hours is
-- JSON as in the HTTP API.
CREATE TABLE rules (
    child_id        TEXT   NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    approve_friends BIGINT NOT NULL,
    video           BIGINT NOT NULL,
    daily_minutes   BIGINT NOT NULL,
    time_zone       TEXT   NOT NULL,
    quiet_hours     TEXT   NOT NULL,
    changed_at      BIGINT NOT NULL,
    changed_by      TEXT   NOT NULL
);

-- Seconds in calls that count against the allowance, by the child's local day
-- (YYYY-MM-DD). rest_ms is what is over a whole second, 0 to 999, so that many
-- short calls lose nothing.
CREATE TABLE talk_days (
    child_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    day      TEXT   NOT NULL,
    seconds  BIGINT NOT NULL,
    rest_ms  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (child_id, day)
);
CREATE INDEX talk_days_by_day ON talk_days (day);

-- The times that talk_days has counted: for one child they neither overlap nor
-- touch, so that an hour with two friends at once is one hour.
CREATE TABLE talk_spans (
    child_id TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    from_at  BIGINT NOT NULL,
    to_at    BIGINT NOT NULL,
    PRIMARY KEY (child_id, from_at)
);
CREATE INDEX talk_spans_by_end ON talk_spans (to_at);

-- A call in one person's history. with_ids are user ids, separated by spaces.
CREATE TABLE history (
    person_id  TEXT   NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    call_id    TEXT   NOT NULL,
    with_ids   TEXT   NOT NULL,
    outgoing   BIGINT NOT NULL,
    video      BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    reason     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, call_id)
);
CREATE INDEX history_by_time ON history (person_id, at);
CREATE INDEX history_by_expiry ON history (expires_at);

-- +goose Down
DROP TABLE history;
DROP TABLE talk_spans;
DROP TABLE talk_days;
DROP TABLE rules;
