import type { Exception } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { anException } from './exceptions.testing.ts';
import { allowed, overlay, patchOf, reverse, withOverlay, type Overlay } from './overlay.ts';

const NOW = 1_000;
const laid = (more: Partial<Overlay> = {}): Overlay => ({
  eventId: 'e1',
  exceptionId: 'X-1',
  patch: { status: 'acknowledged' },
  after: 5,
  until: NOW + 10,
  ...more,
});
const mapOf = (...exceptions: Exception[]): ReadonlyMap<string, Exception> => new Map(exceptions.map((one) => [one.id, one]));

describe('what was sent', () => {
  it('is shown over what the server says, also over newer news of something else', () => {
    const shown = overlay(mapOf(anException({ change: 6, valueAtRisk: '99' })), [laid()], NOW);
    expect(shown.exceptions.get('X-1')).toMatchObject({ status: 'acknowledged', valueAtRisk: '99' });
    expect(shown.overlays).toHaveLength(1);
  });

  it('is let go once the server says the same', () => {
    const exceptions = mapOf(anException({ change: 6, status: 'acknowledged' }));
    const shown = overlay(exceptions, [laid()], NOW);
    expect(shown).toEqual({ exceptions, overlays: [], unheard: [] });
  });

  it('is not confirmed by a state from before it was sent', () => {
    const shown = overlay(mapOf(anException({ change: 5, status: 'acknowledged' })), [laid()], NOW);
    expect(shown.overlays).toHaveLength(1);
  });

  it('is taken back, and said, when its time is over', () => {
    const exceptions = mapOf(anException({ change: 6 }));
    const shown = overlay(exceptions, [laid({ until: NOW })], NOW);
    expect(shown.exceptions.get('X-1')!.status).toBe('open');
    expect(shown.unheard.map(({ eventId }) => eventId)).toEqual(['e1']);
  });

  it('of an instant is confirmed in whatever way the instant is written', () => {
    const one = laid({ patch: { snoozedUntil: '2026-11-24T08:00:00.000Z' } });
    const exceptions = mapOf(anException({ change: 6, snoozedUntil: '2026-11-24T08:00:00Z' }));
    expect(overlay(exceptions, [one], NOW).overlays).toEqual([]);
  });

  it('and replaced by what was sent after it is no longer awaited', () => {
    const second = laid({ eventId: 'e2', patch: { status: 'resolved' } });
    expect(withOverlay([laid()], second)).toEqual([second]);
    const assigned = laid({ eventId: 'e0', patch: { owner: 'Ana' } });
    expect(withOverlay([assigned], second).map(({ eventId }) => eventId)).toEqual(['e0', 'e2']);
    expect(withOverlay([laid({ exceptionId: 'X-2' })], second)).toHaveLength(2);
  });

  it('without any trace on the row awaits nothing', () => {
    expect(withOverlay([], laid({ patch: patchOf('comment', { note: 'n' }, anException()) }))).toEqual([]);
  });
});

describe('undo', () => {
  it('is the patch back to what was', () => {
    const before = anException({ owner: 'Ana', snoozedUntil: '2026-11-24T08:00:00Z' });
    const patch = patchOf('resolve', { note: 'done' }, before);
    expect({ ...before, ...patch, ...reverse(patch, before) }).toEqual(before);
    const assigned = patchOf('assign', { owner: 'Bo' }, before);
    expect(reverse(assigned, before)).toEqual({ owner: 'Ana' });
  });
});

describe('what may be done', () => {
  it('follows the status', () => {
    expect(allowed('acknowledge', anException())).toBe(true);
    expect(allowed('acknowledge', anException({ status: 'in-progress' }))).toBe(false);
    expect(allowed('reopen', anException({ status: 'cleared' }))).toBe(true);
    expect(allowed('resolve', anException({ status: 'cleared' }))).toBe(false);
    expect(allowed('comment', anException({ status: 'dismissed' }))).toBe(true);
  });
});
