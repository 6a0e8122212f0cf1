/** Seeded random numbers for simulations and tests: xoshiro128** seeded by splitmix32. Never for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** Uniform 32-bit unsigned integer. */
  bits(): number {
    const result = Math.imul(rotl(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotl(this.#d, 11);
    return result;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return (this.bits() * 2 ** 21 + (this.bits() >>> 11)) / 2 ** 53;
  }

  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Gamma with the given shape and scale (Marsaglia & Tsang 2000). */
  gamma(shape: number, scale = 1): number {
    if (shape < 1) return this.gamma(shape + 1, scale) * this.uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      const u = this.uniform();
      if (Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale;
    }
  }

  /** Poisson with the given mean: by multiplication below 30, otherwise split by a binomial-free gamma reduction. */
  poisson(mean: number): number {
    let count = 0;
    let rest = mean;
    while (rest > 30) {
      const n = Math.floor(rest * 0.875);
      const arrival = this.gamma(n);
      if (arrival > rest) return count + this.binomial(n - 1, rest / arrival);
      count += n;
      rest -= arrival;
    }
    const limit = Math.exp(-rest);
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count++;
    return count;
  }

  binomial(n: number, p: number): number {
    let count = 0;
    for (let i = 0; i < n; i++) if (this.uniform() < p) count++;
    return count;
  }

  /** Negative binomial with variance mean + alpha·mean² (a Poisson whose rate is gamma). */
  negativeBinomial(mean: number, alpha: number): number {
    if (mean <= 0) return 0;
    return this.poisson(alpha > 0 ? this.gamma(1 / alpha, alpha * mean) : mean);
  }
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
