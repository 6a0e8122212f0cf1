-- Up Migration

-- Events as they came, for drill-down. Exactly once by the archive consumer's offset in stream_partition.
CREATE TABLE archived_event (
  time bigint NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  sku text COLLATE "C",
  location text COLLATE "C",
  value bytea NOT NULL
);
CREATE INDEX archived_event_series ON archived_event (sku, location, time);
CREATE INDEX archived_event_time ON archived_event (time);

-- Down Migration
DROP TABLE archived_event;
