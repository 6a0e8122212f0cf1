import { describe, expect, it } from 'vitest';
import { Chord } from './keys.ts';
import { pages, titleOf } from './pages.ts';
import { Speed } from './speed.ts';

describe('two keys in turn', () => {
  it('are one shortcut if the second comes in time', () => {
    const chord = new Chord('g');
    expect(chord.press('p', 0)).toBeUndefined();
    expect(chord.press('g', 10)).toBe('armed');
    expect(chord.press('p', 1_000)).toBe('p');
    expect(chord.press('p', 1_100)).toBeUndefined();
    expect(chord.press('g', 2_000)).toBe('armed');
    expect(chord.press('p', 9_000)).toBeUndefined();
  });
});

describe('pages', () => {
  it('have a key each, and a title by their address', () => {
    expect(new Set(pages.map(({ key }) => key)).size).toBe(pages.length);
    expect(titleOf('/dead-letters')).toBe('Dead letters');
    expect(titleOf('/exceptions/X-17')).toBe('X-17');
    expect(titleOf('/elsewhere')).toBe('Plumbline');
  });
});

describe('events a second', () => {
  it('are counted over the last seconds', () => {
    const speed = new Speed();
    expect(speed.see(0, 1_000)).toBeUndefined();
    expect(speed.see(2_000, 2_000)).toBe(500);
    expect(speed.see(20_000, 2_000)).toBeCloseTo(0);
  });

  it('begin anew when the count falls: it is another tower', () => {
    const speed = new Speed();
    speed.see(0, 1_000);
    expect(speed.see(5_000, 10)).toBeUndefined();
    expect(speed.see(6_000, 20)).toBe(10);
  });
});
