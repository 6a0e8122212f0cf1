/** What an action of the frame (the palette) is about: the page that is shown says. */
class Selection {
  #source: (() => readonly string[]) | undefined;

  get ids(): readonly string[] {
    return this.#source?.() ?? [];
  }

  /** @returns takes it away again */
  offer(source: () => readonly string[]): () => void {
    this.#source = source;
    return () => {
      if (this.#source === source) this.#source = undefined;
    };
  }
}

export const selection = new Selection();
