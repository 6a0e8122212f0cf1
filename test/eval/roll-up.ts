import { DAY_MS, HOUR_MS, parseDay, Random, type Instant } from '@plumbline/kernel';
import { altitudeOf, makeRetailer, type Cause, type InjectedCause, type Retailer } from '@plumbline/simulator';
import type { Scope } from '@plumbline/contracts';
import { atLeast, atMost, number, type Section } from './report.ts';
import { runWholeTower, type Raised, type TowerRunResult } from './tower-run.ts';

/** The kinds of single causes, as the prototype was judged by them. */
const KINDS = [
  { name: 'family ×1.5', group: 'family', factor: 1.5, days: 5 },
  { name: 'family in region ×1.8', group: 'family', factor: 1.8, days: 5 },
  { name: 'region ×.6', group: 'region', factor: 0.6, days: 5 },
  { name: 'region ×1.5', group: 'region', factor: 1.5, days: 5 },
  { name: 'store silent', group: 'store', factor: 1, days: 2 },
  { name: 'store ×.3', group: 'store', factor: 0.3, days: 4 },
  { name: 'SKU ×.5', group: 'SKU', factor: 0.5, days: 6 },
  { name: 'SKU ×3', group: 'SKU', factor: 3, days: 4 },
  { name: 'SKU off the shelf in a store', group: 'leaf', factor: 0, days: 6 },
] as const;
type Kind = (typeof KINDS)[number];

/** Quiet days before the first cause (the cold start is 14 days) and from one cause's beginning to the next. */
const WARM_DAYS = 21;
const SPACING_DAYS = 10;
const START = parseDay('2027-01-04') * DAY_MS;
/** False alarms a day promised over the whole tower. */
const BUDGET = 1;

/** What became of one cause. */
interface Verdict {
  kind: Kind;
  cause: InjectedCause;
  /** Exceptions raised on it, the first at the top. */
  raised: Raised[];
  hit: boolean;
}

export const FULL_TOWER = { skus: 120, rounds: 5 };
export const QUICK_TOWER = { skus: 48, rounds: 1 };

/** Causes one at a time over the demo retailer: does each raise one exception, at its own altitude, and nothing else? */
export async function evaluateRollUp(
  { skus, rounds }: { skus: number; rounds: number },
  progress: (step: string) => void,
): Promise<Section> {
  const retailer = makeRetailer({ seed: 42, skus });
  progress(`roll-up: ${rounds * KINDS.length} causes`);
  const planned = schedule(retailer, rounds);
  const to = START + (WARM_DAYS + planned.length * SPACING_DAYS) * DAY_MS;
  const run = await runWholeTower({
    retailer,
    causes: planned.map(({ cause }) => cause),
    from: START,
    to,
    budget: BUDGET,
    tickSeconds: 3600,
  });
  const verdicts = planned.map(({ kind }, i) => judge(kind, run.injected[i]!, run));
  const claimed = new Set(verdicts.flatMap(({ raised }) => raised.map(({ exception }) => exception.id)));
  const strays = run.raised.filter(({ exception }) => !claimed.has(exception.id)).length;
  const days = (to - START) / DAY_MS;
  return sectionOf(verdicts, strays / days, run.lines / days);
}

/** What was raised first in place of a cause, or beside it: for reading, when a target is missed. */
function astray(verdicts: readonly Verdict[]): string[][] {
  const scopeText = (scope: Scope): string => Object.values(scope).join(' ');
  return verdicts
    .filter(({ hit, raised }) => !hit || raised.length > 1)
    .map(({ kind, cause, raised }) => [
      `${kind.name}: ${scopeText(cause.scope)}`,
      raised
        .map(({ exception }) => `${exception.kind} ${exception.altitude} ${scopeText(exception.scope)}`)
        .join('; ') || 'not found',
    ]);
}

function sectionOf(verdicts: readonly Verdict[], straysPerDay: number, linesPerDay: number): Section {
  const of = (group: string): Verdict[] => verdicts.filter(({ kind }) => kind.group === group);
  const hitRate = (own: readonly Verdict[]): number => own.filter(({ hit }) => hit).length / own.length;
  const found = verdicts.filter(({ raised }) => raised.length > 0);
  const perCause = found.reduce((sum, { raised }) => sum + raised.length, 0) / Math.max(1, found.length);
  const rows = KINDS.map((kind) => {
    const own = verdicts.filter((verdict) => verdict.kind === kind);
    const seen = own.filter(({ raised }) => raised.length > 0);
    const each = seen.reduce((sum, { raised }) => sum + raised.length, 0) / Math.max(1, seen.length);
    return [
      kind.name,
      String(own.length),
      number(seen.length / own.length),
      number(hitRate(own)),
      number(each),
      number(medianHours(seen), 1),
    ];
  });
  return {
    tables: [
      {
        title: `Roll-up: single causes over the demo retailer, whole tower (${Math.round(linesPerDay)} lines a day, budget ${BUDGET} false alarm a day)`,
        columns: ['cause', 'injected', 'found', 'hit@1', 'exceptions each', 'hours to raise'],
        rows,
        note: `hit@1: the first exception raised on a cause names its kind and exactly its scope; a cause not found is a miss. Exceptions on no cause: ${number(straysPerDay, 3)} a day, promised at most ${BUDGET}.`,
      },
      {
        title: 'Causes that were not told by exactly one exception of their own',
        columns: ['cause → raised'],
        rows: astray(verdicts).map(([cause, raised]) => [`${cause} → ${raised}`]),
      },
    ],
    targets: [
      atLeast('roll-up hit@1, family', hitRate(of('family')), 0.95),
      atLeast('roll-up hit@1, region', hitRate(of('region')), 0.95),
      atLeast('roll-up hit@1, store', hitRate(of('store')), 0.95),
      atLeast('roll-up hit@1, SKU', hitRate(of('SKU')), 0.8),
      atMost('exceptions per single cause', perCause, 1.2),
      atMost('exceptions a day on no cause (the budget)', straysPerDay, BUDGET),
    ],
  };
}

function schedule(retailer: Retailer, rounds: number): { kind: Kind; cause: Cause }[] {
  const random = new Random(77);
  const planned: { kind: Kind; cause: Cause }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      const from = START + (WARM_DAYS + planned.length * SPACING_DAYS) * DAY_MS + 4 * HOUR_MS;
      planned.push({ kind, cause: causeOf(retailer, kind, random, `E${planned.length + 1}`, from) });
    }
  }
  return planned;
}

function causeOf(retailer: Retailer, kind: Kind, random: Random, id: string, from: Instant): Cause {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  const family = pick(retailer.families.filter(({ lines }) => lines >= 1)).name;
  const region = pick(retailer.regions).name;
  const location = pick(retailer.locations).code;
  const skus = sellers(retailer);
  const common = { id, from, to: from + kind.days * DAY_MS, factor: kind.factor };
  switch (kind.name) {
    case 'family ×1.5':
      return { ...common, kind: 'family-surge', scope: { family } };
    case 'family in region ×1.8':
      return { ...common, kind: 'family-surge', scope: { family, region } };
    case 'region ×.6':
    case 'region ×1.5':
      return { ...common, kind: 'region-drop', scope: { region } };
    case 'store silent':
      return { ...common, kind: 'store-silence', scope: { location }, unsent: 'lost' };
    case 'store ×.3':
      return { ...common, kind: 'region-drop', scope: { location } };
    case 'SKU ×.5':
    case 'SKU ×3':
      return {
        ...common,
        kind: kind.factor > 1 ? 'price-mistake' : 'region-drop',
        scope: { sku: pick(skus.slice(0, 40)) },
      };
    case 'SKU off the shelf in a store':
      return {
        ...common,
        kind: 'off-shelf',
        scope: {
          sku: pick(skus.slice(0, 8)),
          location: pick(
            retailer.locations.filter(({ code }) => ['PAR', 'LON', 'HEL', 'LYS', 'MRS', 'TLS'].includes(code)),
          ).code,
        },
      };
  }
}

/** SKUs by planned lines, most first. */
function sellers(retailer: Retailer): string[] {
  const places = retailer.locations.length;
  const lines = retailer.products.map(
    (_, sku) =>
      retailer.weeklyUnits.subarray(sku * places, (sku + 1) * places).reduce((a, b) => a + b, 0) /
      retailer.unitsPerLine[sku]!,
  );
  return [...lines.keys()].sort((a, b) => lines[b]! - lines[a]! || a - b).map((sku) => retailer.products[sku]!.sku);
}

function judge(kind: Kind, cause: InjectedCause, { raised }: TowerRunResult): Verdict {
  const until = cause.to + 2 * DAY_MS;
  const own = raised.filter(
    ({ at, exception }) => at > cause.from && at <= until && touches(exception.scope, cause.scope),
  );
  const first = own[0]?.exception;
  return {
    kind,
    cause,
    raised: own,
    hit:
      first !== undefined &&
      sameKind(first.kind, cause) &&
      first.altitude === altitudeOf(cause.scope) &&
      covers(cause.scope, first.scope),
  };
}

/** A product that stops may be told as a zero run or as a drop. */
function sameKind(kind: string, cause: InjectedCause): boolean {
  const { expected } = cause;
  return (
    kind === expected.kind ||
    (cause.factor < 1 && (kind === 'zero-run' || kind === 'demand-drop') && cause.kind !== 'store-silence')
  );
}

/** Every member of the cause's scope is named by the exception. */
const covers = (cause: Scope, scope: Scope): boolean =>
  (['sku', 'family', 'location', 'region'] as const).every(
    (name) => cause[name] === undefined || cause[name] === scope[name],
  );

/** Scopes that contradict each other in no member share leaves. */
const touches = (a: Scope, b: Scope): boolean =>
  (['sku', 'family', 'location', 'region'] as const).every(
    (name) => a[name] === undefined || b[name] === undefined || a[name] === b[name],
  );

function medianHours(verdicts: readonly Verdict[]): number {
  const hours = verdicts.map(({ raised, cause }) => (raised[0]!.at - cause.from) / HOUR_MS).sort((a, b) => a - b);
  return hours[hours.length >> 1] ?? NaN;
}
