-- Up Migration

-- The columns are for filtering and sorting; `body` is the exception itself, canonical JSON kept letter by letter.
CREATE TABLE exception (
  id text COLLATE "C" PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  change bigint NOT NULL,
  kind text NOT NULL,
  altitude text NOT NULL,
  status text NOT NULL,
  sku text,
  family text,
  location text,
  region text,
  owner text,
  priority double precision NOT NULL,
  value_at_risk numeric NOT NULL,
  raised_at timestamptz NOT NULL,
  body json NOT NULL
);
CREATE INDEX exception_change ON exception (change);
CREATE INDEX exception_priority ON exception (priority DESC, number DESC);
CREATE INDEX exception_value ON exception (value_at_risk DESC, number DESC);
CREATE INDEX exception_status ON exception (status);

-- Stays a plain table with TimescaleDB too: its key has no time in it, and there are few rows.
CREATE TABLE exception_transition (
  exception_id text COLLATE "C" NOT NULL,
  sequence integer NOT NULL,
  change bigint NOT NULL,
  at timestamptz NOT NULL,
  action text NOT NULL,
  body json NOT NULL,
  PRIMARY KEY (exception_id, sequence)
);

-- Live figures of tiles and cells as of the roll-up's last tick: one row.
CREATE TABLE live_figures (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  tick bigint,
  body text NOT NULL
);

-- Down Migration
DROP TABLE live_figures, exception_transition, exception;
