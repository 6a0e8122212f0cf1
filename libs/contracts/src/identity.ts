/** Hashes source and id; what the source gives is kept per source, so an event costs its id only. */
export class IdentityHash {
  readonly #pair = new PairHash();
  #seedA = new Int32Array(64);
  #seedB = new Int32Array(64);
  #known = new Uint8Array(64);

  get a(): number {
    return this.#pair.a;
  }

  get b(): number {
    return this.#pair.b;
  }

  over(source: number, b: Uint8Array, sourceStart: number, sourceEnd: number, idStart: number, idEnd: number): void {
    if (source >= this.#known.length) this.#grow(source + 1);
    if (this.#known[source] === 0) {
      this.#pair.over(b, sourceStart, sourceEnd, 0x9747b28c | 0, 0x3c6ef372);
      this.#seedA[source] = this.#pair.a;
      this.#seedB[source] = this.#pair.b;
      this.#known[source] = 1;
    }
    this.#pair.over(b, idStart, idEnd, this.#seedA[source]!, this.#seedB[source]!);
  }

  #grow(needed: number): void {
    const size = Math.max(needed, this.#known.length * 2);
    const [a, b, known] = [new Int32Array(size), new Int32Array(size), new Uint8Array(size)];
    a.set(this.#seedA);
    b.set(this.#seedB);
    known.set(this.#known);
    [this.#seedA, this.#seedB, this.#known] = [a, b, known];
  }
}

/** Two independent 32-bit lanes over bytes: the scheme of MurmurHash3_x86_128 on two of its four lanes. */
class PairHash {
  a = 0;
  b = 0;

  /** Continues from two seeds; the result is in `a` and `b`. */
  over(bytes: Uint8Array, start: number, end: number, seedA: number, seedB: number): void {
    let a = seedA;
    let b = seedB;
    let i = start;
    for (; i + 8 <= end; i += 8) {
      a ^= scramble(word(bytes, i), 0x239b961b, 0xab0e9789 | 0, 15);
      a = (((a << 19) | (a >>> 13)) + b) | 0;
      a = (Math.imul(a, 5) + 0x561ccd1b) | 0;
      b ^= scramble(word(bytes, i + 4), 0xab0e9789 | 0, 0x38b34ae5, 16);
      b = (((b << 17) | (b >>> 15)) + a) | 0;
      b = (Math.imul(b, 5) + 0x0bcaa747) | 0;
    }
    let first = 0;
    let second = 0;
    for (let shift = 0; i < end; i++, shift += 8) {
      if (shift < 32) first |= bytes[i]! << shift;
      else second |= bytes[i]! << (shift - 32);
    }
    a ^= scramble(first, 0x239b961b, 0xab0e9789 | 0, 15) ^ (end - start);
    b ^= scramble(second, 0xab0e9789 | 0, 0x38b34ae5, 16) ^ (end - start);
    a = (a + b) | 0;
    b = (b + a) | 0;
    a = avalanche(a);
    b = avalanche(b);
    this.a = (a + b) | 0;
    this.b = (b + this.a) | 0;
  }
}

const word = (b: Uint8Array, i: number): number => b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);

function scramble(k: number, c1: number, c2: number, rotation: number): number {
  const x = Math.imul(k, c1);
  return Math.imul((x << rotation) | (x >>> (32 - rotation)), c2);
}

function avalanche(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
