export type ThemeChoice = 'system' | 'light' | 'dark';
const KEY = 'plumbline.theme';

/** Light or dark. The page's head sets it before the first paint; this follows the system and the viewer from there. */
class Theme {
  choice = $state<ThemeChoice>('system');
  #system = $state(false);

  constructor() {
    if (typeof window === 'undefined') return;
    const system = matchMedia('(prefers-color-scheme: dark)');
    this.#system = system.matches;
    system.addEventListener('change', () => {
      this.#system = system.matches;
      this.#apply();
    });
    try {
      const kept = localStorage.getItem(KEY);
      if (kept === 'light' || kept === 'dark') this.choice = kept;
    } catch {
      // Without storage the system's choice stands.
    }
  }

  get dark(): boolean {
    return this.choice === 'dark' || (this.choice === 'system' && this.#system);
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // It then lasts as long as the page.
    }
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
  }
}

export const theme = new Theme();
