/** Channel that carries `topic:partition:high` of every append, and `group:topic:name` of every rebalance. */
export const CHANNEL = 'plumbline_log';

/** Raised with every change of the SQL below, which must be able to run over any earlier one. */
export const SCHEMA_VERSION = 1;

/**
 * The log's tables. A row of `batches` is a block of records (see block.ts), so a record costs a few bytes of row
 * overhead, not a row.
 *
 * Group membership is decided in one place, `log.attend`, under an advisory lock per group:
 * `target` is the member a partition should be with, `owner` the one that has it. A partition changes hands only
 * through `owner` = null: its owner gave it up (released) or is no longer a member (left, or its session lapsed).
 * `epoch` rises with every new owner, so that a member that lost a partition and got it again can tell.
 */
export const SCHEMA = `
CREATE SCHEMA IF NOT EXISTS log;

CREATE TABLE IF NOT EXISTS log.topics (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL UNIQUE,
  partitions int NOT NULL CHECK (partitions > 0),
  retention_ms bigint
);

CREATE TABLE IF NOT EXISTS log.partitions (
  topic_id int NOT NULL REFERENCES log.topics (id),
  partition int NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0,
  low bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 40);

CREATE TABLE IF NOT EXISTS log.batches (
  topic_id int NOT NULL,
  partition int NOT NULL,
  base_offset bigint NOT NULL,
  count int NOT NULL,
  size int NOT NULL,
  min_time bigint NOT NULL,
  max_time bigint NOT NULL,
  payload bytea NOT NULL,
  PRIMARY KEY (topic_id, partition, base_offset)
);
ALTER TABLE log.batches ALTER COLUMN payload SET STORAGE EXTERNAL;

CREATE TABLE IF NOT EXISTS log.groups (
  topic_id int NOT NULL REFERENCES log.topics (id),
  name text NOT NULL,
  generation bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, name)
);

CREATE TABLE IF NOT EXISTS log.members (
  topic_id int NOT NULL,
  group_name text NOT NULL,
  member text NOT NULL,
  session_ms int NOT NULL,
  seen timestamptz NOT NULL DEFAULT clock_timestamp(),
  joined bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (topic_id, group_name, member),
  FOREIGN KEY (topic_id, group_name) REFERENCES log.groups (topic_id, name)
) WITH (fillfactor = 40);

CREATE TABLE IF NOT EXISTS log.assignments (
  topic_id int NOT NULL,
  group_name text NOT NULL,
  partition int NOT NULL,
  owner text,
  target text,
  epoch bigint NOT NULL DEFAULT 0,
  acknowledged bigint,
  PRIMARY KEY (topic_id, group_name, partition),
  FOREIGN KEY (topic_id, group_name) REFERENCES log.groups (topic_id, name)
) WITH (fillfactor = 40);

CREATE OR REPLACE FUNCTION log.share_out(p_topic int, p_group text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  members int;
  total int;
BEGIN
  SELECT count(*) INTO members FROM log.members WHERE topic_id = p_topic AND group_name = p_group;
  SELECT partitions INTO total FROM log.topics WHERE id = p_topic;
  UPDATE log.groups SET generation = generation + 1 WHERE topic_id = p_topic AND name = p_group;
  IF members = 0 THEN
    UPDATE log.assignments SET target = NULL WHERE topic_id = p_topic AND group_name = p_group;
    RETURN;
  END IF;
  -- Each member keeps what it has up to its share; those that have most get the shares that are one larger.
  WITH standing AS (
    SELECT m.member, m.joined, count(a.partition) AS has
    FROM log.members m
    LEFT JOIN log.assignments a ON a.topic_id = p_topic AND a.group_name = p_group AND a.target = m.member
    WHERE m.topic_id = p_topic AND m.group_name = p_group
    GROUP BY m.member, m.joined
  ), quota AS (
    SELECT member, joined,
      total / members + CASE WHEN row_number() OVER (ORDER BY has DESC, joined) <= total % members THEN 1 ELSE 0 END AS share
    FROM standing
  ), kept AS (
    SELECT a.partition, q.member
    FROM (
      SELECT partition, target, row_number() OVER (PARTITION BY target ORDER BY partition) AS nth
      FROM log.assignments WHERE topic_id = p_topic AND group_name = p_group
    ) a JOIN quota q ON q.member = a.target AND a.nth <= q.share
  ), seats AS (
    SELECT q.member, row_number() OVER (ORDER BY s.n, q.joined) AS seat
    FROM quota q
    CROSS JOIN LATERAL generate_series(1, q.share - (SELECT count(*) FROM kept k WHERE k.member = q.member)) AS s (n)
  ), homeless AS (
    SELECT partition, row_number() OVER (ORDER BY partition) AS seat
    FROM log.assignments a
    WHERE topic_id = p_topic AND group_name = p_group AND NOT EXISTS (SELECT FROM kept k WHERE k.partition = a.partition)
  )
  UPDATE log.assignments a SET target = s.member
  FROM homeless h JOIN seats s USING (seat)
  WHERE a.topic_id = p_topic AND a.group_name = p_group AND a.partition = h.partition;
END $$;

CREATE OR REPLACE FUNCTION log.attend(
  p_topic int, p_group text, p_member text, p_session int, p_leave boolean,
  p_released int[], p_released_epochs bigint[], p_done int[], p_done_epochs bigint[], p_done_offsets bigint[]
) RETURNS TABLE (partition int, epoch bigint, keep boolean, acknowledged bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  changed boolean := false;
  freed int;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_topic || ':' || p_group, 7011));
  INSERT INTO log.groups (topic_id, name) VALUES (p_topic, p_group) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    INSERT INTO log.assignments (topic_id, group_name, partition)
    SELECT p_topic, p_group, p.partition FROM log.partitions p WHERE p.topic_id = p_topic
    ON CONFLICT DO NOTHING;
  END IF;
  -- Acknowledgements count only from the owner at the time: a member that lost the partition changes nothing.
  UPDATE log.assignments a SET acknowledged = d.next
  FROM unnest(p_done, p_done_epochs, p_done_offsets) d (partition, epoch, next)
  WHERE a.topic_id = p_topic AND a.group_name = p_group AND a.partition = d.partition AND a.epoch = d.epoch AND a.owner = p_member;
  UPDATE log.assignments a SET owner = NULL
  FROM unnest(p_released, p_released_epochs) r (partition, epoch)
  WHERE a.topic_id = p_topic AND a.group_name = p_group AND a.partition = r.partition AND a.epoch = r.epoch AND a.owner = p_member;
  IF p_leave THEN
    DELETE FROM log.members WHERE topic_id = p_topic AND group_name = p_group AND member = p_member;
    changed := FOUND;
  ELSE
    UPDATE log.members SET seen = clock_timestamp() WHERE topic_id = p_topic AND group_name = p_group AND member = p_member;
    IF NOT FOUND THEN
      INSERT INTO log.members (topic_id, group_name, member, session_ms) VALUES (p_topic, p_group, p_member, p_session);
      changed := true;
    END IF;
  END IF;
  DELETE FROM log.members
  WHERE topic_id = p_topic AND group_name = p_group AND seen + make_interval(secs => session_ms / 1000.0) < clock_timestamp();
  changed := changed OR FOUND;
  UPDATE log.assignments a SET owner = NULL
  WHERE a.topic_id = p_topic AND a.group_name = p_group AND a.owner IS NOT NULL AND NOT EXISTS (
    SELECT FROM log.members m WHERE m.topic_id = p_topic AND m.group_name = p_group AND m.member = a.owner);
  IF changed THEN
    PERFORM log.share_out(p_topic, p_group);
  END IF;
  UPDATE log.assignments SET owner = p_member, epoch = epoch + 1
  WHERE topic_id = p_topic AND group_name = p_group AND target = p_member AND owner IS NULL;
  SELECT count(*) INTO freed FROM log.assignments
  WHERE topic_id = p_topic AND group_name = p_group AND owner IS NULL AND target IS NOT NULL;
  IF changed OR (freed > 0 AND cardinality(p_released) > 0) THEN
    PERFORM pg_notify('${CHANNEL}', 'group:' || p_topic || ':' || p_group);
  END IF;
  RETURN QUERY SELECT a.partition, a.epoch, a.target IS NOT DISTINCT FROM p_member, a.acknowledged
  FROM log.assignments a WHERE a.topic_id = p_topic AND a.group_name = p_group AND a.owner = p_member;
END $$;
`;
