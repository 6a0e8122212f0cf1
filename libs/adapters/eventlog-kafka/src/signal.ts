/** Wakes whoever waits; a wake-up that comes while nobody waits is kept for the next one who does. */
export class Signal {
  private raised = false;
  private resolve: (() => void) | undefined;

  raise(): void {
    if (this.resolve) {
      const resolve = this.resolve;
      this.resolve = undefined;
      resolve();
    } else this.raised = true;
  }

  wait(): Promise<void> {
    if (this.raised) {
      this.raised = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => (this.resolve = resolve));
  }
}
