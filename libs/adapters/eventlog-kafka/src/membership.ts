import { setTimeout as sleep } from 'node:timers/promises';
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim, share } from './assignment.ts';
import type { LogLine } from './options.ts';
import { errorType, type JoinAnswer, type Wire } from './wire.ts';

const PROTOCOL = 'plumbline-sticky';

export interface MembershipOptions {
  topic: string;
  group: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
}

/** What the group wants of us next: nothing, to join again, or it no longer knows us. */
export type Standing = 'member' | 'rejoin' | 'lost';

const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** One member of a consumer group: joins, shows life in the background whatever the handlers do, commits, leaves. */
export class Membership {
  standing: Standing = 'lost';
  private memberId = '';
  private generation = -1;
  private joining = false;
  private beating: AbortController | undefined;
  private changed: () => void = () => undefined;

  constructor(
    private readonly wire: Wire,
    private readonly options: MembershipOptions,
    private readonly log: LogLine,
  ) {}

  /**
   * Joins, or joins again with what is still owned.
   * @returns the partitions this member is to have; those of `owned` that are missing must be given up, then joined again
   */
  async join(owned: readonly number[]): Promise<number[]> {
    this.joining = true;
    try {
      const partitions = await this.joinAndSync(owned);
      this.standing = 'member';
      if (!this.beating) void this.showLife((this.beating = new AbortController()));
      return partitions;
    } finally {
      this.joining = false;
    }
  }

  private async joinAndSync(owned: readonly number[]): Promise<number[]> {
    const { topic, group, sessionTimeoutMs, rebalanceTimeoutMs } = this.options;
    await this.wire.partitions(topic, true);
    const coordinator = await this.wire.coordinator(group);
    const joined = await coordinator.joinGroup({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId: this.memberId,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeClaim(topic, owned, this.generation) }],
    });
    this.memberId = joined.memberId;
    const answer = await coordinator.syncGroup({
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: joined.leaderId === joined.memberId ? await this.lead(joined) : [],
    });
    this.generation = joined.generationId;
    return decodeAssignment(topic, answer.memberAssignment);
  }

  /** Resolves when the group wants something of us, or when `interrupt` is called. */
  async settled(): Promise<void> {
    if (this.standing !== 'member') return;
    await new Promise<void>((resolve) => (this.changed = resolve));
  }

  /** The next `settled` returns at once. */
  rejoin(): void {
    if (this.standing === 'member') this.standing = 'rejoin';
  }

  interrupt(): void {
    this.changed();
  }

  /** Starts over as a new member: the group gave our place away. */
  forget(): void {
    this.memberId = '';
    this.generation = -1;
    this.standing = 'lost';
    this.beating?.abort();
    this.beating = undefined;
  }

  /** Makes acknowledgements durable. @param next the next offset to read of each partition */
  async commit(next: ReadonlyMap<number, number>): Promise<void> {
    if (next.size === 0) return;
    const { topic, group } = this.options;
    const coordinator = await this.wire.coordinator(group);
    const partitions = [...next].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await coordinator.offsetCommit({
      groupId: group,
      groupGenerationId: this.generation,
      memberId: this.memberId,
      topics: [{ topic, partitions }],
    });
  }

  async leave(): Promise<void> {
    const { memberId } = this;
    this.forget();
    if (memberId === '') return;
    try {
      const coordinator = await this.wire.coordinator(this.options.group);
      await coordinator.leaveGroup({ groupId: this.options.group, memberId });
    } catch (error) {
      this.log('warn', 'could not leave the group; it will notice by itself', {
        group: this.options.group,
        error: String(error),
      });
    }
  }

  /** True when the group no longer knows this member: what it had may be with others already. */
  isLost(error: unknown): boolean {
    return LOST.has(errorType(error) ?? '');
  }

  /** Shares out each topic among the members that want it. */
  private async lead(joined: JoinAnswer): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const claims = joined.members.map((member) => decodeClaim(member.memberId, member.memberMetadata));
    const assignments: { memberId: string; memberAssignment: Buffer }[] = [];
    for (const [topic, members] of Map.groupBy(claims, (claim) => claim.topic)) {
      const count = (await this.wire.partitions(topic)).length;
      for (const [memberId, partitions] of share(members, count)) {
        assignments.push({ memberId, memberAssignment: encodeAssignment(topic, partitions) });
      }
    }
    return assignments;
  }

  /** Beats often enough that several may be lost, and that a rebalance is noticed soon. */
  private async showLife(life: AbortController): Promise<void> {
    const every = Math.min(500, Math.max(50, Math.floor(this.options.sessionTimeoutMs / 10)));
    while (!life.signal.aborted) {
      await sleep(every, undefined, { signal: life.signal }).catch(() => undefined);
      if (life.signal.aborted) return;
      if (this.joining) continue;
      try {
        await this.beat();
      } catch (error) {
        if (!life.signal.aborted && !this.joining) this.judge(error);
      }
    }
  }

  private async beat(): Promise<void> {
    const { group } = this.options;
    const coordinator = await this.wire.coordinator(group);
    await coordinator.heartbeat({ groupId: group, groupGenerationId: this.generation, memberId: this.memberId });
  }

  private judge(error: unknown): void {
    const type = errorType(error);
    const { group } = this.options;
    if (type === 'REBALANCE_IN_PROGRESS') this.change('rejoin');
    else if (type === 'UNKNOWN_MEMBER_ID') {
      this.forget();
      this.changed();
    } else if (this.isLost(error)) this.change('lost');
    else {
      // The coordinator moved or the broker is away: another may answer, or this one again.
      if (type === undefined) this.wire.reset();
      else this.wire.forgetCoordinator(group);
      this.log('debug', 'no sign of life reached the group', { group, error: String(error) });
    }
  }

  private change(standing: Standing): void {
    this.standing = standing;
    this.changed();
  }
}
