import type { Expectation, Firing } from './types.ts';

/**
 * SeriesBank again, for its tests, written from the specification and as slow as it likes: every line ever counted is
 * kept, every statistic is worked out from the first day on at every tick, in double precision, and every series is
 * looked at every time; no checkpoint, no bounds, no candidates.
 */
type Kind = Firing['kind'];
const SURGE = [1.25, 1.5, 2, 3, 5];
const DROP = [0.8, 0.6, 0.4, 0.2, 0.02];

export interface OracleState {
  surge: number[];
  drop: number[];
  c: number;
  e: number;
  zeroRun: number;
  alphaSum: number;
  alphaWeight: number;
  zeroReported: boolean;
}

export class BankOracle {
  readonly #expectation: Expectation;
  readonly #counts: Map<number, number>[];
  readonly #first: number;
  readonly #facts: Set<string>[];
  readonly #late = new Set<number>();
  readonly #open = new Set<number>();
  open: number;
  #minute = 0;
  #hour = -1;
  /** The day being closed, if any. */
  #closing = -1;
  /** Smallest distance of any statistic looked at to its threshold, in nats. */
  margin = Infinity;

  constructor(size: number, expectation: Expectation, openDay: number) {
    this.#expectation = expectation;
    this.#first = this.open = openDay;
    this.#counts = Array.from({ length: size }, () => new Map<number, number>());
    this.#facts = Array.from({ length: size }, () => new Set<string>());
  }

  count(series: number, day: number, lines: number): boolean {
    if (day > this.open + 1 || day < this.open - 7 || day < this.#first) return false;
    this.#counts[series]!.set(day, this.lines(series, day) + lines);
    if (day < this.open) this.#late.add(series);
    return true;
  }

  lines(series: number, day: number): number {
    return this.#counts[series]!.get(day) ?? 0;
  }

  exposureChanged(series: number): void {
    this.#late.add(series);
  }

  setOpen(series: number, open: boolean): void {
    if (open) this.#open.add(series);
    else this.#open.delete(series);
  }

  tick(day: number, minute: number): Firing[] {
    if (day < this.open) return [];
    const fired: Firing[] = [];
    const staying = day === this.open;
    this.#minute = staying ? Math.max(minute, this.#minute) : minute;
    const hour = Math.floor(this.#minute / 60);
    const settled = new Set(this.#late);
    this.#late.clear();
    for (const series of settled) {
      for (let d = Math.max(this.#first, this.open - 7); d < this.open; d++) this.#testClosed(series, d, fired);
    }
    for (; this.open < day; this.open++) {
      this.#closing = this.open;
      for (let series = 0; series < this.#counts.length; series++) this.#close(series, this.open, fired);
    }
    this.#closing = -1;
    for (let series = 0; series < this.#counts.length; series++) {
      this.#testOpen(series, !staying || hour > this.#hour || settled.has(series), fired);
    }
    this.#hour = hour;
    return fired.sort((a, b) => a.series - b.series || a.day - b.day);
  }

  #close(series: number, day: number, fired: Firing[]): void {
    const recent = [...this.#facts[series]!].some((fact) => {
      const [kind, at] = fact.split(' ');
      return (kind === 'surge' || kind === 'drop') && Number(at) >= day - 7;
    });
    if (recent || this.#open.has(series)) this.#facts[series]!.add(`held ${day}`);
    this.#testClosed(series, day, fired);
  }

  /** State before a day. */
  state(series: number, day: number): OracleState {
    const state: OracleState = {
      surge: SURGE.map(() => 0),
      drop: DROP.map(() => 0),
      c: 0,
      e: 0,
      zeroRun: 0,
      alphaSum: 0,
      alphaWeight: 0,
      zeroReported: false,
    };
    for (let d = this.#first; d < day; d++) this.#step(series, d, state);
    return state;
  }

  #parameters(series: number, day: number, state: OracleState) {
    const cold = day - this.#first < 14;
    const pool = this.#expectation.alpha(series);
    let alpha = pool;
    let safety = 1.3;
    if (!cold && state.alphaWeight > 0) {
      const own = Math.max(0, state.alphaSum / state.alphaWeight);
      const n = 2 * Math.max(pool, Math.min(own, 2 * pool)) ** 2 * state.alphaWeight;
      alpha = (n * own + 30 * pool) / (n + 30);
      safety = (1.1 * n + 1.3 * 30) / (n + 30);
    }
    alpha = Math.max(1e-4, safety * alpha);
    const theta = Math.min(2.5, Math.max(0.4, (40 + state.c) / (40 + state.e)));
    return { alpha, theta, k: 1 / alpha, band: cold ? 0.5 : this.#expectation.deadBand(series) };
  }

  #planned(series: number, day: number): number {
    return this.#expectation.linesOfDay(series, day) * (this.#expectation.exposure?.(series, day, this.lines(series, day)) ?? 1);
  }

  #ratio(multiple: number, edge: number, m: number, lines: number, k: number): number {
    const theta = edge * multiple;
    return Math.exp(lines * Math.log(theta / edge) + (lines + k) * Math.log((k + edge * m) / (k + theta * m)));
  }

  #step(
    series: number,
    day: number,
    state: OracleState,
  ): { surge: number; drop: number; zeroRun: number; expected: number; k: number } {
    const planned = this.#planned(series, day);
    const lines = this.lines(series, day);
    const facts = this.#facts[series]!;
    const result = { surge: 0, drop: 0, zeroRun: 0, expected: 0, k: 1 };
    if (planned > 0) {
      const { alpha, theta, k, band } = this.#parameters(series, day, state);
      const m = planned * theta;
      state.surge = state.surge.map((value, j) => (1 + value) * this.#ratio(SURGE[j]!, 1 + band, m, lines, k));
      state.drop = state.drop.map((value, j) => (1 + value) * this.#ratio(DROP[j]!, 1 - band, m, lines, k));
      state.zeroRun = lines > 0 ? 0 : (1 + state.zeroRun) * (1 + ((1 - band) * m) / k) ** k;
      const phi = 1 + alpha * m;
      const keep = 0.5 ** (1 / 28);
      state.c = keep * state.c + lines / phi;
      state.e = keep * state.e + planned / phi;
      if (!facts.has(`held ${day}`)) {
        const variance = m * phi;
        const sigma = Math.sqrt(variance);
        const residual = Math.sign(lines - m) * Math.min(4 * sigma, Math.abs(lines - m));
        const weight = m ** 2 / (variance + 2 * variance ** 2);
        const keepAlpha = 0.5 ** (1 / 182);
        state.alphaSum = keepAlpha * state.alphaSum + weight * (residual ** 2 - m);
        state.alphaWeight = keepAlpha * state.alphaWeight + weight * m ** 2;
      }
      if (lines > 0) state.zeroReported = false;
      const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
      Object.assign(result, {
        surge: mean(state.surge),
        drop: mean(state.drop),
        zeroRun: state.zeroRun,
        expected: m,
        k,
      });
    }
    if (facts.has(`surge ${day}`)) state.surge = SURGE.map(() => 0);
    if (facts.has(`drop ${day}`)) state.drop = DROP.map(() => 0);
    if (facts.has(`zero-run ${day}`) && lines === 0) state.zeroReported = true;
    return result;
  }

  #reaches(statistic: number, series: number): boolean {
    const distance = Math.log(statistic) - this.#expectation.lnThreshold(series);
    this.margin = Math.min(this.margin, Math.abs(distance));
    return distance >= 0;
  }

  #testClosed(series: number, day: number, fired: Firing[]): void {
    if (!(this.#planned(series, day) > 0)) return;
    const before = this.state(series, day);
    const reported = before.zeroReported && this.lines(series, day) === 0;
    const close = this.#step(series, day, before);
    const facts = this.#facts[series]!;
    const raised: [Kind, number][] = [];
    if (this.#reaches(close.surge, series) && !facts.has(`surge ${day}`)) raised.push(['surge', close.surge]);
    if (this.#reaches(close.drop, series) && !facts.has(`drop ${day}`)) raised.push(['drop', close.drop]);
    if (this.#reaches(close.zeroRun, series) && !reported && !facts.has(`zero-run ${day}`))
      raised.push(['zero-run', close.zeroRun]);
    for (const [kind, statistic] of raised) this.#raise(series, kind, day, statistic, close.expected, close.k, fired);
  }

  #testOpen(series: number, drops: boolean, fired: Firing[]): void {
    const day = this.open;
    const e = this.#expectation;
    const plan = e.linesOfDay(series, day);
    if (!(plan > 0)) return;
    const state = this.state(series, day);
    const { theta, k, band } = this.#parameters(series, day, state);
    const facts = this.#facts[series]!;
    const lines = this.lines(series, day);
    const live = (values: number[], multiples: number[], edge: number, m: number): number =>
      values.reduce((sum, value, j) => sum + (1 + value) * this.#ratio(multiples[j]!, edge, m, lines, k), 0) /
      values.length;
    if (!facts.has(`surge ${day}`)) {
      const m = plan * theta * e.elapsed(series, Math.min(1440, Math.ceil(this.#minute / 60) * 60));
      const statistic = live(state.surge, SURGE, 1 + band, m);
      if (this.#reaches(statistic, series)) this.#raise(series, 'surge', day, statistic, m, k, fired);
    }
    if (drops && !facts.has(`drop ${day}`)) {
      const m = plan * theta * e.elapsed(series, Math.floor(this.#minute / 60) * 60);
      const statistic = live(state.drop, DROP, 1 - band, m);
      if (this.#reaches(statistic, series)) this.#raise(series, 'drop', day, statistic, m, k, fired);
    }
  }

  #raise(
    series: number,
    kind: Kind,
    day: number,
    statistic: number,
    expectedToday: number,
    k: number,
    fired: Firing[],
  ): void {
    const windows: { since: number; lines: number; expected: number; gain: number }[] = [];
    // While a day closes, the window has moved on already: the day that leaves it is no evidence any more.
    const oldest = Math.max(this.#first, (day === this.#closing ? day + 1 : this.open) - 7);
    for (let since = oldest; since <= day; since++) {
      const days = this.#expectedDays(series, since, day, expectedToday, k);
      const lines = days.reduce((sum, d) => sum + d.lines, 0);
      const expected = days.reduce((sum, d) => sum + d.expected, 0);
      if (days[0]?.day !== since || (kind === 'surge' ? lines < expected : lines > expected)) continue;
      const theta = lines / expected;
      let gain = 0;
      for (const d of days) {
        gain +=
          d.lines * Math.log(Math.max(theta, 1e-9)) +
          (d.lines + d.k) * Math.log((d.k + d.expected) / (d.k + theta * d.expected));
      }
      windows.push({ since, lines, expected, gain });
    }
    windows.sort((a, b) => b.gain - a.gain || b.since - a.since);
    const { since, lines, expected } = windows[0] ?? {
      since: day,
      lines: this.lines(series, day),
      expected: expectedToday,
    };
    const threshold = this.#expectation.lnThreshold(series);
    fired.push({ series, kind, day, since, lines, expected, statistic: Math.log(statistic), threshold });
    this.#facts[series]!.add(`${kind} ${day}`);
  }

  #expectedDays(series: number, since: number, day: number, expectedToday: number, k: number) {
    const days: { day: number; lines: number; expected: number; k: number }[] = [];
    for (let d = since; d < day; d++) {
      const step = this.#step(series, d, this.state(series, d));
      if (step.expected > 0) days.push({ day: d, lines: this.lines(series, d), expected: step.expected, k: step.k });
    }
    if (expectedToday > 0) days.push({ day, lines: this.lines(series, day), expected: expectedToday, k });
    return days;
  }
}
