const KEY = 'plumbline.name';

/** Who sits before this page: a name of the viewer's own choice, kept in this browser and written beside what is done. */
export class Viewer {
  name = $state<string | null>(read());

  rename(name: string): void {
    this.name = name.trim().slice(0, 128) || null;
    try {
      if (this.name === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, this.name);
    } catch {
      // Storage may be closed to this page: the name then lasts as long as the page.
    }
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const viewer = new Viewer();

/** MK from "Mia König", an@… → AN */
export function initials(name: string): string {
  const words = name.split(/[\s.@_-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!].map((word) => [...word][0]!) : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}
