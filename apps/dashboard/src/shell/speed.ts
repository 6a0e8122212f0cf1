/** Events a second of the viewer's clock, from a count that only rises, over the last seconds. */
const WINDOW = 13_000;

export class Speed {
  readonly #seen: { at: number; count: number }[] = [];

  /** @param at milliseconds @param count all so far @returns a second; undefined until there is a second to compare with */
  see(at: number, count: number): number | undefined {
    const seen = this.#seen;
    const last = seen.at(-1);
    // A count that falls is another tower's.
    if (last && count < last.count) seen.length = 0;
    if (!last || at - last.at >= 500) seen.push({ at, count });
    while (seen.length > 2 && at - seen[0]!.at > WINDOW) seen.shift();
    const first = seen[0]!;
    return at - first.at < 900 ? undefined : ((count - first.count) * 1000) / (at - first.at);
  }
}
