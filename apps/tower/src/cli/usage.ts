import { PlumblineError } from '@plumbline/kernel';
import type { z } from 'zod';

/** Arguments that commander accepts and the command cannot: exit code 2. */
export const usage = (message: string, fix: string): PlumblineError => new PlumblineError('usage', message, { fix });

/** What a contract's schema makes of arguments. @throws PlumblineError 'usage' that lists every fault */
export function fitting<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `--${String(path[0])}: ${message}`));
  throw usage(faults.join('; '), 'Add --help for what can be given.');
}
