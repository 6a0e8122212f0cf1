import { describe, expect, it } from 'vitest';
import {
  acknowledgeAll,
  fill,
  join,
  type JournalEntry,
  Probe,
  sleep,
  SLOW,
  type SuiteContext,
  topicOf,
  unique,
  until,
} from './eventlog-probe.ts';

/** Consumer groups: sharing, joining, leaving, crashing, being slow, being independent of each other. */
export function groupConformance({ log, open, sessionTimeoutMs }: SuiteContext): void {
  describe('groups', () => {
    it('two members share the partitions, disjointly and completely', SLOW, async () => {
      const topic = await topicOf(log(), 4);
      const group = unique('g');
      const second = await open();
      const a = new Probe({ name: 'a' });
      const b = new Probe({ name: 'b' });
      a.consumer = await log().subscribe({ topic, group }, a);
      b.consumer = await second.log.subscribe({ topic, group }, b);
      await until(
        'two each',
        () => a.held.size === 2 && b.held.size === 2,
        () => [[...a.held], [...b.held]],
      );
      expect([...a.held, ...b.held].sort()).toEqual([0, 1, 2, 3]);
      for (let p = 0; p < 4; p++) await fill(log(), topic, p, 100, `${p}:`);
      await until(
        'all',
        () => a.values().length + b.values().length === 400,
        () => [a.values().length, b.values().length],
      );
      expect(new Set([...a.values(), ...b.values()]).size).toBe(400);
      await a.consumer.stop();
      await b.consumer.stop();
      await second.close();
      expect([...a.breaches, ...b.breaches]).toEqual([]);
    });

    it('hands partitions over when one joins and when one leaves: revoked first, then assigned', SLOW, async () => {
      const topic = await topicOf(log(), 3);
      const group = unique('g');
      const journal: JournalEntry[] = [];
      const values: string[] = [];
      const feed = async (round: string) => {
        for (let p = 0; p < 3; p++) values.push(...(await fill(log(), topic, p, 40, `${round}${p}:`)));
      };
      const options = { topic, group, maxBatch: 7 };
      const a = await join(log(), options, new Probe({ name: 'a', journal, revokeMs: 200 }), 3);
      await feed('x');
      const b = new Probe({ name: 'b', journal, revokeMs: 200 });
      b.consumer = await log().subscribe(options, b);
      await until(
        'three between them',
        () => b.held.size > 0 && a.held.size + b.held.size === 3,
        () => journal,
      );
      await feed('y');
      await until('x and y', () => new Set([...a.values(), ...b.values()]).size === 240);
      await a.consumer?.stop();
      await until(
        'b to hold all',
        () => b.held.size === 3,
        () => journal,
      );
      await feed('z');
      await until('z', () => new Set([...a.values(), ...b.values()]).size === 360);
      await b.consumer.stop();
      expect(new Set([...a.values(), ...b.values()])).toEqual(new Set(values));
      expect(handovers(journal)).toEqual([]);
      expect([...a.breaches, ...b.breaches]).toEqual([]);
    });

    it('what was not acknowledged goes to the next member again', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const group = unique('g');
      await fill(log(), topic, 0, 40);
      const a = await join(log(), { topic, group }, new Probe({ name: 'a', onBatch: () => undefined }), 1);
      await until('a to see all', () => a.values().length === 40);
      await a.consumer?.stop();
      const b = await join(log(), { topic, group }, new Probe({ name: 'b' }), 1);
      await until('b to see all again', () => b.values().length === 40);
      await b.consumer?.stop();
    });

    it(
      'a member that crashes is replaced after its session, and its unacknowledged records come again',
      SLOW,
      async () => {
        const topic = await topicOf(log(), 2);
        const group = unique('g');
        const doomed = await open();
        if (!doomed.crash) return doomed.close();
        const values = [...(await fill(log(), topic, 0, 50, 'p')), ...(await fill(log(), topic, 1, 50, 'q'))];
        const stuck = new Promise<void>(() => undefined);
        const a = new Probe({ name: 'a', onBatch: () => stuck });
        await join(doomed.log, { topic, group, sessionTimeoutMs }, a, 2);
        await until('a batch in a’s hand', () => a.deliveries.length > 0);
        await doomed.crash();
        const b = await join(log(), { topic, group, sessionTimeoutMs }, new Probe({ name: 'b' }), 2);
        await until(
          'b to have all',
          () => b.values().length >= 100,
          () => b.values().length,
        );
        expect(b.values()).toEqual(values);
        await b.consumer?.stop();
        expect(b.breaches).toEqual([]);
      },
    );

    it('a slow handler outlasts the session, keeps its partition and loses nothing', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      const group = unique('g');
      const values = await fill(log(), topic, 0, 30);
      const journal: JournalEntry[] = [];
      let slow = true;
      const a = new Probe({
        name: 'a',
        journal,
        onBatch: async (batch) => {
          if (slow) await sleep(sessionTimeoutMs * 1.6);
          slow = false;
          acknowledgeAll(batch);
        },
      });
      await join(log(), { topic, group, sessionTimeoutMs, maxBatch: 10 }, a, 2);
      await until('all', () => a.values(0).length >= 30);
      expect(a.values(0)).toEqual(values);
      expect(journal.filter((e) => e.what === 'revoked')).toEqual([]);
      await a.consumer?.stop();
      expect(await log().lag(topic, group)).toEqual([0, 0]);
      expect(a.breaches).toEqual([]);
    });

    it('two groups read independently', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const [g1, g2] = [unique('g'), unique('g')];
      const values = await fill(log(), topic, 0, 25);
      const a = await join(log(), { topic, group: g1 }, new Probe(), 1);
      const b = await join(log(), { topic, group: g2 }, new Probe({ onBatch: () => undefined }), 1);
      await until('both', () => a.values().length === 25 && b.values().length === 25);
      expect(a.values()).toEqual(values);
      expect(b.values()).toEqual(values);
      await a.consumer?.stop();
      await b.consumer?.stop();
      expect(await log().lag(topic, g1)).toEqual([0]);
      expect(await log().lag(topic, g2)).toEqual([25]);
    });

    it('lag counts what a group has not acknowledged, all of it for a new group', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      const group = unique('g');
      await fill(log(), topic, 0, 12);
      await fill(log(), topic, 1, 5);
      expect(await log().lag(topic, group)).toEqual([12, 5]);
      const probe = await join(log(), { topic, group }, new Probe(), 2);
      await until('all read', () => probe.values().length === 17);
      await until('lag to fall without a stop', async () => (await log().lag(topic, group)).every((n) => n === 0));
      await probe.consumer?.stop();
      await fill(log(), topic, 1, 3);
      expect(await log().lag(topic, group)).toEqual([0, 3]);
    });

    it('more members than partitions: the spare one waits and takes over', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const group = unique('g');
      const a = await join(log(), { topic, group }, new Probe({ name: 'a' }), 1);
      const b = new Probe({ name: 'b' });
      b.consumer = await log().subscribe({ topic, group }, b);
      await until(
        'one holder',
        () => a.held.size + b.held.size === 1,
        () => [[...a.held], [...b.held]],
      );
      await fill(log(), topic, 0, 5);
      await until('five', () => a.values().length + b.values().length === 5);
      const [holder, spare] = a.held.size === 1 ? [a, b] : [b, a];
      await holder.consumer?.stop();
      await until('the spare one to hold it', () => spare.held.size === 1);
      await fill(log(), topic, 0, 5, 'n');
      await until('the rest', () => new Set([...a.values(), ...b.values()]).size === 10);
      await spare.consumer?.stop();
      expect([...a.breaches, ...b.breaches]).toEqual([]);
    });
  });
}

/** Breaches of "one member at a time" in a journal: each partition must go assigned m, revoked m, assigned n, … */
export function handovers(journal: readonly JournalEntry[]): string[] {
  const holder = new Map<number, string>();
  const breaches: string[] = [];
  for (const { member, what, partition } of journal) {
    const current = holder.get(partition);
    if (what === 'assigned') {
      if (current !== undefined) breaches.push(`${partition} assigned to ${member} while ${current} held it`);
      holder.set(partition, member);
    } else {
      if (current !== member) breaches.push(`${partition} revoked from ${member} which did not hold it`);
      holder.delete(partition);
    }
  }
  return breaches;
}
