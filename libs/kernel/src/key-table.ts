/**
 * Interns byte strings: bytes → small integer, without making a string per look-up.
 * Open addressing, load ≤ 0.5; indices are given in order of insertion.
 */
export class KeyTable {
  #slots = new Int32Array(64).fill(-1);
  #hashes = new Int32Array(64);
  #starts = new Uint32Array(64);
  #bytes = new Uint8Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The index of a key given as text, adding it when it is new. */
  add(key: string): number {
    const bytes = new TextEncoder().encode(key);
    return this.addBytes(bytes, 0, bytes.length);
  }

  addBytes(source: Uint8Array, start: number, end: number): number {
    const found = this.find(source, start, end);
    if (found >= 0) return found;
    const index = this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    const from = this.#starts[index]!;
    const to = from + end - start;
    if (to > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(to, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(source.subarray(start, end), from);
    this.#starts[index + 1] = to;
    const hash = hashBytes(source, start, end);
    this.#hashes[index] = hash;
    this.#place(index, hash);
    return index;
  }

  /** The index of `source[start, end)`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(source, start, end);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]!;
      if (index < 0) return -1;
      if (this.#hashes[index] === hash && this.#equals(index, source, start, end)) return index;
    }
  }

  /** The index of a key given as text, or -1. */
  get(key: string): number {
    const bytes = new TextEncoder().encode(key);
    return this.find(bytes, 0, bytes.length);
  }

  /** The key of an index as text. */
  key(index: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(this.#starts[index]!, this.#starts[index + 1]!));
  }

  #equals(index: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index]!;
    if (this.#starts[index + 1]! - from !== end - start) return false;
    const bytes = this.#bytes;
    for (let i = start, j = from; i < end; i++, j++) if (bytes[j] !== source[i]) return false;
    return true;
  }

  #place(index: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = index;
  }

  #grow(): void {
    const capacity = this.#slots.length * 2;
    this.#slots = new Int32Array(capacity).fill(-1);
    const hashes = new Int32Array(capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Uint32Array(capacity + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    for (let i = 0; i < this.#size - 1; i++) this.#place(i, hashes[i]!);
  }
}

/** FNV-1a with a final mix; keys are short. */
export function hashBytes(source: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ source[i]!, 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 12)) | 0;
}
