-- Up Migration

-- A short number for every SKU-location that ever sold, so that rows and indexes of actuals stay small.
CREATE TABLE series (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku text COLLATE "C" NOT NULL,
  location text COLLATE "C" NOT NULL,
  UNIQUE (sku, location)
);
CREATE INDEX series_location ON series (location);

-- One row per series, business day and flush; rows are only added (and merged once the day is past the late window), the
-- sum over a series and day is the truth. `day` counts days since 1970-01-01 in the location's zone, units are
-- thousandths, revenue ten-thousandths. The four arrays are parallel; lines, units and revenue are their sums.
CREATE TABLE actuals (
  series integer NOT NULL,
  day integer NOT NULL,
  lines integer NOT NULL,
  units bigint NOT NULL,
  revenue bigint NOT NULL,
  hours smallint[] NOT NULL,
  hour_lines integer[] NOT NULL,
  hour_units bigint[] NOT NULL,
  hour_revenue bigint[] NOT NULL
);
CREATE INDEX actuals_day_series ON actuals (day, series);

-- For people: exact decimals and calendar dates.
CREATE VIEW hourly_actuals AS
SELECT s.sku, s.location, date '1970-01-01' + a.day AS business_day, h.hour,
  sum(h.lines) AS lines, sum(h.units) / 1000.0 AS units, sum(h.revenue) / 10000.0 AS revenue
FROM actuals a
JOIN series s ON s.id = a.series
CROSS JOIN LATERAL unnest(a.hours, a.hour_lines, a.hour_units, a.hour_revenue) AS h (hour, lines, units, revenue)
GROUP BY s.sku, s.location, a.day, h.hour;

-- Down Migration
DROP VIEW hourly_actuals;
DROP TABLE actuals, series;
