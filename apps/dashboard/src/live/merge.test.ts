import { SOCKET_VERSION, type DeltaMessage, type Exception, type PartMessage, type SnapshotMessage } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { anException, someFigures } from './exceptions.testing.ts';
import { LINGER, nothing, withDeltas, withoutLeft, withPart, withSnapshot, type Known } from './merge.ts';

const NOW = 1_000_000;
const snapshot = (change: number, ids: string[], rest = 0): SnapshotMessage => ({
  version: SOCKET_VERSION,
  store: 's',
  change,
  exceptions: ids.map((id) => anException({ id, change })),
  rest,
  figures: someFigures(),
});
const part = (exceptions: Exception[], rest: number): PartMessage => ({ version: SOCKET_VERSION, exceptions, rest });
const delta = (from: number, change: number, more: Partial<DeltaMessage> = {}): DeltaMessage => ({
  version: SOCKET_VERSION,
  from,
  change,
  exceptions: [],
  figures: null,
  ...more,
});
const begin = withSnapshot(nothing, snapshot(10, ['X-1', 'X-2']));
const known = (merge: { known: Known }): Known => merge.known;

describe('deltas', () => {
  it('apply in their order', () => {
    const first = delta(10, 11, { exceptions: [anException({ id: 'X-3', change: 11 })] });
    const second = delta(11, 12, { exceptions: [anException({ id: 'X-3', change: 12, owner: 'Ana' })] });
    const after = known(withDeltas(begin, [first, second], NOW));
    expect(after.change).toBe(12);
    expect([...after.exceptions.keys()]).toEqual(['X-1', 'X-2', 'X-3']);
    expect(after.exceptions.get('X-3')!.owner).toBe('Ana');
    expect(begin.exceptions.size).toBe(2);
  });

  it('that were applied already change nothing', () => {
    const one = delta(10, 11, { exceptions: [anException({ id: 'X-3', change: 11 })] });
    const once = known(withDeltas(begin, [one], NOW));
    const twice = withDeltas(once, [one, one], NOW);
    expect(twice).not.toHaveProperty('gap');
    expect(known(twice)).toEqual(once);
  });

  it('that do not follow leave a gap, and what came before it stays', () => {
    const merge = withDeltas(begin, [delta(10, 11), delta(12, 13, { exceptions: [anException({ id: 'X-9', change: 13 })] })], NOW);
    expect(merge).toHaveProperty('gap', true);
    expect(merge.known.change).toBe(11);
    expect(merge.known.exceptions.has('X-9')).toBe(false);
  });

  it('before a snapshot are a gap', () => {
    expect(withDeltas(nothing, [delta(0, 1)], NOW)).toHaveProperty('gap', true);
  });

  it('with an older state of an exception do not put it back', () => {
    const newer = known(withDeltas(begin, [delta(10, 12, { exceptions: [anException({ id: 'X-1', change: 12, owner: 'Ana' })] })], NOW));
    const older = known(withDeltas(newer, [delta(12, 13, { exceptions: [anException({ id: 'X-1', change: 9 })] })], NOW));
    expect(older.exceptions.get('X-1')!.owner).toBe('Ana');
  });

  it('bring figures in parts', () => {
    const after = known(withDeltas(begin, [delta(10, 11, { figures: { valueAtRisk: '42.5' } })], NOW));
    expect(after.figures).toEqual({ ...begin.figures, valueAtRisk: '42.5' });
  });

  it('keep the very same map where only figures changed, so that nothing is drawn anew', () => {
    expect(known(withDeltas(begin, [delta(10, 11, { figures: { unowned: 3 } })], NOW)).exceptions).toBe(begin.exceptions);
  });
});

describe('what closes', () => {
  const closing = delta(10, 11, { exceptions: [anException({ id: 'X-1', change: 11, status: 'cleared' })] });

  it('says goodbye, then leaves', () => {
    const after = known(withDeltas(begin, [closing], NOW));
    expect(after.exceptions.get('X-1')!.status).toBe('cleared');
    expect(withoutLeft(after, NOW + LINGER - 1)).toBe(after);
    expect(withoutLeft(after, NOW + LINGER).exceptions.has('X-1')).toBe(false);
  });

  it('stays when it opens again meanwhile', () => {
    const reopening = delta(11, 12, { exceptions: [anException({ id: 'X-1', change: 12 })] });
    const after = known(withDeltas(begin, [closing, reopening], NOW));
    expect(withoutLeft(after, NOW + LINGER).exceptions.has('X-1')).toBe(true);
  });

  it('is not kept longer by a note on it', () => {
    const noted = delta(11, 12, { exceptions: [anException({ id: 'X-1', change: 12, status: 'cleared', reason: 'x' })] });
    const after = known(withDeltas(known(withDeltas(begin, [closing], NOW)), [noted], NOW + 5_000));
    expect(withoutLeft(after, NOW + LINGER).exceptions.has('X-1')).toBe(false);
  });

  it('goes on saying goodbye over a snapshot; other missing ones are gone', () => {
    const after = withSnapshot(known(withDeltas(begin, [closing], NOW)), snapshot(20, ['X-5']));
    expect([...after.exceptions.keys()].sort()).toEqual(['X-1', 'X-5']);
    expect([...withoutLeft(after, NOW + LINGER).exceptions.keys()]).toEqual(['X-5']);
  });
});

describe('a snapshot in parts', () => {
  const ids = ({ exceptions }: Known): string[] => [...exceptions.keys()].sort();

  it('is whole with its last part', () => {
    const first = withSnapshot(nothing, snapshot(10, ['X-1'], 2));
    const second = withPart(first, part([anException({ id: 'X-2', change: 4 })], 1));
    const last = withPart(second, part([anException({ id: 'X-3', change: 5 })], 0));
    expect([first, second, last].map(({ rest }) => rest)).toEqual([2, 1, 0]);
    expect(ids(last)).toEqual(['X-1', 'X-2', 'X-3']);
  });

  it('leaves what was on the page where it is until it is whole', () => {
    const before = withSnapshot(nothing, snapshot(10, ['X-1', 'X-2', 'X-3', 'X-4']));
    const first = withSnapshot(before, snapshot(30, ['X-1'], 2));
    expect(ids(first)).toEqual(['X-1', 'X-2', 'X-3', 'X-4']);
    const reopened = known(withDeltas(first, [delta(30, 31, { exceptions: [anException({ id: 'X-4', change: 31 })] })], NOW));
    expect(ids(withPart(reopened, part([anException({ id: 'X-2', change: 20 })], 0)))).toEqual(['X-1', 'X-2', 'X-4']);
  });

  it('replaces what is known of another store, whatever its number', () => {
    const before = withSnapshot(nothing, snapshot(90, ['X-1', 'X-2', 'X-3']));
    const first = withSnapshot(before, snapshot(10, ['X-1'], 2));
    const told = known(withDeltas(first, [delta(10, 11, { exceptions: [anException({ id: 'X-3', change: 11 })] })], NOW));
    const last = withPart(told, part([anException({ id: 'X-2', change: 4 })], 0));
    expect([...last.exceptions.values()].map(({ change }) => change)).toEqual([10, 4, 11]);
  });

  it('does not put back what a delta told between its parts', () => {
    const first = withSnapshot(nothing, snapshot(10, ['X-1'], 2));
    const closed = known(withDeltas(first, [delta(10, 12, { exceptions: [anException({ id: 'X-2', change: 12, status: 'cleared' })] })], NOW));
    const last = withPart(closed, part([anException({ id: 'X-2', change: 4 })], 0));
    expect(last.exceptions.get('X-2')!.status).toBe('cleared');
    expect(ids(withoutLeft(last, NOW + LINGER))).toEqual(['X-1']);
  });
});
