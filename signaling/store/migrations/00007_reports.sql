-- +goose Up

-- A report about a person. on_behalf_of is the child for whom a parent wrote
-- it, or empty. Nobody's deletion deletes a report: it is about safety, and
-- has its own deletion time.
CREATE TABLE reports (
    id           TEXT   NOT NULL PRIMARY KEY,
    reporter_id  TEXT   NOT NULL,
    on_behalf_of TEXT   NOT NULL,
    about_id     TEXT   NOT NULL,
    call_id      TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    decision     TEXT   NOT NULL,
    decided_by   TEXT   NOT NULL,
    decided_at   BIGINT NOT NULL,
    note         TEXT   NOT NULL
);
CREATE INDEX reports_by_state ON reports (state, at);
CREATE INDEX reports_by_reporter ON reports (reporter_id, at);
CREATE INDEX reports_by_about ON reports (about_id);
CREATE INDEX reports_by_decision ON reports (state, decided_at);

-- The minimal record of a suspension: mark is a keyed hash of what the same
-- person would sign up with again. It goes when until has come.
CREATE TABLE suspensions (
    mark      TEXT   NOT NULL,
    person_id TEXT   NOT NULL,
    report_id TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    PRIMARY KEY (mark, person_id)
);
CREATE INDEX suspensions_by_person ON suspensions (person_id);
CREATE INDEX suspensions_by_end ON suspensions (until);

-- Why an operator last suspended or restored an account: action is suspended
-- or restored. It goes when until has come, too.
CREATE TABLE suspension_notes (
    person_id TEXT   NOT NULL PRIMARY KEY,
    action    TEXT   NOT NULL,
    operator  TEXT   NOT NULL,
    report_id TEXT   NOT NULL,
    note      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    until     BIGINT NOT NULL
);

-- +goose Down
DROP TABLE suspension_notes;
DROP TABLE suspensions;
DROP TABLE reports;
