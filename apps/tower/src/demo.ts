import { Plans } from '@plumbline/api';
import { DAY_MS, formatInstant, monthOf, weekdayOf, type Instant } from '@plumbline/kernel';
import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import type { AppendRecord, LogProducer } from '@plumbline/ports';
import type { Platform } from '@plumbline/platform';
import { DemoFeed, demoPlan, DemoRun, demoSchedule, makeRetailer, type Cause, type Retailer } from '@plumbline/simulator';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Event time before the demo begins that is sent at once, so that the tower knows its series when the first cause comes. */
const HISTORY_DAYS = 14;
const ROUNDS = 26;
const PLAN_MONTHS = 18;

/** What must outlive a restart besides the log itself: where the demo began and what was injected by hand. */
interface DemoState {
  begin: Instant;
  causes: Cause[];
}

/** The demo retailer on this tower: plan, history, then live lines at a rate that can be changed. */
export class Demo {
  readonly run: DemoRun;
  readonly feed: DemoFeed;
  readonly retailer: Retailer;
  readonly #platform: Platform;
  readonly #producer: LogProducer;
  readonly #state: DemoState;
  #done: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  private constructor(platform: Platform, producer: LogProducer, retailer: Retailer, state: DemoState, from: Instant) {
    this.#platform = platform;
    this.#producer = producer;
    this.#state = state;
    this.retailer = retailer;
    const causes = [...demoSchedule(retailer, state.begin, ROUNDS), ...state.causes];
    this.feed = new DemoFeed({ retailer, partitions: platform.partitions, from, tickSeconds: 60, causes });
    this.run = new DemoRun({
      feed: this.feed,
      append: (records) => this.#append(records),
      now: () => performance.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
      rate: platform.config.demoRate,
    });
  }

  /** @param now milliseconds UTC: the demo's first week is the one before it */
  static async open(platform: Platform, now: Instant): Promise<Demo> {
    const retailer = makeRetailer({ seed: platform.config.demoSeed });
    const state = (await readState(platform.config.data)) ?? { begin: mondayBefore(now), causes: [] };
    await writeState(platform.config.data, state);
    const producer = await platform.log.producer();
    const reached = Math.min(...(await platform.store.detectTicks(platform.partitions)));
    const demo = new Demo(platform, producer, retailer, state, Math.max(reached, state.begin - HISTORY_DAYS * DAY_MS));
    if (reached === -Infinity) await demo.#commitPlan();
    return demo;
  }

  /** Sends the time before the demo begins as fast as the log takes it. */
  async warmUp(onProgress: (share: number) => void, signal: AbortSignal): Promise<void> {
    const from = this.feed.at;
    const { begin } = this.#state;
    let under: Promise<void> = Promise.resolve();
    while (this.feed.at < begin && !signal.aborted) {
      const records = this.feed.advance(Math.min(begin, this.feed.at + DAY_MS / 8));
      await under;
      under = this.#append(records);
      onProgress((this.feed.at - from) / (begin - from));
    }
    await under;
  }

  start(onFailure: (error: Error) => void): void {
    this.#done = this.run.run(this.#stop.signal).catch(onFailure);
  }

  /** Injects a cause from now on and remembers it, so that a restart sends the same. */
  async inject(cause: Cause): Promise<ReturnType<DemoRun['inject']>> {
    const injected = this.run.inject(cause);
    this.#state.causes.push(cause);
    await writeState(this.#platform.config.data, this.#state);
    return injected;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await this.#producer.close();
  }

  #append(records: readonly AppendRecord[]): Promise<void> {
    return this.#producer.append(this.#platform.config.topic, records);
  }

  async #commitPlan(): Promise<void> {
    const at = this.#state.begin - HISTORY_DAYS * DAY_MS;
    const version = demoPlan(this.retailer, monthOf(at / DAY_MS), PLAN_MONTHS, { errorCv: 0.02 });
    const body = encodePlan(version);
    await this.#platform.store.savePlan({ body, summary: summarise(version, { hash: hashPlan(body), status: 'draft' }) });
    await new Plans(this.#platform, () => at).commit(version.id, { effectiveAt: formatInstant(at) });
  }
}

/** Midnight UTC of the Monday of the week of an instant. */
function mondayBefore(now: Instant): Instant {
  const day = Math.floor(now / DAY_MS);
  return (day - weekdayOf(day)) * DAY_MS;
}

const stateFile = (data: string): string => join(data, 'demo.json');

async function readState(data: string): Promise<DemoState | undefined> {
  const text = await readFile(stateFile(data), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as DemoState);
}

async function writeState(data: string, state: DemoState): Promise<void> {
  await mkdir(data, { recursive: true });
  await writeFile(`${stateFile(data)}.new`, JSON.stringify(state));
  await rename(`${stateFile(data)}.new`, stateFile(data));
}
