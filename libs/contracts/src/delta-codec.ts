import { canonicalJson, PlumblineError } from '@plumbline/kernel';
import type { CellColumns, ExceptionCommand, SeriesFiring, TickDelta } from './tick-delta.ts';
import { corrupt, VarintReader, VarintWriter } from './varint.ts';

const MAGIC = Uint8Array.of(0x50, 0x4c, 0x54, 1); // "PLT" and the format's version
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Series and lines travel as rows, so that names are not repeated. */
interface Rest {
  firings: [sku: string, location: string | null, SeriesFiring['kind'], ...numbers: number[]][];
  skuLines: [sku: string, location: string, day: number, lines: number][];
  commands: ExceptionCommand[];
  plans: TickDelta['plans'];
  heard: string[];
}

/**
 * A tick delta as bytes: partition, tick and cells as variable-length integers, column by column, then the rest as
 * JSON. Equal deltas give equal bytes, on any machine.
 * @throws PlumblineError 'delta-not-integer' when a count or sum is no safe integer, 'delta-not-finite' for statistics
 */
export function encodeDelta(delta: TickDelta): Uint8Array {
  const out = new VarintWriter();
  const { cells } = delta;
  const rows = cells.family.length;
  for (const column of Object.values(cells) as CellColumns[keyof CellColumns][]) {
    if (column.length !== rows) throw corrupt('its cell columns differ in length');
  }
  out.bytes(MAGIC);
  out.integer(delta.partition);
  out.integer(delta.tick);
  out.integer(rows);
  for (const column of [cells.family, cells.location, cells.day]) out.differences(column);
  for (const column of [cells.lines, cells.units, cells.revenue]) for (const value of column) out.integer(value);
  out.bytes(encoder.encode(canonicalJson(restOf(delta))));
  return out.done();
}

/** @throws PlumblineError 'delta-corrupt' */
export function decodeDelta(bytes: Uint8Array): TickDelta {
  for (let i = 0; i < MAGIC.length; i++) if (bytes[i] !== MAGIC[i]) throw corrupt('it has another format or version');
  const input = new VarintReader(bytes, MAGIC.length);
  const partition = input.integer();
  const tick = input.integer();
  const cells = cellsOf(input.count(6));
  for (const column of [cells.family, cells.location, cells.day]) input.differences(column);
  for (const column of [cells.lines, cells.units, cells.revenue]) {
    for (let i = 0; i < column.length; i++) column[i] = input.integer();
  }
  const { firings, skuLines, commands, plans, heard } = parse(input.rest);
  return {
    partition,
    tick,
    cells,
    firings: firings.map(([sku, location, kind, day, since, statistic, threshold, lines, expected]) => ({
      sku,
      location: location ?? undefined,
      kind,
      day: day!,
      since: since!,
      statistic: statistic!,
      threshold: threshold!,
      lines: lines!,
      expected: expected!,
    })),
    skuLines: skuLines.map(([sku, location, day, lines]) => ({ sku, location, day, lines })),
    commands,
    plans,
    heard,
  };
}

/** Columns of n rows, all zero. */
export function cellsOf(rows: number): CellColumns {
  return {
    family: new Uint16Array(rows),
    location: new Uint16Array(rows),
    day: new Int32Array(rows),
    lines: new Int32Array(rows),
    units: new Float64Array(rows),
    revenue: new Float64Array(rows),
  };
}

function restOf({ firings, skuLines, commands, plans, heard }: TickDelta): Rest {
  return {
    firings: firings.map((firing) => {
      const { sku, location, kind, day, since, statistic, threshold, lines, expected } = firing;
      const numbers = [day, since, statistic, threshold, lines, expected];
      if (!numbers.every(Number.isFinite)) {
        throw new PlumblineError('delta-not-finite', `a firing of ${sku} carries a number that is not finite`, {
          where: numbers.join(', '),
          fix: 'report this: a statistic has overflowed',
        });
      }
      return [sku, location ?? null, kind, ...numbers];
    }),
    skuLines: skuLines.map(({ sku, location, day, lines }) => [sku, location, day, lines]),
    commands,
    plans,
    heard,
  };
}

function parse(bytes: Uint8Array): Rest {
  try {
    return JSON.parse(decoder.decode(bytes)) as Rest;
  } catch {
    throw corrupt('its second part is no JSON');
  }
}
