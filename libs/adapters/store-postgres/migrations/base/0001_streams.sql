-- Up Migration

-- Where each partition of each stream stands. `epoch` rises with every claim and fences earlier owners; offset, results
-- and snapshot of a partition change in one transaction. The roll-up is partition -1. Ticks are milliseconds UTC.
CREATE TABLE stream_partition (
  stream text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL,
  owner text NOT NULL,
  next_offset bigint,
  tick bigint,
  commit_number bigint,
  counters jsonb,
  snapshot_offset bigint,
  snapshot_meta bytea,
  PRIMARY KEY (stream, partition)
) WITH (fillfactor = 50);
ALTER TABLE stream_partition ALTER COLUMN snapshot_meta SET STORAGE EXTERNAL;

-- Pages of typed-array state. Compressing them would cost more time than it saves.
CREATE TABLE snapshot_page (
  stream text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  page integer NOT NULL,
  checksum bigint NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (stream, partition, page)
);
ALTER TABLE snapshot_page ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- What detect says at each tick, until the roll-up has handled it.
CREATE TABLE tick_delta (
  tick bigint NOT NULL,
  partition integer NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (tick, partition)
);
ALTER TABLE tick_delta ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Sales of what no plan knows: kept and counted.
CREATE TABLE unplanned_series (
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  lines bigint NOT NULL,
  last_at bigint NOT NULL,
  PRIMARY KEY (sku, location)
);

-- Down Migration
DROP TABLE unplanned_series, tick_delta, snapshot_page, stream_partition;
