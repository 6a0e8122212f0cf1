import { openServices, towerTime, type Services } from '@plumbline/api';
import { PlumblineError, zoneOf, type Instant, type Zone } from '@plumbline/kernel';
import { openPlatform, type Platform } from '@plumbline/platform';
import { processLogger, readConfig } from '@plumbline/runtime';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../call.ts';
import { VERSION } from '../version.ts';
import { progressOn, type Progress } from '../progress.ts';

/** The tower's services in this process, on the same database and log as the tower itself, whether it runs or not. */
export interface AtTower {
  services: Services;
  platform: Platform;
  /** Zone in which instants are shown. */
  zone: Zone;
  /** False when this command had to start the database itself: then nothing applies commands until the next start. */
  running: boolean;
  progress: Progress;
  /** The tower's own time. */
  now(): Promise<Instant>;
}

/** What it looks like when another command starts or stops the database of the same data at this moment. */
const PASSING = ['data-in-use', 'store-unavailable'];
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

/** Opens the tower's database and log for one command and closes them after it. @throws PlumblineError */
export async function atTower<T>(call: Call, use: (tower: AtTower) => Promise<T>): Promise<T> {
  const config = readConfig(call.env);
  // What a passing command meets and repairs by itself is news for a server's log only.
  const logger = processLogger(call.env['PLUMBLINE_LOG_LEVEL'] ? config.logLevel : 'error', 'plumbline');
  const progress = progressOn(call.terminal, { told: false });
  const platform = await patiently(config.storeUrl === '', () => openPlatform({ config, logger, mode: 'join', phase: (name, detail) => progress.phase(name, detail) })).finally(() => progress.end());
  try {
    const services = openServices({ source: platform, version: VERSION });
    try {
      return await use({ services, platform, zone: zoneOf(config.zone), running: platform.database === 'joined', progress, now: () => towerTime(platform.store, Date.now) });
    } finally {
      progress.end();
      await services.close();
    }
  } finally {
    // Another command may have found this one's database running, and be at work on it.
    await platform.close(call.signal);
  }
}

async function patiently<T>(embedded: boolean, open: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const passing = embedded && error instanceof PlumblineError && PASSING.includes(error.code);
      if (!passing || performance.now() > until) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Who gives the command, for the history: undefined where the machine has no name for its user. */
export function userName(): string | undefined {
  try {
    return userInfo().username || undefined;
  } catch {
    return undefined;
  }
}
