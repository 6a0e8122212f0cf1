-- Up Migration

-- `key` is derived from the content, so that a replay adds nothing twice. `at`: milliseconds UTC, null before any tick.
CREATE TABLE dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text COLLATE "C" NOT NULL UNIQUE,
  reason text COLLATE "C" NOT NULL,
  detail text NOT NULL,
  source text,
  event_id text,
  payload bytea NOT NULL,
  at bigint,
  redriven_at bigint
);
CREATE INDEX dead_letter_reason ON dead_letter (reason, id DESC);

-- Down Migration
DROP TABLE dead_letter;
