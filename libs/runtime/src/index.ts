export { readConfig, settings, type Config } from './config.ts';
export { processLogger, type Logger } from './logger.ts';
export { explain, runProcess } from './process.ts';
export { startPostgres, runningPostgres, type PostgresOptions, type PostgresServer } from './postgres/index.ts';
export { runMaintenance, type MaintenanceOptions } from './maintenance.ts';
