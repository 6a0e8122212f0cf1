export { readConfig, settings, type Config } from './config.ts';
export { processLogger, type Logger } from './logger.ts';
export { observe, type Figure, type ObserveOptions } from './observe.ts';
export { explain, runProcess } from './process.ts';
export { startPostgres, runningPostgres, type PostgresOptions, type PostgresServer } from './postgres/index.ts';
export { runMaintenance, type MaintenanceOptions } from './maintenance.ts';
