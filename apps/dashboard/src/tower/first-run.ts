import type { Figures, SimulatorState } from '@plumbline/contracts';

export interface Progress {
  /** 0…1 */
  share: number;
  /** Event time reached, milliseconds UTC; undefined before the first tick. */
  at: number | undefined;
}

/**
 * How far the history of a fresh demo is. @returns undefined once it is there, and where no demo runs
 */
export function progressOf(figures: Figures | null, simulator: SimulatorState | undefined): Progress | undefined {
  if (!simulator) return undefined;
  const end = Date.parse(simulator.at);
  const tick = figures ? Date.parse(figures.tick) : undefined;
  if (tick === undefined) return { share: 0, at: undefined };
  // Live, the tower is minutes of event time behind its source; in history, days.
  const HISTORY = 14 * 86_400_000;
  const behind = end - tick;
  return behind < 6 * 3_600_000 ? undefined : { share: Math.max(0, Math.min(1, 1 - behind / HISTORY)), at: tick };
}
