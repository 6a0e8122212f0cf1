import { AssignerProtocol } from 'kafkajs';

/** What a member says when it joins: the partitions it still works on, and since which generation. */
export interface Claim {
  memberId: string;
  topic: string;
  owned: readonly number[];
  generation: number;
}

/**
 * Shares `count` partitions among the members: evenly (counts differ by at most one) and moving as few as possible.
 * A partition that has to move is given to nobody in this round: its owner sees that it is gone, gives it up and
 * joins again, and the next round hands it on. So two members never work on one partition at a time, and those that
 * stay are not interrupted (the protocol of KIP-429). Pure; every member would come to the same result.
 */
export function share(claims: readonly Claim[], count: number): Map<string, number[]> {
  const members = [...claims].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const owner = owners(members, count);
  const kept = new Map(members.map((member) => [member.memberId, [] as number[]]));
  for (let p = 0; p < count; p++) if (owner[p] !== undefined) kept.get(owner[p]!)!.push(p);
  const target = balanced(members, kept, count);
  for (const [member, partitions] of target) {
    const free = partitions.filter((p) => owner[p] === undefined || owner[p] === member);
    target.set(
      member,
      free.sort((a, b) => a - b),
    );
  }
  return target;
}

/** The owner of each partition; of two that claim it, the one of the later generation: the other was left behind. */
function owners(members: readonly Claim[], count: number): (string | undefined)[] {
  const owner: (string | undefined)[] = new Array<string | undefined>(count).fill(undefined);
  const since = new Array<number>(count).fill(-1);
  for (const { memberId, owned, generation } of members) {
    for (const p of owned) {
      if (p >= count || generation <= since[p]!) continue;
      owner[p] = memberId;
      since[p] = generation;
    }
  }
  return owner;
}

function balanced(members: readonly Claim[], kept: Map<string, number[]>, count: number): Map<string, number[]> {
  const least = Math.floor(count / members.length);
  let extra = count % members.length;
  const byOwned = [...members].sort((a, b) => kept.get(b.memberId)!.length - kept.get(a.memberId)!.length);
  const target = new Map<string, number[]>();
  const quota = new Map<string, number>();
  for (const { memberId } of byOwned) {
    const limit = least + (extra > 0 ? 1 : 0);
    if (extra > 0) extra--;
    quota.set(memberId, limit);
    target.set(memberId, kept.get(memberId)!.slice(0, limit));
  }
  const taken = new Set([...target.values()].flat());
  const open = Array.from({ length: count }, (_, p) => p).filter((p) => !taken.has(p));
  for (const { memberId } of members) {
    const mine = target.get(memberId)!;
    while (mine.length < quota.get(memberId)!) mine.push(open.shift()!);
  }
  return target;
}

export function encodeClaim(topic: string, owned: readonly number[], generation: number): Buffer {
  const userData = Buffer.from(JSON.stringify({ owned, generation }));
  return AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [topic], userData });
}

export function decodeClaim(memberId: string, metadata: Buffer): Claim {
  const said = AssignerProtocol.MemberMetadata.decode(metadata);
  const topic = said?.topics[0] ?? '';
  try {
    const { owned, generation } = JSON.parse(said?.userData.toString('utf8') ?? '') as {
      owned: number[];
      generation: number;
    };
    if (Array.isArray(owned) && typeof generation === 'number') return { memberId, topic, owned, generation };
  } catch {
    // Falls through: an unreadable claim is no claim.
  }
  return { memberId, topic, owned: [], generation: -1 };
}

export function encodeAssignment(topic: string, partitions: number[]): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: 0,
    assignment: { [topic]: partitions },
    userData: Buffer.alloc(0),
  });
}

export function decodeAssignment(topic: string, assignment: Buffer): number[] {
  if (assignment.length === 0) return [];
  return [...(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment[topic] ?? [])];
}
