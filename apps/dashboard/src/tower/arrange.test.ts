import type { Exception } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { anException } from '#live/exceptions.testing.ts';
import { emptyQueue, hold, settle, type Arranged } from './arrange.ts';
import { noFilters } from '#exception/filters.ts';

const mapOf = (...exceptions: Exception[]): ReadonlyMap<string, Exception> => new Map(exceptions.map((one) => [one.id, one]));
const ids = ({ rows }: Arranged): string[] => rows.map(({ id }) => id);
const one = anException({ id: 'X-1', priority: 1 });
const two = anException({ id: 'X-2', priority: 2 });
const begin = settle(emptyQueue, mapOf(one, two), noFilters, null);

describe('rows that hold still', () => {
  it('keep their places, and show their newest state', () => {
    const held = hold(begin, mapOf({ ...one, priority: 9 }, two), noFilters, null);
    expect(ids(held)).toEqual(['X-2', 'X-1']);
    expect(held.rows[1]!.priority).toBe(9);
  });

  it('let new ones wait', () => {
    const held = hold(begin, mapOf(one, two, anException({ id: 'X-3', priority: 5 })), noFilters, null);
    expect(ids(held)).toEqual(['X-2', 'X-1']);
    expect(held.fresh).toEqual(['X-3']);
  });

  it('do not count as new what the filter leaves out', () => {
    const other = anException({ id: 'X-3', scope: { region: 'South' } });
    expect(hold(begin, mapOf(one, two, other), { ...noFilters, region: ['North'] }, null).fresh).toEqual([]);
  });

  it('show the last state of what is gone', () => {
    expect(ids(hold(begin, mapOf(two), noFilters, null))).toEqual(['X-2', 'X-1']);
  });
});

describe('rows that settle', () => {
  it('stand in their order with the new ones among them', () => {
    const held = hold(begin, mapOf(one, two, anException({ id: 'X-3', priority: 5 })), noFilters, null);
    const after = settle(held, mapOf({ ...one, priority: 9 }, two, anException({ id: 'X-3', priority: 5 })), noFilters, null);
    expect(ids(after)).toEqual(['X-1', 'X-3', 'X-2']);
    expect(after.fresh).toEqual([]);
  });

  it('keep what left the view for as long as it lingers', () => {
    const cleared: Exception = { ...two, status: 'cleared' };
    expect(ids(settle(begin, mapOf(one, cleared), noFilters, null, (id) => id === 'X-2'))).toEqual(['X-2', 'X-1']);
    expect(ids(settle(begin, mapOf(one, cleared), noFilters, null))).toEqual(['X-1']);
  });
});
