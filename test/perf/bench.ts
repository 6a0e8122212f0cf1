import { benchCore } from '@plumbline/detection';
import { openEmbeddedLog } from '@plumbline/eventlog-embedded';
import { openKafkaLog } from '@plumbline/eventlog-kafka';
import { startPostgres } from '@plumbline/runtime';
import { benchWorkload } from '@plumbline/simulator';
import { openStore } from '@plumbline/store-postgres';
import { javaAvailable, startKafka } from '@plumbline/testkit/kafka';
import type { EventLog } from '@plumbline/ports';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inProcess } from './in-process.ts';
import { memory } from './memory.ts';
import { pipeline, type PipelineResult } from './pipeline.ts';
import { restart } from './restart.ts';

/** One measured figure. `atLeast` is the bound it must keep, `aim` what we want; `lower` marks figures where less is better. */
interface Figure {
  name: string;
  value: number;
  unit: string;
  atLeast: number;
  aim: number;
  met: boolean;
  note?: string;
}

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (flags.help) {
  console.log('npm run bench [-- --quick] [--only core|in-process|memory|embedded|kafka|restart] [--json]\n--quick: a fifth of the events and series, for a first look.');
  process.exit(0);
}

const share = flags.quick ? 0.2 : 1;
const EVENTS = Math.round(5_000_000 * share);
const PARTITIONS = 4;
const figures: Figure[] = [];
const say = (text: string): void => void process.stderr.write(`${text}\n`);

function rate(name: string, value: number, unit: string, atLeast: number, aim: number, note?: string): void {
  add({ name, value: Math.round(value), unit, atLeast, aim, met: value >= atLeast, ...(note ? { note } : {}) });
}

function size(name: string, value: number, unit: string, atMost: number, aim: number, note?: string): void {
  add({ name, value: Math.round(value * 100) / 100, unit, atLeast: atMost, aim, met: value <= atMost, ...(note ? { note } : {}) });
}

function add(figure: Figure): void {
  figures.push(figure);
  say(`  ${figure.name.padEnd(52)} ${figure.value.toLocaleString('en').padStart(12)} ${figure.unit.padEnd(10)} ${figure.met ? 'met' : 'MISSED'}${figure.note ? `  (${figure.note})` : ''}`);
}

const noteOf = (result: PipelineResult): string =>
  `detect alone ${Math.round(result.detectPerSecond / 1000)}k/s, append ${Math.round(result.appendPerSecond / 1000)}k/s, ${result.commits} commits`;
const wanted = (name: string): boolean => flags.only === undefined || flags.only === name;

async function withPostgres<T>(run: (url: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'plumbline-bench-'));
  const server = await startPostgres({ dataDir: dir });
  try {
    return await run(server.url);
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function backlog(open: (url: string) => Promise<EventLog>): Promise<PipelineResult> {
  return withPostgres(async (url) => {
    const store = await openStore({ url });
    await store.migrate();
    const log = await open(url);
    try {
      const workload = benchWorkload({ events: EVENTS, partitions: PARTITIONS });
      return await pipeline({ log, store, workload, topic: `bench-${process.pid}`, partitions: PARTITIONS });
    } finally {
      await log.close();
      await store.close();
    }
  });
}

if (wanted('core')) {
  const core = benchCore({ series: 20_000, events: EVENTS, days: 14, now: () => performance.now() });
  rate('detection core alone', core.eventsPerSecond, 'events/s', 1_500_000, 3_000_000);
}
if (wanted('memory')) {
  const held = await memory(Math.round(1_000_000 * share));
  size('state, late window included', held.bytesPerSeries, 'B/series', 128, 96);
  size('1,000,000 watched series above idle', held.megabytes / share, 'MB', 250, 250, `${held.series.toLocaleString('en')} series measured`);
}
if (wanted('in-process')) {
  const result = await inProcess(benchWorkload({ events: EVENTS }));
  rate('decode + validate + detect, one core, in process', result.perSecond, 'events/s', 250_000, 500_000);
}
if (wanted('embedded')) {
  const result = await backlog((url) => openEmbeddedLog({ url }));
  rate('embedded log: backlog to results committed', result.perSecond, 'events/s', 30_000, 60_000, noteOf(result));
}
if (wanted('kafka')) {
  if (javaAvailable()) {
    const kafka = await startKafka({ forSpeed: true });
    try {
      const result = await backlog(async () => openKafkaLog({ brokers: kafka.brokers }));
      rate('Kafka: backlog to results committed exactly once', result.perSecond, 'events/s', 100_000, 250_000, noteOf(result));
    } finally {
      await kafka.stop();
    }
  } else say('  Kafka: skipped: no Java');
}
if (wanted('restart')) {
  const result = await withPostgres((url) => restart(url, Math.round(1_000_000 * share)));
  size('restart with 1,000,000 series to first result', result.seconds, 's', 10, 3, `${result.series.toLocaleString('en')} series, snapshot ${Math.round(result.snapshotBytes / 1e6)} MB`);
}

const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), os: `${type()} ${release()}`, node: process.version };
if (flags.json) console.log(JSON.stringify({ machine, figures }, null, 2));
else {
  console.log(`${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.os}, Node ${machine.node}`);
  for (const f of figures) {
    const bound = `${f.atLeast.toLocaleString('en')} / ${f.aim.toLocaleString('en')}`;
    console.log(`${f.name.padEnd(52)} ${f.value.toLocaleString('en').padStart(12)} ${f.unit.padEnd(10)} bound / aim ${bound.padEnd(22)} ${f.met ? 'met' : 'missed'}`);
  }
}
process.exit(0);
