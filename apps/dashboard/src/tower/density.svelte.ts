const KEY = 'plumbline.density';

/** Height of the rows: two lines, or one for those who watch many. Kept in this browser. */
class Density {
  compact = $state(read());

  toggle(): void {
    this.compact = !this.compact;
    try {
      localStorage.setItem(KEY, this.compact ? 'compact' : 'two-line');
    } catch {
      // It then lasts as long as the page.
    }
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === 'compact';
  } catch {
    return false;
  }
}

export const density = new Density();
