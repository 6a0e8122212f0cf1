/** Mixes integers into one 32-bit seed, so that each (seed, day, location …) has a random stream of its own. */
export function mix(...parts: readonly number[]): number {
  let h = 0x9e3779b9;
  for (const part of parts) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h | 0;
}

/** A text as a seed. */
export const seedOf = (text: string): number => mix(...Array.from(text, (character) => character.codePointAt(0)!));
