import { PlumblineError } from '@plumbline/kernel';
import type { ActualsBucket, ActualsGroups, ActualsQuery } from '@plumbline/ports';
import { safeInteger, type Database } from './database.ts';

/** Days asked for one by one up to this many, so that the index (day, series) is entered once per day and series. */
const LISTED_DAYS = 800;

/**
 * Sums of actuals per bucket and group, ascending by day, hour, SKU, location. `day` is the Monday of a week bucket
 * (of which only the days asked for are summed) and `fromDay` for the total. Groups whose sums are all 0 are left out.
 */
export async function actuals(database: Database, query: ActualsQuery): Promise<ActualsBucket[]> {
  if (query.toDay <= query.fromDay) return [];
  if (query.groups) return groupedActuals(database, query, query.groups);
  const { text, values, groups } = statement(query);
  const rows = await database.rows<Record<string, string | number>>('reading actuals', text, values);
  return rows.map((row) => {
    const bucket: ActualsBucket = {
      day: row['day'] as number,
      lines: safeInteger(row['lines']),
      units: safeInteger(row['units']),
      revenue: safeInteger(row['revenue']),
    };
    if (query.bucket === 'hour') bucket.hour = row['hour'] as number;
    for (const group of groups) bucket[group] = row[group] as string;
    return bucket;
  });
}

function statement(query: ActualsQuery): { text: string; values: unknown[]; groups: ('sku' | 'location')[] } {
  const values: unknown[] = [whole(query.fromDay), whole(query.toDay)];
  const where: string[] = [];
  if (query.skus) where.push(`s.sku = ANY($${values.push(query.skus)}::text[])`);
  if (query.locations) where.push(`s.location = ANY($${values.push(query.locations)}::text[])`);
  const few = where.length > 0 && query.toDay - query.fromDay <= LISTED_DAYS;
  where.push(few ? 'a.day = ANY(ARRAY(SELECT generate_series($1::int, $2::int - 1)))' : 'a.day >= $1::int AND a.day < $2::int');
  const groups = (['sku', 'location'] as const).filter((group) => query.by?.includes(group));
  const joined = groups.length > 0 || query.skus || query.locations;
  const hourly = query.bucket === 'hour';
  const rows = `SELECT ${[`${DAY_OF[query.bucket]} AS day`, ...(hourly ? HOURS : SUMS), ...groups.map((group) => `s.${group}`)].join(', ')}
    FROM actuals a ${joined ? 'JOIN series s ON s.id = a.series' : ''} WHERE ${where.join(' AND ')}`;
  const keys = ['day', ...(hourly ? ['hour'] : []), ...groups].join(', ');
  const text = `SELECT ${keys}, sum(lines) AS lines, sum(units) AS units, sum(revenue) AS revenue FROM (${rows}) r
    GROUP BY ${keys} HAVING sum(lines) <> 0 OR sum(units) <> 0 OR sum(revenue) <> 0 ORDER BY ${keys}`;
  return { text, values, groups };
}

const SUMS = ['a.lines', 'a.units', 'a.revenue'];
const HOURS = ['unnest(a.hours) AS hour', 'unnest(a.hour_lines) AS lines', 'unnest(a.hour_units) AS units', 'unnest(a.hour_revenue) AS revenue'];

/** Series of groups up to this many are looked up one by one, day by day; more are found by reading the days' rows. */
const LISTED_SERIES = 500;

/** The same by pairs of groups, ascending by day, hour, SKU group, location group. */
async function groupedActuals(
  database: Database,
  query: ActualsQuery,
  { skus, locations }: { skus: ActualsGroups; locations: ActualsGroups },
): Promise<ActualsBucket[]> {
  const hourly = query.bucket === 'hour';
  const few = skus.codes.length * locations.codes.length <= LISTED_SERIES && query.toDay - query.fromDay <= LISTED_DAYS;
  const days = few ? 'a.day = ANY(ARRAY(SELECT generate_series($1::int, $2::int - 1)))' : 'a.day >= $1::int AND a.day < $2::int';
  const keys = ['day', ...(hourly ? ['hour'] : []), 'sku_group', 'location_group'].join(', ');
  const text = `WITH named AS MATERIALIZED (
      SELECT s.id, p.number AS sku_group, l.number AS location_group FROM series s
      JOIN unnest($3::text[], $4::int[]) AS p (code, number) ON p.code = s.sku
      JOIN unnest($5::text[], $6::int[]) AS l (code, number) ON l.code = s.location
    )
    SELECT ${keys}, sum(lines)::float8 AS lines, sum(units)::float8 AS units, sum(revenue)::float8 AS revenue FROM (
      SELECT ${DAY_OF[query.bucket]} AS day, ${(hourly ? HOURS : SUMS).join(', ')}, n.sku_group, n.location_group
      FROM actuals a JOIN named n ON n.id = a.series WHERE ${days}
    ) r GROUP BY ${keys} HAVING sum(lines) <> 0 OR sum(units) <> 0 OR sum(revenue) <> 0 ORDER BY ${keys}`;
  const values = [whole(query.fromDay), whole(query.toDay), skus.codes, skus.group, locations.codes, locations.group];
  const rows = await database.rows<Record<string, number>>('reading actuals', text, values);
  return rows.map((row) => ({
    day: row['day']!,
    ...(hourly ? { hour: row['hour']! } : {}),
    skuGroup: row['sku_group']!,
    locationGroup: row['location_group']!,
    lines: safeInteger(row['lines']),
    units: safeInteger(row['units']),
    revenue: safeInteger(row['revenue']),
  }));
}

/** Hours of a row ascend, so the first of each tells. */
export async function firstSale(database: Database): Promise<{ day: number; hour: number } | undefined> {
  const [row] = await database.rows<{ day: number; hour: number | null }>(
    'finding the first sale',
    'SELECT day, min(hours[1]) AS hour FROM actuals WHERE day = (SELECT min(day) FROM actuals) GROUP BY day',
    [],
  );
  return row && { day: row.day, hour: row.hour ?? 0 };
}

/** The Monday on or before a day: day 0 was a Thursday. */
const DAY_OF = { hour: 'a.day', day: 'a.day', week: 'a.day - (((a.day + 3) % 7) + 7) % 7', total: '$1::int' } as const;

function whole(day: number): number {
  if (Number.isInteger(day)) return day;
  throw new PlumblineError('not-an-integer', `${day} is no business day`, { where: 'store, actuals', fix: 'days count from 1970-01-01' });
}

/**
 * Merges the partial rows of each series and day in [fromDay, beforeDay) into one, a transaction a day. Rows appended
 * meanwhile, or merged by someone else, are not touched: only rows this statement itself deleted are added up.
 * @returns how many rows fewer there are
 */
export async function compactActuals(database: Database, fromDay: number, beforeDay: number): Promise<number> {
  const days = await database.rows<{ day: number; series: number[] }>(
    'finding days to merge',
    `SELECT day, array_agg(series) AS series FROM
       (SELECT day, series FROM actuals WHERE day >= $1 AND day < $2 GROUP BY day, series HAVING count(*) > 1) d
     GROUP BY day ORDER BY day`,
    [whole(fromDay), whole(beforeDay)],
  );
  let saved = 0;
  for (const { day, series } of days) {
    const [row] = await database.rows<{ saved: number }>('merging actuals', MERGE, [day, series]);
    saved += row!.saved;
  }
  return saved;
}

/** The series come as a list: with a subquery, TimescaleDB 2.23 passes over rows it has just taken out of the columnstore. */
const MERGE = `WITH gone AS (
  DELETE FROM actuals WHERE day = $1 AND series = ANY($2::int[])
  RETURNING series, hours, hour_lines, hour_units, hour_revenue
), hourly AS (
  SELECT series, hour, sum(lines)::integer AS lines, sum(units)::bigint AS units, sum(revenue)::bigint AS revenue
  FROM gone, unnest(hours, hour_lines, hour_units, hour_revenue) AS h (hour, lines, units, revenue)
  GROUP BY series, hour
), merged AS (
  INSERT INTO actuals (series, day, lines, units, revenue, hours, hour_lines, hour_units, hour_revenue)
  SELECT series, $1, sum(lines), sum(units), sum(revenue), array_agg(hour ORDER BY hour), array_agg(lines ORDER BY hour),
    array_agg(units ORDER BY hour), array_agg(revenue ORDER BY hour)
  FROM hourly GROUP BY series ORDER BY series
  RETURNING 1
)
SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM merged) AS saved`;

/**
 * Brings TimescaleDB's day and week aggregates up to date for [fromDay, toDay) (whole weeks of it); the server's own
 * policies do the same every hour, for days past the late window. Nothing to do on plain PostgreSQL.
 */
export async function refreshAggregates(database: Database, fromDay: number, toDay: number): Promise<void> {
  for (const view of ['actuals_by_day', 'actuals_by_week']) {
    await database.run('refreshing aggregates', `CALL refresh_continuous_aggregate('${view}', ${whole(fromDay)}, ${whole(toDay)})`);
  }
}
