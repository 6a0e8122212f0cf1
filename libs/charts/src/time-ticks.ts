import { clockOf, DAY, dateOf, dayOf, dayStart, HOUR, MINUTE, nextDayStart, offsetAt } from './zones.ts';

export interface TimeTick {
  at: number;
  label: string;
}

const HOUR_STEPS = [1, 2, 3, 4, 6, 12];
const DAY_STEPS = [1, 2, 7, 14, 28];

/**
 * Ticks of a time axis in a zone: full local hours, or local midnights where the range is long. A day of 23 or 25 hours
 * keeps its true length; an hour that the clock shows twice is labelled once.
 * @param most how many labels fit
 */
export function timeTicks(from: number, to: number, zone: string, most: number): TimeTick[] {
  if (!(to > from) || most < 1) return [];
  const hours = (to - from) / HOUR;
  const step = HOUR_STEPS.find((candidate) => hours / candidate <= most);
  return step === undefined || hours > 60 ? dayTicks(from, to, zone, most) : hourTicks(from, to, zone, step);
}

function hourTicks(from: number, to: number, zone: string, step: number): TimeTick[] {
  const ticks: TimeTick[] = [];
  let last = '';
  for (let at = fullHour(from, zone); at <= to; at = fullHour(at + 1, zone)) {
    const minutes = localMinutes(at, zone);
    if ((minutes / 60) % step !== 0) continue;
    const label = minutes === 0 && to - from > DAY ? dayOf(at, zone) : clockOf(at, zone);
    if (label !== last) ticks.push({ at, label });
    last = label;
  }
  return ticks;
}

function dayTicks(from: number, to: number, zone: string, most: number): TimeTick[] {
  const days = (to - from) / DAY;
  const step = DAY_STEPS.find((candidate) => days / candidate <= most) ?? Math.ceil(days / most);
  const first = dayStart(from, zone) === from ? from : nextDayStart(from, zone);
  const ticks: TimeTick[] = [];
  let count = 0;
  for (let at = first; at <= to; at = nextDayStart(at, zone), count++) {
    if (count % step === 0) ticks.push({ at, label: days > 20 ? dateOf(at, zone) : dayOf(at, zone) });
  }
  return ticks;
}

/** The first instant from `at` on that is a full hour of the zone's clock. */
function fullHour(at: number, zone: string): number {
  const local = at + offsetAt(at, zone);
  const candidate = at + ((HOUR - (((local % HOUR) + HOUR) % HOUR)) % HOUR);
  // A change of the clock by half an hour within the stretch moves the full hour.
  const shift = offsetAt(candidate, zone) - offsetAt(at, zone);
  return shift % HOUR === 0 ? candidate : fullHourBySteps(at, zone);
}

function fullHourBySteps(at: number, zone: string): number {
  let candidate = Math.ceil(at / (15 * MINUTE)) * 15 * MINUTE;
  while (localMinutes(candidate, zone) % 60 !== 0) candidate += 15 * MINUTE;
  return candidate;
}

function localMinutes(at: number, zone: string): number {
  const local = at + offsetAt(at, zone);
  return (local - Math.floor(local / DAY) * DAY) / MINUTE;
}
