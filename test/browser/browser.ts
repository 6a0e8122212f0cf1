import sparticuz from '@sparticuz/chromium';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** A browser of the machine where one is named (CHROMIUM) or usual; else the one that comes from npm. */
async function program(): Promise<{ executablePath: string; args: string[] }> {
  const own = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => path !== undefined && existsSync(path));
  if (own !== undefined) return { executablePath: own, args: ['--no-sandbox', '--disable-dev-shm-usage'] };
  // Its arguments are for a function in the cloud; of those one process for all pages is no browser as people have it.
  const args = sparticuz.args.filter((arg) => arg !== '--single-process' && arg !== '--no-zygote');
  return { executablePath: await sparticuz.executablePath(), args };
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ ...(await program()), headless: true });
}

/** Somebody in front of a screen: their own storage, zone and window; what goes wrong in their pages is kept. */
export interface Person {
  context: BrowserContext;
  page: Page;
  /** Uncaught errors and what the console called an error. */
  faults: string[];
}

export async function person(browser: Browser, options: BrowserContextOptions = {}): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: 'Europe/Paris', locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // A lost connection is reported by the browser itself; the page says it in its own words.
    if (message.type() === 'error' && !/ERR_|WebSocket|Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  return { context, page, faults };
}
