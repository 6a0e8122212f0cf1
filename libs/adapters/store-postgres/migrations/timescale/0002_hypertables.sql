-- Up Migration

-- Chunks of a week; no segment column, because a series has only a handful of rows in a chunk.
SELECT create_hypertable('actuals', by_range('day', 7), create_default_indexes => false, migrate_data => true);
SELECT set_integer_now_func('actuals', 'plumbline_today');
ALTER TABLE actuals SET (timescaledb.enable_columnstore, timescaledb.segmentby = '', timescaledb.orderby = 'series, day');
CALL add_columnstore_policy('actuals', after => 14);

SELECT create_hypertable('archived_event', by_range('time', 86400000), create_default_indexes => false, migrate_data => true);
SELECT set_integer_now_func('archived_event', 'plumbline_now');
ALTER TABLE archived_event SET (timescaledb.enable_columnstore, timescaledb.segmentby = '', timescaledb.orderby = 'sku, location, time');
CALL add_columnstore_policy('archived_event', after => 259200000::bigint);

-- Down Migration
-- A hypertable does not turn back into a table: restore from a backup, or copy the rows into a new one.
