/** Instants as the screen shows them: the location's local time, with the zone where it is not the viewer's. */
const locale = 'en-GB';
export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) formats.set(key, (known = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })));
  return known;
}

/** 14:32 */
export const clock = (at: string | number | Date, zone = viewerZone): string =>
  format(zone, { hour: '2-digit', minute: '2-digit' }).format(new Date(at));

/** Tue 24 Nov */
export const day = (at: string | number | Date, zone = viewerZone): string =>
  format(zone, { weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(at)).replace(',', '');

/** Tue 24 Nov 14:32 */
export const dayAndClock = (at: string | number | Date, zone = viewerZone): string => `${day(at, zone)} ${clock(at, zone)}`;

/** CET; "" where it is the viewer's own zone. */
export function zoneLabel(at: string | number | Date, zone: string): string {
  if (zone === viewerZone) return '';
  return zoneName(at, zone);
}

/** CET, UTC, GMT+1 */
export const zoneName = (at: string | number | Date, zone: string): string =>
  format(zone, { timeZoneName: 'short' }).formatToParts(new Date(at)).find((part) => part.type === 'timeZoneName')?.value ?? zone;

/** 12 s, 4 min, 4 h 48 m, 3 d 2 h: how long something has lasted. @param ms milliseconds */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** Clock time on the day itself, else day and clock: "09:40", "Mon 23 Nov 09:40". @param now event time */
export function since(at: string, now: string | number, zone = viewerZone): string {
  return day(at, zone) === day(now, zone) ? clock(at, zone) : dayAndClock(at, zone);
}
