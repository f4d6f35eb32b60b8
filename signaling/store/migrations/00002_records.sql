-- +goose Up

-- The record of a call that has ended. document is the whole of it as JSON;
-- the other columns are what is looked for. The deletion time counts from
-- ended_at.
CREATE TABLE records (
    call_id      TEXT   NOT NULL PRIMARY KEY,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    reason       TEXT   NOT NULL,
    participants BIGINT NOT NULL,
    document     TEXT   NOT NULL
);

CREATE INDEX records_by_end ON records (ended_at);

-- +goose Down
DROP TABLE records;
