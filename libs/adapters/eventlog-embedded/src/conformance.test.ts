import { eventLogConformance, testPostgres, type TestPostgres } from '@plumbline/testkit';
import { afterAll, beforeAll } from 'vitest';
import { openEmbeddedLog } from './log.ts';
import { proxyTo } from './proxy.testing.ts';

let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  postgres = await testPostgres();
  url = await postgres.database();
});
afterAll(async () => {
  await postgres?.close();
});

eventLogConformance(
  'embedded',
  async () => {
    const proxy = await proxyTo(url);
    const log = await openEmbeddedLog({ url: proxy.url, graceMs: 500 });
    return {
      log,
      breakConnection: async () => proxy.break(),
      restore: async () => proxy.restore(),
      crash: async () => proxy.break(),
      enforceRetention: async (topic) => {
        await log.enforceRetention(topic);
      },
      close: async () => {
        await log.close();
        await proxy.close();
      },
    };
  },
  { sessionTimeoutMs: 1_200 },
);
