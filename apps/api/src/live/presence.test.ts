import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Presence, type Announcement } from './presence.ts';

type Told = [viewer: string, exceptionId: string, names: string];
let told: Told[];
let said: Announcement[];
let presence: Presence<string>;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  said = [];
  presence = new Presence<string>({
    replica: 'here',
    now: () => Date.now(),
    announce: (announcement) => said.push(announcement),
    tell: (viewer, exceptionId, names) => told.push([viewer, exceptionId, names.join()]),
  });
});
afterEach(() => {
  presence.close();
  vi.useRealTimers();
});

/** What was told since the last look, when changes have been gathered. */
function heard(): Told[] {
  vi.advanceTimersByTime(60);
  return told.splice(0);
}

it('tells everyone who looks at the same exception, each name once', () => {
  presence.look('a', 'ana', 'X-1');
  presence.look('b', 'ben', 'X-1');
  presence.look('c', 'ana', 'X-1');
  presence.look('d', undefined, 'X-1');
  presence.look('e', 'eve', 'X-2');
  expect(heard()).toEqual([...['a', 'b', 'c', 'd'].map((viewer): Told => [viewer, 'X-1', 'ana,ben']), ['e', 'X-2', 'eve']]);
  presence.look('b', 'ben', 'X-2');
  expect(heard()).toEqual([['a', 'X-1', 'ana'], ['b', 'X-2', 'ben,eve'], ['c', 'X-1', 'ana'], ['d', 'X-1', 'ana'], ['e', 'X-2', 'ben,eve']]);
  expect(heard()).toEqual([]);
});

it('hears the other replicas, the newest announcement of each', () => {
  presence.look('a', 'ana', 'X-1');
  presence.hear({ replica: 'there', sequence: 2, looking: { 'X-1': ['ben'] } });
  expect(heard()).toEqual([['a', 'X-1', 'ana,ben']]);
  presence.hear({ replica: 'there', sequence: 1, looking: {} });
  presence.hear({ replica: 'here', sequence: 9, looking: { 'X-1': ['me'] } });
  expect(heard()).toEqual([]);
  presence.hear({ replica: 'there', sequence: 3, looking: { 'X-2': ['ben'] } });
  expect(heard()).toEqual([['a', 'X-1', 'ana']]);
});

it('announces all its viewers: at the start, when they move, to a replica that is new, and now and then', () => {
  heard();
  presence.look('a', 'ana', 'X-1');
  presence.look('b', 'ben', 'X-1');
  heard();
  presence.hear({ replica: 'there', sequence: 1, looking: {} });
  heard();
  presence.hear({ replica: 'there', sequence: 2, looking: {} });
  heard();
  expect(said.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(said[0]!.looking).toEqual({});
  expect(said[2]!.looking).toEqual({ 'X-1': ['ana', 'ben'] });
  vi.advanceTimersByTime(10_000);
  expect(said.length).toBeGreaterThan(3);
  presence.close();
  expect(said.at(-1)!.looking).toEqual({});
});

it('forgets a replica that has gone without saying so', () => {
  presence.look('a', 'ana', 'X-1');
  presence.hear({ replica: 'there', sequence: 1, looking: { 'X-1': ['ben'] } });
  heard();
  vi.advanceTimersByTime(10_000);
  presence.hear({ replica: 'there', sequence: 2, looking: { 'X-1': ['ben'] } });
  vi.advanceTimersByTime(10_000);
  expect(heard()).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(heard()).toEqual([['a', 'X-1', 'ana']]);
});
