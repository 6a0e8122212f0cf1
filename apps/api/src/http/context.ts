import type { Logger } from '@plumbline/runtime';
import type { Services } from '../service/services.ts';
import type { Metrics } from './metrics.ts';

/** Injection tokens: the code is bundled without type metadata, so everything injected is named. */
export const SERVICES = Symbol('services');
export const CONTEXT = Symbol('context');

/** What controllers share besides the services. */
export interface ApiContext {
  version: string;
  logger: Logger;
  metrics: Metrics;
  /** Aborted when the API closes: waits end. */
  stopping: AbortSignal;
}

export type { Services };
