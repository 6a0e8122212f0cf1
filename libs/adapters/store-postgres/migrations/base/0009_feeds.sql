-- Up Migration

-- What each source sent for each location ('' = one that no plan names), by partition so that detect processes do not
-- wait for one another. `last_at`: latest event time accepted. The rate is told from two marks of event time and what
-- was accepted up to them, at least a minute apart: `before` the older one, `mark` the younger; `counted_at`: the
-- partition's tick when anything came last. Instants are milliseconds UTC.
CREATE TABLE feed_count (
  partition integer NOT NULL,
  location text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  accepted bigint NOT NULL,
  late bigint NOT NULL,
  duplicates bigint NOT NULL,
  outside_window bigint NOT NULL,
  rejected bigint NOT NULL,
  last_at bigint,
  counted_at bigint,
  mark_at bigint,
  mark_accepted bigint,
  before_at bigint,
  before_accepted bigint,
  PRIMARY KEY (partition, location, source)
) WITH (fillfactor = 50);

-- How feeds stand as of the roll-up's last tick: one row.
CREATE TABLE live_feeds (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  tick bigint,
  body text NOT NULL
);

-- The latest that people did, for their names.
CREATE INDEX exception_transition_person ON exception_transition (at DESC)
  WHERE action IN ('acknowledged', 'assigned', 'started', 'snoozed', 'resolved', 'dismissed', 'commented', 'reopened', 'undone');
CREATE INDEX exception_owner ON exception (owner) WHERE owner IS NOT NULL;

-- Down Migration
DROP INDEX exception_owner, exception_transition_person;
DROP TABLE live_feeds, feed_count;
