import { Database, type StoreLogger } from './database.ts';
import { PostgresStore } from './store.ts';

export interface StoreOptions {
  /** postgresql://user:password@host:port/database, or a Unix socket's. */
  url: string;
  /** Connections besides the listening one, 4 unless said; 1 for a server that serves one connection at a time. */
  poolSize?: number;
  /** As pino. */
  logger?: StoreLogger;
}

/**
 * Opens the store and checks that the database answers; it is migrated by the caller (`migrate`).
 * @throws PlumblineError 'store-unavailable' when it cannot be reached
 */
export async function openStore({ url, poolSize = 4, logger }: StoreOptions): Promise<PostgresStore> {
  const database = new Database(url, poolSize, logger);
  try {
    await database.rows('opening', 'SELECT 1');
  } catch (error) {
    await database.close();
    throw error;
  }
  return new PostgresStore(database, logger);
}
