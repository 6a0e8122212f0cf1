export { runningPostgres } from './attach.ts';
export { startPostgres, type PostgresLog, type PostgresOptions, type PostgresServer } from './server.ts';
