import { Random } from '@plumbline/kernel';
import { testPostgres, type TestPostgres } from '@plumbline/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection, silent } from './connection.ts';
import { attend, endSessions, type AttendRow, type Mark } from './membership.ts';
import { Topics } from './topics.ts';

let postgres: TestPostgres;
let connection: Connection;
let topics: Topics;
beforeAll(async () => {
  postgres = await testPostgres();
  connection = new Connection(await postgres.database(), silent, () => undefined);
  await connection.open();
  topics = new Topics(connection);
});
afterAll(async () => {
  await connection?.close();
  await postgres?.close();
});

/** Members without handlers: they take what they are given and release what is wanted elsewhere at the next heartbeat. */
class Members {
  readonly held = new Map<string, AttendRow[]>();
  readonly #topicId: number;
  readonly #group: string;

  constructor(topicId: number, group: string) {
    this.#topicId = topicId;
    this.#group = group;
  }

  async attend(member: string, leave = false, sessionMs = 60_000): Promise<AttendRow[]> {
    const released: Mark[] = (this.held.get(member) ?? []).filter((row) => !row.keep);
    const shared = { topicId: this.#topicId, group: this.#group, member, sessionMs, leave, released, done: [] };
    const rows = await attend(connection, shared);
    if (leave) this.held.delete(member);
    else this.held.set(member, rows);
    return rows;
  }

  /** Every member attends until nothing is wanted elsewhere any more. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) for (const member of this.held.keys()) await this.attend(member);
  }

  counts(): number[] {
    return [...this.held.values()].map((rows) => rows.length).sort((a, b) => a - b);
  }

  partitions(): number[] {
    return [...this.held.values()].flatMap((rows) => rows.map((row) => row.partition)).sort((a, b) => a - b);
  }
}

async function group(partitions: number, name: string): Promise<Members> {
  await topics.create(name, { partitions });
  return new Members((await topics.get(name)).id, 'g');
}

describe('sharing out partitions', () => {
  it('stays complete, disjoint and even, whoever joins and leaves', async () => {
    const random = new Random(7);
    const members = await group(7, 'random');
    for (let step = 0; step < 40; step++) {
      const member = `m${random.below(5)}`;
      await members.attend(member, members.held.has(member) && members.held.size > 1 && random.below(2) === 0);
      // No partition is with two at any time, settled or not: what is in transit is still with its old owner only.
      expect(new Set(members.partitions()).size).toBe(members.partitions().length);
      await members.settle();
      expect(members.partitions()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(members.counts().at(-1)! - members.counts()[0]!).toBeLessThanOrEqual(1);
    }
  });

  it('moves no more than it must', async () => {
    const members = await group(6, 'sticky');
    for (const member of ['a', 'b', 'c']) await members.attend(member);
    await members.settle();
    const before = new Map([...members.held].map(([member, rows]) => [member, rows.map((row) => row.partition)]));
    await members.attend('c', true);
    await members.settle();
    for (const member of ['a', 'b']) {
      const now = members.held.get(member)!.map((row) => row.partition);
      expect(now).toEqual(expect.arrayContaining(before.get(member)!));
      expect(now).toHaveLength(3);
    }
  });

  it('gives a partition to nobody before its owner has let go', async () => {
    const members = await group(2, 'handover');
    expect(await members.attend('a')).toHaveLength(2);
    expect(await members.attend('b')).toEqual([]);
    expect(await members.attend('b')).toEqual([]);
    const wanted = (await members.attend('a')).filter((row) => !row.keep);
    expect(wanted).toHaveLength(1);
    expect(await members.attend('b')).toEqual([]);
    await members.attend('a');
    const got = await members.attend('b');
    expect(got).toHaveLength(1);
    expect(got[0]!.epoch).toBe(wanted[0]!.epoch + 1);
  });

  it('takes partitions from a member whose session lapsed, and ignores what that one acknowledges later', async () => {
    await topics.create('lapsed', { partitions: 1 });
    const topicId = (await topics.get('lapsed')).id;
    const common = { topicId, group: 'g', leave: false, released: [], done: [] };
    const [first] = await attend(connection, { ...common, member: 'a', sessionMs: 1 });
    await new Promise((later) => setTimeout(later, 20));
    const [second] = await attend(connection, { ...common, member: 'b', sessionMs: 60_000 });
    expect(second!.epoch).toBe(first!.epoch + 1);
    await attend(connection, { ...common, member: 'b', sessionMs: 60_000, done: [{ ...second!, next: 10 }] });
    const late = await attend(connection, {
      ...common,
      member: 'a',
      sessionMs: 1,
      done: [{ ...first!, next: 99 }],
      released: [first!],
    });
    expect(late).toEqual([]);
    const [after] = await attend(connection, { ...common, member: 'b', sessionMs: 60_000 });
    expect(after).toMatchObject({ epoch: second!.epoch, acknowledged: 10 });
  });

  it('is free at once for a newcomer when the sessions of before are ended; a member that lives after all keeps its place', async () => {
    const members = await group(4, 'ended');
    const before = await members.attend('killed');
    expect(await members.attend('early')).toEqual([]);
    await endSessions(connection);
    members.held.delete('killed');
    const now = await members.attend('newcomer');
    expect(now.map(({ partition, epoch }) => ({ partition, epoch }))).toEqual(before.map(({ partition, epoch }) => ({ partition, epoch: epoch + 1 })));
    await members.settle();
    expect(members.partitions()).toEqual([0, 1, 2, 3]);
    expect(members.counts()).toEqual([2, 2]);
    await endSessions(connection);
    const held = [...members.held.keys()];
    for (let round = 0; round < 2; round++) for (const member of held) await members.attend(member);
    await members.settle();
    expect(members.partitions()).toEqual([0, 1, 2, 3]);
    expect(members.counts()).toEqual([2, 2]);
  });
});
