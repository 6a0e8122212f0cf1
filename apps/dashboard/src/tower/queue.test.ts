import type { Exception } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { anException } from '#live/exceptions.testing.ts';
import { emptyQueue, type Arranged } from './arrange.ts';
import { noFilters } from '#exception/filters.ts';
import { QueueModel } from './queue.ts';

class Queue extends QueueModel {
  arranged: Arranged = emptyQueue;
  cursor: string | undefined = undefined;
  selected: ReadonlySet<string> = new Set();
  filled = false;
}

const mapOf = (...exceptions: Exception[]): ReadonlyMap<string, Exception> => new Map(exceptions.map((one) => [one.id, one]));
const row = (number: number, more: Partial<Exception> = {}): Exception => anException({ id: `X-${number}`, priority: number, ...more });
const ids = (queue: Queue): string[] => queue.rows.map(({ id }) => id);

function filled(...rows: Exception[]): Queue {
  const queue = new Queue();
  queue.update(mapOf(...rows), noFilters, null, 0);
  return queue;
}

describe('the queue', () => {
  it('takes new rows in at once while nobody touches it', () => {
    const queue = filled(row(1), row(2));
    queue.update(mapOf(row(1), row(2), row(3)), noFilters, null, 1_000);
    expect(ids(queue)).toEqual(['X-3', 'X-2', 'X-1']);
  });

  it('lets them wait while somebody does, until they are asked for', () => {
    const queue = filled(row(1), row(2));
    queue.touch(500);
    queue.update(mapOf(row(1), row(2), row(3)), noFilters, null, 1_000);
    expect(ids(queue)).toEqual(['X-2', 'X-1']);
    expect(queue.arranged.fresh).toEqual(['X-3']);
    queue.showFresh(mapOf(row(1), row(2), row(3)), 1_100);
    expect(ids(queue)).toEqual(['X-3', 'X-2', 'X-1']);
    expect(queue.arranged.fresh).toEqual([]);
  });

  it('does not take a row from under the pointer', () => {
    const queue = filled(row(1), row(2), row(3));
    const seen = { top: 0, count: 3, under: 'X-2' };
    queue.update(mapOf(row(1), row(2, { status: 'cleared' }), row(3)), noFilters, null, 30_000, seen);
    queue.update(mapOf(row(1), row(3)), noFilters, null, 60_000, seen);
    expect(queue.rows.map(({ id, status }) => [id, status])).toEqual([['X-3', 'open'], ['X-2', 'cleared'], ['X-1', 'open']]);
    queue.update(mapOf(row(1), row(3)), noFilters, null, 90_000, { top: 0, count: 3 });
    expect(ids(queue)).toEqual(['X-3', 'X-1']);
  });

  it('fills up at once, whoever touches it', () => {
    const queue = filled(row(2), row(4));
    queue.touch(500);
    const more = mapOf(row(1), row(2), row(3), row(4));
    expect(queue.update(more, noFilters, null, 600, { top: 0, count: 2, under: 'X-2' }, true)).toEqual({ moved: 1 });
    expect(ids(queue)).toEqual(['X-4', 'X-3', 'X-2', 'X-1']);
    expect(queue.arranged.fresh).toEqual([]);
  });

  it('says by how far the row under the pointer would move, else the cursor’s row if it is on screen', () => {
    const queue = filled(row(1), row(2), row(3));
    const more = mapOf(row(1), row(2), row(3), row(4), row(5));
    expect(queue.update(more, noFilters, null, 60_000, { top: 0, count: 3, under: 'X-2' })).toEqual({ moved: 2 });
    queue.cursor = 'X-5';
    const again = mapOf(row(1), row(2), row(3, { priority: 9 }), row(4), row(5));
    expect(queue.update(again, noFilters, null, 70_000, { top: 0, count: 3 })).toEqual({ moved: 1 });
  });

  it('says by how far most rows on screen would move, away from the beginning', () => {
    const queue = filled(row(1), row(2), row(3), row(4), row(5));
    const one = mapOf(row(1, { priority: 9 }), row(2), row(3), row(4), row(5));
    expect(queue.update(one, noFilters, null, 60_000, { top: 2, count: 3 })).toEqual({ moved: 1 });
    const two = mapOf(...[row(1, { priority: 9 }), row(2), row(3), row(4), row(5)], row(6));
    expect(queue.update(two, noFilters, null, 70_000, { top: 0, count: 3 })).toEqual({ moved: 0 });
  });

  it('moves nothing where the row under the pointer could not be held', () => {
    const queue = filled(row(1), row(2));
    const swapped = mapOf(row(1, { priority: 9 }), row(2));
    expect(queue.update(swapped, noFilters, null, 60_000, { top: 0, count: 2, under: 'X-1' })).toEqual({ moved: 0 });
    expect(ids(queue)).toEqual(['X-2', 'X-1']);
    queue.update(swapped, noFilters, null, 70_000, { top: 0, count: 2 });
    expect(ids(queue)).toEqual(['X-1', 'X-2']);
  });

  it('lets new rows in among those that keep their order until it is time to sort', () => {
    const queue = filled(row(1), row(3));
    const swapped = mapOf(row(1, { priority: 9 }), row(3), row(2));
    queue.update(swapped, noFilters, null, 1_000);
    expect(ids(queue)).toEqual(['X-3', 'X-1', 'X-2']);
    queue.update(swapped, noFilters, null, 6_000);
    expect(ids(queue)).toEqual(['X-1', 'X-3', 'X-2']);
  });

  it('does not reorder more often than every few seconds', () => {
    const queue = filled(row(1), row(2));
    const swapped = mapOf(row(1, { priority: 9 }), row(2));
    queue.update(swapped, noFilters, null, 1_000);
    expect(ids(queue)).toEqual(['X-2', 'X-1']);
    queue.update(swapped, noFilters, null, 6_000);
    expect(ids(queue)).toEqual(['X-1', 'X-2']);
  });

  it('follows another filter at once, whoever touches it', () => {
    const queue = filled(row(1), row(2, { scope: { region: 'South' } }));
    queue.touch(0);
    queue.update(mapOf(row(1), row(2, { scope: { region: 'South' } })), { ...noFilters, region: ['South'] }, null, 10);
    expect(ids(queue)).toEqual(['X-2']);
  });

  it('lets a recovered row say so before it leaves', () => {
    const queue = filled(row(1), row(2));
    const cleared = row(2, { status: 'cleared' });
    queue.update(mapOf(row(1), cleared), noFilters, null, 6_000);
    expect(ids(queue)).toEqual(['X-2', 'X-1']);
    queue.update(mapOf(row(1), cleared), noFilters, null, 12_000);
    expect(ids(queue)).toEqual(['X-2', 'X-1']);
    queue.update(mapOf(row(1), cleared), noFilters, null, 18_000);
    expect(ids(queue)).toEqual(['X-1']);
  });

  it('moves its cursor within its ends, and selects what it passes', () => {
    const queue = filled(row(1), row(2), row(3));
    queue.move(1);
    expect(queue.cursor).toBe('X-3');
    queue.move(1, true);
    expect([...queue.selected]).toEqual(['X-3', 'X-2']);
    queue.move(9);
    expect(queue.cursor).toBe('X-1');
    expect(queue.subjects).toEqual(['X-3', 'X-2']);
    queue.clear();
    expect(queue.subjects).toEqual(['X-1']);
  });

  it('acts on nothing that is no longer there', () => {
    const queue = filled(row(1), row(2));
    queue.selectAll();
    queue.update(mapOf(row(1)), { ...noFilters }, null, 10);
    expect(queue.subjects).toEqual(['X-1']);
  });
});
