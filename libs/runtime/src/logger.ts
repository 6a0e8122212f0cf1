import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured log lines (JSON) on standard error; standard output belongs to what a command prints. */
export function processLogger(level: string, name: string): Logger {
  return pino({ name, level, timestamp: pino.stdTimeFunctions.isoTime, redact: ['password', 'url', '*.password'] }, pino.destination({ fd: 2, sync: true }));
}
