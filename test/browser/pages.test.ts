import type { ExceptionPage } from '@plumbline/contracts';
import { until } from '@plumbline/testkit';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, person } from './browser.ts';
import { TowerProcess } from './tower-process.ts';

/** Pictures for people: outside the tree, where CI may take them from. */
const PICTURES = process.env.PLUMBLINE_PICTURES ?? join(tmpdir(), 'plumbline-pictures');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = ['light', 'dark'] as const;
const WIDTHS = [390, 1280, 2560] as const;
/** Script of the first load, compressed. */
const LIMIT = 200_000;

let tower: TowerProcess;
let browser: Browser;

/** Name, address, and the text without which the page is not there yet. */
const pages = (id: string): [string, string, RegExp][] => [
  ['tower', '/', /Attainment today/],
  ['tower-detail', `/?id=${id}`, /Acknowledge|Reopen|Assign/],
  ['tower-none', '/?q=nothing-is-called-so', /Clear|No exception|Nothing/i],
  ['exception', `/exceptions/${id}`, /Acknowledge|Reopen|Assign/],
  ['exception-unknown', '/exceptions/X-99999', /There is no exception/],
  ['plan', '/plan', /All regions/],
  ['plan-sku', '/plan?family=Bakery', /Bakery/],
  ['feeds', '/feeds', /Lyon|LYS/],
  ['dead-letters', '/dead-letters', /dead letter/i],
  ['demo', '/demo', /surge|Pause/i],
  ['not-found', '/nowhere', /no page|not found|Tower/i],
];

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  [tower, browser] = await Promise.all([TowerProcess.start({ PLUMBLINE_DEMO_RATE: '3600' }), openBrowser()]);
  // A line that cannot be understood, and sales of what the plan does not know.
  const strange = (id: string, data: object): object => ({ specversion: '1.0', id, source: 'urn:till:7', type: 'pos.sale', time: new Date().toISOString(), data });
  await fetch(`${tower.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify([strange('s-1', { sku: '10001', location: 'LYS', quantity: 'many', price: '1.00', currency: 'EUR' }), strange('s-2', { sku: '99999', location: 'NCE', quantity: '2', price: '3.10', currency: 'EUR' })]),
  });
  await until('three exceptions', async () => (await tower.get<ExceptionPage>('/exceptions')).items.length >= 3, undefined, 150_000);
  await tower.send('PUT', '/simulator', { rate: 120 });
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await tower?.close();
});

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate<Violation[]>(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`);
  return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`));
}

describe.each(THEMES)('every page, %s', (theme) => {
  it('is accessible, fits every width, and has its picture taken', { timeout: 300_000 }, async () => {
    const { id } = (await tower.get<ExceptionPage>('/exceptions?limit=1')).items[0]!;
    const { page, context, faults } = await person(browser, { colorScheme: theme });
    const found: string[] = [];
    for (const [name, path, sign] of pages(id)) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(tower.url + path);
      await page.getByText(sign).first().waitFor().catch(() => found.push(`${name}: shows nothing of ${sign}`));
      await page.waitForTimeout(400);
      found.push(...(await faultsOf(page)).map((fault) => `${name}: ${fault}`));
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : width === 2560 ? 1440 : 900 });
        await page.waitForTimeout(250);
        const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (wider > 0) found.push(`${name} at ${width}: ${wider} px wider than the window`);
        await page.screenshot({ path: join(PICTURES, `${name}-${theme}-${width}.png`) });
      }
    }
    await context.close();
    expect([...found, ...faults]).toEqual([]);
  });
});

describe('the first load', () => {
  it('brings less than 200 kB of script, compressed', async () => {
    const { page, context } = await person(browser);
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const sizes = new Map<string, number>();
    const scripts = new Set<string>();
    session.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId));
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
    await page.goto(tower.url);
    await page.getByText(/Attainment today/).waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    const bytes = [...scripts].reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(LIMIT);
    await context.close();
  });
});
