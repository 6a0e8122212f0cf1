import { Random } from '@plumbline/kernel';
import { javaAvailable, startKafka, type KafkaServer } from '@plumbline/testkit/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calmly, expectExplained, finish, Host, killSomewhere, shaken, type Tower } from './tower.ts';

const KILLS = 20;
const SEED = 20261103;
/** A broker of ours lets sessions end sooner than the six seconds a cluster usually insists on. */
const SESSION_MS = process.env.KAFKA_BROKERS ? 6000 : 1000;

if (javaAvailable()) {
  let host: Host;
  let kafka: KafkaServer;
  beforeAll(async () => {
    [host, kafka] = await Promise.all([Host.start(), startKafka()]);
  });
  afterAll(async () => {
    await host?.close();
    await kafka?.stop();
  });

  describe('kill -9 on Kafka', () => {
    it(`loses nothing and doubles nothing with two detect processes at ${KILLS} seeded instants`, async () => {
      const undisturbed = await calmly(await host.tower({ name: 'calm', detects: 1 }));
      const random = new Random(SEED);
      const tower = await host.tower({ name: `shaken-${process.pid}`, detects: 2, brokers: kafka.brokers, sessionMs: SESSION_MS });
      const kill = ({ detects, rollUp }: Tower): Promise<void> => killSomewhere(random.uniform() < 0.7 ? detects[random.below(2)]! : rollUp, random);
      const underWay = await shaken(tower, Array<typeof kill>(KILLS).fill(kill));
      expect(await finish(tower)).toEqual(undisturbed);
      expectExplained(tower);
      expect(underWay).toBeGreaterThan(KILLS / 5);
    }, 300_000);
  });
} else {
  it('skipped: no Java', ({ skip }) => {
    expect(process.env.CI, 'Java 17 must be there when CI=true').not.toBe('true');
    skip('no Java');
  });
}
