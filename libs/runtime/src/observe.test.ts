import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { observe } from './observe.ts';

const host = '127.0.0.1';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('observe', () => {
  it('says that the process lives, whether it can work, and its figures as they are now', async () => {
    let handled = 3;
    let reason = undefined as string | undefined;
    const port = await freePort();
    const observed = await observe({ host, port, figures: [{ name: 'plumbline_things', help: 'Things', value: () => handled }], unready: async () => reason });
    const get = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`http://${host}:${port}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get('/health/live')).toEqual([200, 'ok\n']);
    expect(await get('/health/ready')).toEqual([200, 'ok\n']);
    reason = 'the store cannot be reached';
    expect(await get('/health/ready')).toEqual([503, 'the store cannot be reached\n']);
    expect((await get('/metrics'))[1]).toMatch(/^plumbline_things 3$/m);
    handled = 4;
    expect((await get('/metrics'))[1]).toMatch(/^plumbline_things 4$/m);
    expect((await get('/metrics'))[1]).toMatch(/^process_resident_memory_bytes \d/m);
    expect((await get('/'))[0]).toBe(404);
    await expect(observe({ host, port })).rejects.toMatchObject({ code: 'port-in-use' });
    await observed.close();
  });

  it('serves nothing where no port is asked for', async () => {
    const observed = await observe({ host, port: 0 });
    expect(observed.port).toBeUndefined();
    await observed.close();
  });
});
