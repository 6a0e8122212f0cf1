import { startPostgres } from '@plumbline/runtime';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

export interface TestPostgres {
  /** URL of a fresh, empty database. */
  database(): Promise<string>;
  /** Of the server's own database, for statements about the server. */
  url: string;
  /** Ends the server and removes its data; waits for both. */
  close(): Promise<void>;
}

/**
 * An embedded PostgreSQL of its own for one test file, in a temporary directory: start it in `beforeAll`, close it in
 * `afterAll`. Its durability is 'fast': it outlives killed clients, not a machine that goes down.
 */
export async function testPostgres(): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'plumbline-postgres-'));
  chmodSync(directory, 0o711); // under root PostgreSQL runs as another account, which has to pass
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const server = await startPostgres({ dataDir: join(directory, 'data'), durability: 'fast' }).catch(
    (error: unknown) => {
      remove();
      throw error;
    },
  );
  let count = 0;
  return {
    url: server.url,
    async database() {
      const url = new URL(server.url);
      url.pathname = `/test_${++count}`;
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE test_${count} STRATEGY file_copy`);
      } finally {
        await client.end();
      }
      return url.href;
    },
    async close() {
      await server.stop();
      remove();
    },
  };
}
