import { createHash } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../api.ts';
import { ask, testTower, type TestTower } from '../tower.testing.ts';
import { dashboardBeside } from './dashboard.ts';

const PAGE = '<!doctype html><title>Plumbline</title><script>go()</script>';
const SCRIPT = '/_app/immutable/entry/start.X1.js';

let directory: string;
let tower: TestTower;
let api: Api;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plumbline-page-'));
  mkdirSync(join(directory, 'dashboard/_app/immutable/entry'), { recursive: true });
  writeFileSync(join(directory, 'dashboard/index.html'), PAGE);
  writeFileSync(join(directory, 'dashboard', SCRIPT), 'export {};');
  writeFileSync(join(directory, 'dashboard', `${SCRIPT}.br`), 'compressed');
  tower = await testTower();
  api = await tower.another({ dashboard: dashboardBeside(join(directory, 'plumbline.mjs')) });
});

afterAll(async () => {
  await api.close();
  await tower.close();
  rmSync(directory, { recursive: true });
});

const asPage = { accept: 'text/html,application/xhtml+xml' };
const get = (path: string, headers: Record<string, string> = asPage): ReturnType<typeof ask> => ask(api.url + path, { headers });

describe('the dashboard', () => {
  it('is one page at every address a person opens, never kept by the browser', async () => {
    for (const path of ['/', '/?region=North', '/exceptions/X-1', '/plan?rows=sku']) {
      const { status, text, headers } = await get(path);
      expect([path, status, text]).toEqual([path, 200, PAGE]);
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('content-type')).toContain('text/html');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).toContain(`script-src 'self' 'sha256-${createHash('sha256').update('go()').digest('base64')}';`);
    }
  });

  it('has files that are kept for good, compressed where the browser can', async () => {
    const plain = await get(SCRIPT, { 'accept-encoding': 'identity' });
    expect([plain.status, plain.text]).toEqual([200, 'export {};']);
    expect(plain.headers.get('cache-control')).toContain('immutable');
    expect(plain.headers.get('content-type')).toContain('javascript');
  });

  it('is the present build, also when that was made under a running tower', async () => {
    const later = SCRIPT.replace('X1', 'X2');
    writeFileSync(join(directory, 'dashboard', later), 'export { later };');
    expect((await get(later, { 'accept-encoding': 'identity' })).text).toBe('export { later };');
    const compressed = await get(SCRIPT, { 'accept-encoding': 'br' }).catch((error: Error) => error);
    // What is beside the file compressed is sent as such: here it is no such thing, and the client says so.
    expect(compressed).toBeInstanceOf(Error);
  });

  it('does not stand in for what a program asks', async () => {
    for (const path of ['/api/v1/nothing', '/api/nothing', '/health/nothing']) {
      const { status, json } = await get(path);
      expect([path, status, json().status]).toEqual([path, 404, 404]);
    }
    // A browser asks for a module with any type: a page in its place would be taken for a broken script.
    expect((await get('/_app/immutable/entry/gone.js', { accept: '*/*' })).status).toBe(404);
    expect((await get('/api/v1/exceptions')).json<{ items: unknown[] }>().items).toEqual([]);
  });

  it('is absent where it was not built', async () => {
    expect(dashboardBeside(join(directory, 'elsewhere', 'plumbline.mjs'))).toBeUndefined();
    expect((await tower.get('/', asPage)).status).toBe(404);
  });
});
