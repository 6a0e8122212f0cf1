import type { Exception, Figures, Watch } from '@plumbline/contracts';
import { canonicalJson, Random } from '@plumbline/kernel';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { digestOf, eventually, LiveClient } from '../../apps/api/src/live/client.testing.ts';

export interface CrowdOrder {
  url: string;
  clients: number;
  seed: number;
  families: string[];
  regions: string[];
}

/** The server's state, when nothing more will come. */
export interface Truth {
  exceptions: Exception[];
  figures: Figures;
}

export interface CrowdReport {
  messages: number;
  snapshots: number;
  deltas: number;
  /** Ends of connections by reason, those that the crowd made ('forced close') and others. */
  breaks: Record<string, number>;
  pauses: number;
  /** How late this thread's own timers were, milliseconds: what the clients could not have kept up with. */
  lagMs: { median: number; p99: number; longest: number };
  /** What no client may ever see. */
  faults: string[];
  /** Clients whose state is not the server's, and what is wrong. */
  wrong: string[];
}

/** Every so often something happens to some of them. */
const STEP_MS = 50;
const SETTLE_MS = 40_000;

const { url, clients: size, seed, families, regions } = workerData as CrowdOrder;
const random = new Random(seed);
let disturbing: NodeJS.Timeout | undefined = undefined;
const lag = monitorEventLoopDelay();
lag.enable();
const counts = { pauses: 0 };
const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;

/** Most watch everything, as the start page does; some a part of it, some the heat map too. */
function watch(): Watch {
  const figures = pick(['tiles', 'tiles', 'tiles', 'all', 'none'] as const);
  const part = random.uniform();
  if (part < 0.15) return { figures, region: [pick(regions)] };
  if (part < 0.3) return { figures, family: [pick(families), pick(families)], kind: ['demand-surge', 'demand-drop'] };
  return { figures };
}

const clients = Array.from({ length: size }, () => {
  const client = new LiveClient(url, { watch: watch() });
  client.keep = false;
  return client;
});

/** Breaks some connections, makes some clients stop reading and others go on. */
function disturb(): void {
  for (const client of clients) {
    if (!client.socket.connected) continue;
    if (random.uniform() < 0.004) client.drop();
    else if (client.hold) {
      if (random.uniform() < 0.03) client.goOn();
    } else if (random.uniform() < 0.003) {
      counts.pauses++;
      client.hold = true;
    }
  }
}

const sees = ({ kind, family, region }: Watch, { kind: of, scope }: Exception): boolean =>
  (!kind || kind.includes(of)) && (!family || family.includes(scope.family ?? '')) && (!region || region.includes(scope.region ?? ''));

function wrong({ exceptions, figures }: Truth): string[] {
  const digests = new Map<string, string>();
  return clients.flatMap((client, i) => {
    const expected = exceptions.filter((exception) => sees(client.watch, exception));
    const ids = expected.map(({ id }) => id).join();
    const digest = digests.get(ids) ?? digestOf(expected);
    digests.set(ids, digest);
    if (client.digest !== digest) return [`client ${i}: ${client.exceptions.size} exceptions for ${expected.length}, at change ${client.change}`];
    const { figures: level } = client.watch;
    const shown = level === 'none' ? null : level === 'all' ? figures : { ...figures, cells: [] };
    return canonicalJson({ ...client.figures, cells: level === 'all' ? client.figures?.cells : [] }) === canonicalJson(shown ?? { cells: [] }) ? [] : [`client ${i}: figures (${level}) of ${client.figures?.tick}`];
  });
}

function totals(counts: readonly Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const count of counts) for (const [name, n] of Object.entries(count)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}

async function settle(truth: Truth): Promise<CrowdReport> {
  clearInterval(disturbing);
  for (const client of clients) client.goOn();
  // Looking costs time that the clients need to catch up.
  for (const end = Date.now() + SETTLE_MS; Date.now() < end && wrong(truth).length > 0; ) await new Promise((again) => setTimeout(again, 500));
  const sum = (of: (client: LiveClient) => number): number => clients.reduce((total, client) => total + of(client), 0);
  const report = {
    ...counts,
    messages: sum(({ messages }) => messages),
    breaks: totals(clients.map(({ breaks }) => breaks)),
    lagMs: { median: lag.percentile(50) / 1e6, p99: lag.percentile(99) / 1e6, longest: lag.max / 1e6 },
    snapshots: sum(({ count }) => count.snapshots),
    deltas: sum(({ count }) => count.deltas),
    faults: clients.flatMap(({ faults }) => faults),
    wrong: wrong(truth),
  };
  for (const client of clients) client.close();
  return report;
}

parentPort!.once('message', (truth: Truth) => void settle(truth).then((report) => parentPort!.postMessage(report)));
await eventually('all joined', () => clients.every(({ change, rest }) => change !== undefined && rest === 0), 2 * SETTLE_MS);
disturbing = setInterval(disturb, STEP_MS);
parentPort!.postMessage('joined');
