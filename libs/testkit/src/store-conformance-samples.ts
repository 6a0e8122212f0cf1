import type { Exception, ExceptionTransition, PlanVersionSummary } from '@plumbline/contracts';
import { formatInstant } from '@plumbline/kernel';
import type { ActualRows, DetectCommit, NewDeadLetter, RollUpCommit, SnapshotPage, Store, StoredPlan, StreamCounters } from '@plumbline/ports';

/** 2026-11-23T00:00Z, a Monday, and its day number. */
export const MONDAY_MS = 1_795_392_000_000;
export const MONDAY = 20_780;

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

export const counts = (some: Partial<StreamCounters> = {}): StreamCounters => ({
  accepted: 0,
  sales: 0,
  returns: 0,
  other: 0,
  duplicates: 0,
  outsideWindow: 0,
  late: 0,
  unplanned: 0,
  rejected: {},
  ...some,
});

/** A commit that changes nothing but what is given. */
export const detectCommit = (some: Partial<DetectCommit> & Pick<DetectCommit, 'partition' | 'epoch'>): DetectCommit => ({
  offset: 1,
  tick: MONDAY_MS,
  deltas: [],
  actuals: undefined,
  deadLetters: [],
  counters: counts(),
  unplanned: [],
  snapshot: undefined,
  ...some,
});

/** Claims detect partition 0 (or another) and commits to it. */
export async function commitTo(store: Store, some: Partial<DetectCommit>, partition = 0): Promise<number> {
  const { epoch } = await store.claim('detect', partition, 'test');
  await store.commitDetect([detectCommit({ partition, epoch, ...some })]);
  return epoch;
}

export const rollUpCommit = (some: Partial<RollUpCommit> & Pick<RollUpCommit, 'epoch'>): RollUpCommit => ({
  tick: MONDAY_MS,
  exceptions: [],
  transitions: [],
  snapshot: { meta: bytes(1), pages: [], pageCount: 0 },
  figures: undefined,
  ...some,
});

export async function rollUp(store: Store, some: Partial<RollUpCommit>): Promise<void> {
  const { epoch } = await store.claim('rollup', -1, 'test');
  await store.commitRollUp(rollUpCommit({ epoch, ...some }));
}

export const page = (number: number, ...content: number[]): SnapshotPage => ({ page: number, bytes: bytes(...content), checksum: 4_000_000_000 + number });

type SampleRow = [sku: string, location: string, day: number, hours: [hour: number, lines: number, units: number, revenue: number][]];

export function actualRows(...rows: SampleRow[]): ActualRows {
  return {
    sku: rows.map(([sku]) => sku),
    location: rows.map(([, location]) => location),
    day: rows.map(([, , day]) => day),
    hours: rows.map(([, , , hours]) => hours.map(([hour]) => hour)),
    lines: rows.map(([, , , hours]) => hours.map(([, lines]) => lines)),
    units: rows.map(([, , , hours]) => hours.map(([, , units]) => units)),
    revenue: rows.map(([, , , hours]) => hours.map(([, , , revenue]) => revenue)),
  };
}

export const letter = (key: string, some: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  key,
  reason: 'schema',
  detail: 'time is missing; send RFC 3339',
  source: 'till-4',
  eventId: `e-${key}`,
  payload: bytes(0, 1, 255),
  at: MONDAY_MS,
  ...some,
});

export function sampleException(number: number, some: Partial<Exception> = {}): Exception {
  return {
    id: `X-${number}`,
    kind: 'demand-surge',
    altitude: 'leaf',
    scope: { sku: 'A-1', family: 'Coats', location: 'L01', region: 'North' },
    status: 'open',
    owner: null,
    snoozedUntil: null,
    reason: null,
    headline: 'Coats A-1 at L01 sell at 2.4× plan – "since Thursday" \\ € 漢字',
    planVersion: { id: 'PV-1', name: 'November', hash: 'ab'.repeat(32) },
    since: formatInstant(MONDAY_MS - 86_400_000),
    raisedAt: formatInstant(MONDAY_MS + number * 1000),
    updatedAt: formatInstant(MONDAY_MS + number * 1000),
    measure: 'lines',
    expected: '12.50',
    actual: '30',
    variance: '17.50',
    variancePercent: 1.4000000000000001,
    ratio: 2.4,
    ratioLow: 1.9,
    ratioHigh: 2.9000000000000004,
    statistic: 12.345678901234567,
    peakStatistic: 1e-7,
    threshold: 1e21,
    probability: 0.1 + 0.2,
    valueAtRisk: '9007199254740993.10',
    currency: 'EUR',
    priority: 1,
    attribution: [{ scope: { sku: 'A-1' }, label: 'A-1', variance: 17.5, share: 1 }],
    evidence: [],
    evidenceCount: 0,
    recommendedActions: ['expedite'],
    reopened: 0,
    change: number,
    ...some,
  };
}

export const transition = (exceptionId: string, sequence: number, some: Partial<ExceptionTransition> = {}): ExceptionTransition => ({
  exceptionId,
  sequence,
  at: formatInstant(MONDAY_MS),
  from: sequence === 0 ? null : 'open',
  to: sequence === 0 ? 'open' : 'acknowledged',
  action: sequence === 0 ? 'raised' : 'acknowledged',
  by: sequence === 0 ? null : 'ann',
  note: null,
  change: sequence + 1,
  ...some,
});

export function samplePlan(id: string, some: Partial<PlanVersionSummary> = {}, body: Uint8Array = bytes(1, 2, 3)): StoredPlan {
  const summary: PlanVersionSummary = {
    id,
    name: `Plan ${id}`,
    status: 'draft',
    hash: `hash-of-${id}`,
    createdAt: formatInstant(MONDAY_MS),
    committedAt: null,
    effectiveAt: null,
    from: '2026-11',
    to: '2027-04',
    families: 2,
    regions: 3,
    series: 40,
    units: '123456789.125',
    revenue: '9876543210.10',
    currency: 'EUR',
    ...some,
  };
  return { summary, body };
}
