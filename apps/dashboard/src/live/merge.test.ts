import type { DeltaMessage, SnapshotMessage } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { anException, someFigures } from './exceptions.testing.ts';
import { LINGER, nothing, withDeltas, withoutLeft, withSnapshot, type Known } from './merge.ts';

const NOW = 1_000_000;
const snapshot = (change: number, ids: string[]): SnapshotMessage => ({
  version: 1,
  store: 's',
  change,
  exceptions: ids.map((id) => anException({ id, change })),
  figures: someFigures(),
});
const delta = (from: number, change: number, more: Partial<DeltaMessage> = {}): DeltaMessage => ({
  version: 1,
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
