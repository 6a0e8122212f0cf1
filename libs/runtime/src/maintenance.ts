import type { Store } from '@plumbline/ports';

export interface MaintenanceOptions {
  store: Store;
  archiveDays: number;
  logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  signal: AbortSignal;
  /** How often the event day is looked at. Default one minute. */
  everyMs?: number;
}

/**
 * Once an event-time day: brings the partial rows of days past the late window together, refreshes the day and week
 * aggregates, drops archived events past their days. Never in detection's way; a failure is logged and tried again.
 */
export async function runMaintenance({ store, archiveDays, logger, signal, everyMs = 60_000 }: MaintenanceOptions): Promise<void> {
  let done = -Infinity;
  while (!signal.aborted) {
    try {
      const tick = await store.rollUpTick();
      const day = Math.floor(tick / 86_400_000);
      if (Number.isFinite(tick) && day > done) {
        const merged = await store.maintain(tick, archiveDays);
        if (Number.isFinite(done)) logger.info({ day, merged }, 'maintenance');
        done = day;
      }
    } catch (error) {
      logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'maintenance failed, will be tried again');
    }
    await pause(everyMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
