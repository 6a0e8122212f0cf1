import type { Exception, ExceptionPage, SimulatorState } from '@plumbline/contracts';
import { until } from '@plumbline/testkit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, person, type Person } from './browser.ts';
import { TowerProcess } from './tower-process.ts';

/** Event seconds a second: an hour of the demo passes in one. */
const RATE = 3600;
const HOUR = 3_600_000;
const LONG = 180_000;

let tower: TowerProcess;
let browser: Browser;
let ana: Person;

const queue = (page: Page): Locator => page.getByRole('listbox', { name: 'Exceptions' });
const rows = (page: Page): Locator => queue(page).getByRole('option');
const row = (page: Page, id: string): Locator => queue(page).locator(`[data-id="${id}"]`);
const simulator = (): Promise<SimulatorState> => tower.get('/simulator');
const all = async (query = ''): Promise<Exception[]> => (await tower.get<ExceptionPage>(`/exceptions?limit=500${query}`)).items;
const open = (): Promise<Exception[]> => all('&status=open,acknowledged,in-progress');

/** Id and headline of each row, as they are at one instant. */
const shown = (page: Page): Promise<[string, string][]> =>
  rows(page).evaluateAll((all) => all.map((one): [string, string] => [one.getAttribute('data-id') ?? '', one.getAttribute('title') ?? '']));

/** Where the reader is: the row that keys act on. */
const cursor = (page: Page): Promise<string | null> => queue(page).locator('.cursor').getAttribute('data-id');

beforeAll(async () => {
  [tower, browser] = await Promise.all([TowerProcess.start({ PLUMBLINE_DEMO_RATE: String(RATE) }), openBrowser()]);
  ana = await person(browser);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await tower?.close();
});

describe('the first run', () => {
  it('shows figures that move, and then a first exception, without a reload', { timeout: LONG }, async () => {
    const { page } = ana;
    await page.goto(tower.url);
    const tile = page.getByRole('link', { name: /^Attainment today/ });
    await tile.waitFor({ timeout: 90_000 });
    const before = await tile.getAttribute('title');
    await until('the figures move', async () => (await tile.getAttribute('title')) !== before);
    await rows(page).first().waitFor({ timeout: 90_000 });
    await expect.poll(() => page.getByText(/^live, /).count()).toBe(1);
    expect(ana.faults).toEqual([]);
  });

  it('finds each thing that happens, once, in its time, in words', { timeout: 300_000 }, async () => {
    const { page } = ana;
    // All of the first round has begun and has had its time by the eighth day's noon.
    const { causes } = await simulator();
    const round = causes.filter(({ id }) => id.startsWith('C1-'));
    const last = Math.max(...round.map(({ from }) => Date.parse(from))) + 8 * HOUR;
    await tower.send('PUT', '/simulator', { rate: 2 * RATE });
    const seen = new Map<string, string>();
    await until('the round is over', async () => {
      for (const [id, headline] of await shown(page)) if (!seen.has(id)) seen.set(id, headline);
      return Date.parse((await simulator()).at) >= last;
    }, async () => (await simulator()).at, 280_000);
    await tower.send('PUT', '/simulator', { paused: true });
    const raised = await all('&status=open,acknowledged,in-progress,resolved,cleared,dismissed');
    for (const { cause, from, expected } of round) {
      const found = raised.filter(({ kind, scope }) => kind === expected.kind && sameScope(scope, expected.scope));
      expect([cause, found.length]).toEqual([cause, 1]);
      const [exception] = found as [Exception];
      expect(seen.has(exception.id), `${exception.id} was on the page`).toBe(true);
      expect(seen.get(exception.id)).toMatch(words[expected.kind]!);
      const hours = (Date.parse(exception.raisedAt) - Date.parse(from)) / HOUR;
      expect([cause, hours >= 0 && hours <= (within[cause] ?? 0)]).toEqual([cause, true]);
    }
    expect(raised.filter(({ kind }) => kind === 'feed-silence').length).toBe(1);
    expect(ana.faults).toEqual([]);
  });
});

const words: Record<string, RegExp> = {
  'demand-surge': /over plan|× plan/,
  'demand-drop': /under plan/,
  'zero-run': /no sale for/,
  'feed-silence': /(is|was) silent for .* expected since/,
};
/** Hours of event time within which each is found. */
const within: Record<string, number> = { 'store-silence': 2, 'family-surge': 6, 'off-shelf': 24, 'price-mistake': 8, 'region-drop': 6 };

const sameScope = (scope: Exception['scope'], wanted: Exception['scope']): boolean => Object.entries(wanted).every(([member, value]) => scope[member as keyof typeof scope] === value);

describe('triage', () => {
  it('is done by keyboard, says who did it, can be taken back, and is still there after a reload', { timeout: LONG }, async () => {
    const { page } = ana;
    await tower.send('PUT', '/simulator', { paused: false, rate: 60 });
    await page.goto(tower.url);
    await rows(page).nth(1).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const id = (await cursor(page))!;
    expect(id).toMatch(/^X-\d+$/);
    await page.keyboard.press('a');
    // The first action asks who one is, once.
    await page.getByRole('textbox', { name: 'Name' }).fill('Ana');
    await page.keyboard.press('Enter');
    await row(page, id).getByText('seen').waitFor();
    await until('the tower has it', async () => (await open()).some((one) => one.id === id && one.status === 'acknowledged'));
    await page.reload();
    await row(page, id).getByText('seen').waitFor();
    await page.goto(`${tower.url}/exceptions/${id}`);
    await page.getByText('Ana').first().waitFor();

    await page.goto(tower.url);
    await row(page, id).waitFor();
    await row(page, id).click();
    await page.keyboard.press('d');
    await page.getByRole('textbox', { name: /not worth acting on/ }).fill('Known promotion');
    await page.keyboard.press('Control+Enter');
    await until('it is dismissed', async () => (await all(`&status=dismissed`)).some((one) => one.id === id && one.reason === 'Known promotion'));
    await page.keyboard.press('u');
    await until('it is taken back', async () => (await open()).some((one) => one.id === id && one.status === 'acknowledged'));
    await row(page, id).getByText('seen').waitFor();
    expect(ana.faults).toEqual([]);
  });

  it('filters by the address: a step back is a step back, a link shows the same', { timeout: LONG }, async () => {
    const { page } = ana;
    await page.goto(tower.url);
    await rows(page).first().waitFor();
    const before = await rows(page).count();
    await page.getByRole('button', { name: 'Kind' }).click();
    await page.getByRole('checkbox', { name: 'silent feed' }).check();
    await page.waitForURL(/kind=feed-silence/);
    await page.keyboard.press('Escape');
    await expect.poll(() => rows(page).count()).toBeLessThan(before);
    const ben = await person(browser);
    await ben.page.goto(page.url());
    await expect.poll(() => ben.page.getByRole('button', { name: /^Kind: / }).count()).toBe(1);
    await ben.context.close();
    await page.goBack();
    await expect.poll(() => rows(page).count()).toBe(before);
    expect(new URL(page.url()).search).toBe('');
    expect(ana.faults).toEqual([]);
  });

  it('is seen by everybody at once', { timeout: LONG }, async () => {
    const ben = await person(browser);
    await ben.page.goto(tower.url);
    await ana.page.goto(tower.url);
    const { id } = (await open()).find(({ status }) => status === 'open')!;
    await row(ana.page, id).waitFor();
    await row(ben.page, id).waitFor();
    await row(ana.page, id).click();
    await ana.page.keyboard.press('a');
    await row(ben.page, id).getByText('seen').waitFor();
    expect([...ana.faults, ...ben.faults]).toEqual([]);
    await ben.context.close();
  });
});

describe('a page that is left open', () => {
  /** What the page shows of what is open, against what the tower says. */
  const agrees = async (page: Page): Promise<boolean> => {
    const present = (await shown(page)).map(([id]) => id);
    const wanted = (await open()).filter(({ snoozedUntil }) => snoozedUntil === null).map(({ id }) => id);
    return wanted.every((id) => present.includes(id));
  };

  it('recovers by itself when the tower is killed and started again', { timeout: LONG }, async () => {
    const { page } = ana;
    await page.goto(tower.url);
    await rows(page).first().waitFor();
    await tower.kill('SIGKILL');
    await page.getByText(/^reconnecting, stale since/).waitFor();
    await tower.start();
    const { id } = (await open())[0]!;
    await tower.send('POST', `/exceptions/${id}/comment`, { by: 'Ben', note: 'while you were away' });
    await page.getByText(/^live, /).waitFor({ timeout: 60_000 });
    await until('nothing is missing', () => agrees(page));
    expect(ana.faults).toEqual([]);
  });

  it('says that it is offline, and catches up when it is not', { timeout: LONG }, async () => {
    const { page, context } = ana;
    const { id } = (await open()).find(({ status }) => status !== 'in-progress')!;
    await row(page, id).waitFor();
    await context.setOffline(true);
    await page.getByText(/^reconnecting, stale since/).waitFor({ timeout: 60_000 });
    await tower.send('POST', `/exceptions/${id}/start`, { by: 'Ben' });
    await until('the tower has it', async () => (await open()).some((one) => one.id === id && one.status === 'in-progress'));
    await context.setOffline(false);
    await row(page, id).getByText('in progress').waitFor({ timeout: 60_000 });
    await page.getByText(/^live, /).waitFor();
    expect(ana.faults).toEqual([]);
  });
});
