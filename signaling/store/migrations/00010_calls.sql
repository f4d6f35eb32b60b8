-- +goose Up

-- What calls are looked for by. codecs and paths are lists with a space around
-- every item (' opus vp8 '), so that LIKE '% vp8 %' finds one. score is in
-- thousandths of a mean opinion score; 0: nothing was measured. verdict says in
-- one sentence where the trouble was.
ALTER TABLE records ADD COLUMN video   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN talk_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN codecs  TEXT   NOT NULL DEFAULT ' ';
ALTER TABLE records ADD COLUMN paths   TEXT   NOT NULL DEFAULT ' ';
ALTER TABLE records ADD COLUMN score   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN verdict TEXT   NOT NULL DEFAULT '';

-- Pages of the list follow it.
CREATE INDEX records_by_start ON records (started_at, call_id);

-- Whose pseudonym it is that stands in call records. It is random, so with the
-- row goes the only way back to the person: an account that is deleted leaves
-- records of nobody.
CREATE TABLE pseudonyms (
    pseudonym TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL UNIQUE REFERENCES people (id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE pseudonyms;
DROP INDEX records_by_start;
ALTER TABLE records DROP COLUMN verdict;
ALTER TABLE records DROP COLUMN score;
ALTER TABLE records DROP COLUMN paths;
ALTER TABLE records DROP COLUMN codecs;
ALTER TABLE records DROP COLUMN talk_ms;
ALTER TABLE records DROP COLUMN video;
