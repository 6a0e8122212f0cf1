/** The viewer's clock, for what counts up on screen: one timer for the whole page. */
class Clock {
  now = $state(Date.now());

  start(): () => void {
    const timer = setInterval(() => (this.now = Date.now()), 1_000);
    return () => clearInterval(timer);
  }
}

export const wall = new Clock();
