export { openStore, type StoreOptions } from './open.ts';
export { PostgresStore } from './store.ts';
export type { StoreLogger } from './database.ts';
