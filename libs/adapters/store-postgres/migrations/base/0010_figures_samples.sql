-- Up Migration

-- What the tiles showed, by quarter of an hour of event time. Few rows: a plain table with TimescaleDB too.
CREATE TABLE figures_sample (
  quarter integer PRIMARY KEY,
  at bigint NOT NULL,
  today double precision,
  week double precision,
  month double precision,
  value_at_risk numeric NOT NULL,
  open integer NOT NULL,
  unowned integer NOT NULL,
  silent integer NOT NULL
);

-- Down Migration
DROP TABLE figures_sample;
