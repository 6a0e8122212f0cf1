-- Up Migration

-- Day 4 is 1970-01-05, a Monday.
CREATE MATERIALIZED VIEW actuals_by_day WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series, time_bucket(1, day) AS day, sum(lines) AS lines, sum(units) AS units, sum(revenue) AS revenue
FROM actuals GROUP BY 1, 2 WITH NO DATA;

CREATE MATERIALIZED VIEW actuals_by_week WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT series, time_bucket(7, day, 4) AS day, sum(lines) AS lines, sum(units) AS units, sum(revenue) AS revenue
FROM actuals GROUP BY 1, 2 WITH NO DATA;

-- Days beyond the late window only; open days are served from the rows.
SELECT add_continuous_aggregate_policy('actuals_by_day', start_offset => 60, end_offset => 8, schedule_interval => interval '1 hour');
SELECT add_continuous_aggregate_policy('actuals_by_week', start_offset => 84, end_offset => 14, schedule_interval => interval '6 hours');

-- Down Migration
DROP MATERIALIZED VIEW actuals_by_week;
DROP MATERIALIZED VIEW actuals_by_day;
