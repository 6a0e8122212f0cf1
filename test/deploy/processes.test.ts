import { startKafka, type KafkaServer } from '@plumbline/testkit/kafka';
import { javaAvailable, testPostgres, until, type TestPostgres } from '@plumbline/testkit';
import { Kafka, ConfigResourceTypes, logLevel } from 'kafkajs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, person } from '../browser/browser.ts';
import { alertRules, composeServices, dashboardExpressions, metricsOf } from './compose.ts';
import { Deployment } from './processes.ts';

if (!javaAvailable() && process.env.CI === 'true') throw new Error('no Java: install a JRE 17 or later');

/** As many of each as the compose file asks for, and two APIs. */
const PROCESSES = ['api', 'api-2', 'detect', 'detect-2', 'rollup', 'archive', 'demo'];

describe.runIf(javaAvailable())('the containers’ commands as processes, on real Kafka and PostgreSQL', () => {
  let kafka: KafkaServer;
  let postgres: TestPostgres;
  let deployment: Deployment;
  let browser: Browser;

  beforeAll(async () => {
    [kafka, postgres, browser] = await Promise.all([startKafka(), testPostgres(), openBrowser()]);
    deployment = new Deployment({ brokers: kafka.brokers.join(','), storeUrl: await postgres.database() });
    // The first one migrates and creates the topic; the others wait for neither in compose, so they may not need to.
    await Promise.all(PROCESSES.map((name) => deployment.start(name)));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await deployment?.stop();
    await kafka?.stop();
    await postgres?.close();
  });

  it('become healthy, each by the image’s own check', async () => {
    expect(composeServices().detect!.deploy!.replicas).toBe(PROCESSES.filter((name) => name.startsWith('detect')).length);
    await until('all are healthy', () => deployment.fallen().length > 0 || PROCESSES.every((name) => deployment.healthy(name)), () => deployment.fallen(), 60_000);
    expect(deployment.fallen()).toEqual([]);
  }, 90_000);

  it('have a topic as compose.yaml defines it', async () => {
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const args = new Map(composeServices().topics!.command!.filter((arg) => arg.startsWith('--') && arg.includes('=') && !arg.startsWith('--config')).map((arg) => arg.slice(2).split('=') as [string, string]));
    const wanted = composeServices().topics!.command!.filter((arg) => arg.startsWith('--config=')).map((arg) => arg.split('=').slice(1) as [string, string]);
    const topic = args.get('topic')!;
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
    const { resources } = await admin.describeConfigs({ resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }], includeSynonyms: false });
    await admin.disconnect();
    const has = new Map(resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
    expect(metadata.topics[0]!.partitions.length).toBe(Number(args.get('partitions')));
    expect(wanted.map(([name]) => [name, has.get(name)])).toEqual(wanted);
  });

  it('show the demo’s first exception in a browser, and what is said at one replica in the other', async () => {
    const [first, second] = [await person(browser), await person(browser)];
    await Promise.all([first.page.goto(deployment.url('api')), second.page.goto(deployment.url('api-2'))]);
    const row = first.page.getByRole('listbox', { name: /exceptions/i }).getByRole('option').first();
    await row.waitFor({ timeout: 120_000 });
    expect(deployment.fallen()).toEqual([]);
    const [{ id, headline }] = ((await (await fetch(`${deployment.url('api')}/api/v1/exceptions?limit=1`)).json()) as { items: { id: string; headline: string }[] }).items as [{ id: string; headline: string }];
    expect(headline).toMatch(/plan|silent/);
    // A comment, as time runs: the exception may have cleared before anything else could be done about it.
    await second.page.goto(`${deployment.url('api-2')}/exceptions/${id}`);
    const answer = await fetch(`${deployment.url('api')}/api/v1/exceptions/${id}/comment`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 'Ana', note: 'I have called the store' }) });
    expect(answer.status).toBe(202);
    await second.page.getByText('I have called the store').first().waitFor({ timeout: 60_000 });
    expect([...first.faults, ...second.faults]).toEqual([]);
  }, 180_000);

  it('expose every figure that the dashboard and the alerts ask for', async () => {
    const texts = await Promise.all(PROCESSES.map(async (name) => (await fetch(`${deployment.url(name)}/metrics`)).text()));
    const exposed = new Set(texts.join('\n').match(/^\w+(?=[{ ])/gm));
    const asked = [...dashboardExpressions(), ...alertRules().map(({ expr }) => expr)].flatMap(metricsOf);
    // A counter by reason has no series before the first one.
    const named = new Set([...exposed, ...(texts.join('\n').match(/(?<=^# TYPE )\w+/gm) ?? [])]);
    expect([...new Set(asked)].filter((name) => !named.has(name) && !named.has(name.replace(/_(bucket|count|sum)$/, '')))).toEqual([]);
  });

  it('end in order when they are asked to', async () => {
    expect(await deployment.stop()).toEqual(Object.fromEntries(PROCESSES.map((name) => [name, 0])));
  }, 30_000);
});
