-- Up Migration

-- Time is an event: policies ask the last closed tick, not the server's clock, so that replaying history from years ago
-- neither compresses the days being written nor drops what was just archived.
CREATE FUNCTION plumbline_now() RETURNS bigint LANGUAGE sql STABLE
  RETURN (SELECT coalesce(max(tick), 0) FROM stream_partition);
CREATE FUNCTION plumbline_today() RETURNS integer LANGUAGE sql STABLE
  RETURN floor(plumbline_now() / 86400000.0)::integer;

-- Down Migration
DROP FUNCTION plumbline_today();
DROP FUNCTION plumbline_now();
