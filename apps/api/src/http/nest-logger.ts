import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@plumbline/runtime';

/** Nest's own messages in the tower's log: its start-up chatter only for debugging. */
export function nestLogger(logger: Logger): LoggerService {
  const write =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void =>
      logger[level]({ part: 'nest', ...(message instanceof Error ? { err: message } : {}), ...(rest.length > 0 ? { context: rest.at(-1) } : {}) }, String(message));
  return { log: write('debug'), debug: write('debug'), verbose: write('debug'), warn: write('warn'), error: write('error'), fatal: write('error') };
}
