-- Up Migration

-- Up to which tick a partition's lines are in `actuals`: they are written with a snapshot, less often than offsets move.
ALTER TABLE stream_partition ADD COLUMN counted_tick bigint;

-- Down Migration
ALTER TABLE stream_partition DROP COLUMN counted_tick;
