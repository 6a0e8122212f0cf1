/** Local time of an IANA zone by the platform's own tables, so that no calendar library is loaded for an axis. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${zone}`;
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options })));
  return known;
}

/** Offset from UTC in milliseconds at an instant; east is positive. @throws RangeError for an unknown zone */
export function offsetAt(at: number, zone: string): number {
  const parts = format(zone, 'offset', { timeZoneName: 'longOffset' }).formatToParts(at);
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const match = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(text);
  if (!match) return 0;
  const size = Number(match[2]) * HOUR + Number(match[3]) * MINUTE + Number(match[4] ?? 0) * 1000;
  return match[1] === '-' ? -size : size;
}

/** The first instant of the local day an instant falls in. */
export function dayStart(at: number, zone: string): number {
  const midnight = Math.floor((at + offsetAt(at, zone)) / DAY) * DAY;
  // The offset at midnight may differ from the one at `at`: twice round settles it, but for a gap at midnight itself.
  let start = midnight - offsetAt(midnight - offsetAt(at, zone), zone);
  while (Math.floor((start + offsetAt(start, zone)) / DAY) * DAY < midnight) start += 15 * MINUTE;
  return start;
}

/** The first instant of the next local day: 23, 24 or 25 hours after this one's, mostly. */
export const nextDayStart = (at: number, zone: string): number => dayStart(dayStart(at, zone) + 30 * HOUR, zone);

/** 14:32 */
export const clockOf = (at: number, zone: string): string =>
  format(zone, 'clock', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);

/** Mon 23 */
export const dayOf = (at: number, zone: string): string =>
  format(zone, 'day', { weekday: 'short', day: 'numeric' }).format(at).replace(',', '');

/** 23 Nov */
export const dateOf = (at: number, zone: string): string =>
  format(zone, 'date', { day: 'numeric', month: 'short' }).format(at);
