import { PlumblineError } from '@plumbline/kernel';

/**
 * Runs a program until it is done or asked to stop. A PlumblineError is printed as what, where and what to do, and ends
 * the process with 1; a second signal, or a stop that takes longer than `graceMs`, ends it at once.
 */
export async function runProcess(main: (signal: AbortSignal) => Promise<number | void>, graceMs = 5000): Promise<never> {
  const stop = new AbortController();
  const asked = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    setTimeout(() => process.exit(130), graceMs).unref();
  };
  process.on('SIGINT', asked);
  process.on('SIGTERM', asked);
  try {
    const code = await main(stop.signal);
    process.exit(code ?? 0);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** What a person should read of an error. */
export function explain(error: unknown): string {
  if (!(error instanceof PlumblineError)) return `plumbline: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const where = error.where ? `\n  where: ${error.where}` : '';
  const fix = error.fix ? `\n  what to do: ${error.fix}` : '';
  return `plumbline: ${error.message}${where}${fix}\n  (${error.code})`;
}
