import fc from 'fast-check';
import type { Expectation } from './types.ts';

/** Small random worlds for the bank's property tests: three series, some weeks, and what happens in them. */
export const FIRST = 20_000;
export const SERIES = 3;
export const DAYS = 30;

/** What happens: lines counted, minutes ticked, observed time changed, an exception opened or closed. */
export type Act =
  | { do: 'count'; series: number; ago: number; lines: number }
  | { do: 'tick'; days: number; minutes: number }
  | { do: 'observe'; series: number; ago: number; share: number }
  | { do: 'open'; series: number; open: boolean };

export interface World {
  plan: number[];
  weekday: number[];
  alpha: number;
  deadBand: number;
  lnThreshold: number;
  acts: Act[];
}

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('count' as const),
      series: fc.nat(SERIES - 1),
      ago: fc.constant(0),
      lines: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('count' as const),
      series: fc.nat(SERIES - 1),
      ago: fc.integer({ min: -2, max: 9 }),
      lines: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      days: fc.constant(0),
      minutes: fc.integer({ min: -30, max: 400 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      days: fc.integer({ min: 1, max: 2 }),
      minutes: fc.nat(900),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('observe' as const),
      series: fc.nat(SERIES - 1),
      ago: fc.nat(7),
      share: fc.constantFrom(0, 0.4, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('open' as const), series: fc.nat(SERIES - 1), open: fc.boolean() }),
  },
);

export const world: fc.Arbitrary<World> = fc.record({
  plan: fc.tuple(fc.constantFrom(0.3, 1), fc.constantFrom(3, 8), fc.constantFrom(15, 40)).map((plan) => [...plan]),
  weekday: fc.array(fc.constantFrom(0, 0.7, 1, 1.3), { minLength: 7, maxLength: 7 }),
  alpha: fc.constantFrom(0.05, 0.2, 0.6),
  deadBand: fc.constantFrom(0, 0.15, 0.25),
  lnThreshold: fc.constantFrom(2, 4, 7, Math.log(7000)),
  acts: fc.array(act, { minLength: 40, maxLength: 220 }),
});

/** The expectation of a world; `open` is the day its clock stands at. */
export class WorldExpectation implements Expectation {
  open = FIRST;
  /** Natural logarithm. */
  threshold: number;
  readonly #world: World;
  readonly #shares = new Map<string, number>();

  constructor(from: World) {
    this.#world = from;
    this.threshold = from.lnThreshold;
  }

  observe(series: number, day: number, share: number): void {
    this.#shares.set(`${series} ${day}`, share);
  }

  linesOfDay(series: number, day: number): number {
    return this.#world.plan[series]! * this.#world.weekday[day % 7]!;
  }

  elapsed(series: number, minute: number): number {
    const share = Math.min(1, Math.max(0, (minute - 540) / 720));
    return Math.min(share, this.exposure(series, this.open));
  }

  exposure(series: number, day: number): number {
    return this.#shares.get(`${series} ${day}`) ?? 1;
  }

  alpha(): number {
    return this.#world.alpha;
  }

  deadBand(): number {
    return this.#world.deadBand;
  }

  lnThreshold(): number {
    return this.threshold;
  }
}
