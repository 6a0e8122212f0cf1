export { dashboardBeside } from './http/dashboard.ts';
export { Actuals, type ActualsRequest } from './service/actuals.ts';
export { DeadLetters, type Prepared } from './service/dead-letters.ts';
export { Events, type EventsRequest } from './service/events.ts';
export { Exceptions, type CommandOptions, type CommandOutcome, type ExceptionFilter } from './service/exceptions.ts';
export { Ingest, INGEST_LIMITS, RetryLater, type IngestLimits } from './service/ingest.ts';
export { PlanFaults, Plans } from './service/plans.ts';
export { openServices, type Services, type ServicesOptions } from './service/services.ts';
export { Simulator, type DemoControls } from './service/simulator.ts';
export { towerTime, type Now, type Source } from './service/source.ts';
export { TowerStatus, type DetectProgress, type PartitionStatus, type Standing } from './service/status.ts';
import type { Api, ApiOptions } from './api.ts';
export type { Api, ApiOptions };

/**
 * Serves the tower over HTTP. What that takes is loaded when it is called, so that a command which only uses a service
 * does not wait for it.
 * @throws PlumblineError 'port-in-use', 'port-refused', 'address-unknown'
 */
export const startApi = async (options: ApiOptions): Promise<Api> => (await import('./api.ts')).startApi(options);
