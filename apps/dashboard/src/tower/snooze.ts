/** Instants at which a snoozed exception comes back, in the calendar of its location and in event time. */
const HOUR = 3_600_000;

export interface Local {
  year: number;
  /** 1–12 */
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let known = formats.get(zone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, known);
  }
  return known;
}

/** The clock of a zone at an instant. @param at milliseconds UTC */
export function localOf(at: number, zone: string): Local {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return { year: parts.year!, month: parts.month!, day: parts.day!, hour: parts.hour!, minute: parts.minute! };
}

const asUtc = ({ year, month, day, hour, minute }: Local): number => Date.UTC(year, month - 1, day, hour, minute);

/**
 * The instant at which a zone's clock shows this time. Days and hours beyond their range carry over. Where the clock
 * jumps over it, the instant as long after the jump; where it shows it twice, the first.
 */
export function instantOf(local: Local, zone: string): number {
  const wanted = asUtc(local);
  const offsets = [wanted - 24 * HOUR, wanted + 24 * HOUR].map((at) => asUtc(localOf(at, zone)) - Math.floor(at / 60_000) * 60_000);
  const candidates = offsets.map((offset) => wanted - offset).sort((one, other) => one - other);
  return candidates.find((at) => asUtc(localOf(at, zone)) === wanted) ?? candidates.at(-1)!;
}

export interface Choice {
  label: string;
  /** Milliseconds UTC. */
  at: number;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * An hour, the end of the business day (midnight where it is), tomorrow morning, Monday morning: each once, ascending.
 * @param now event time, milliseconds UTC
 */
export function snoozeChoices(now: number, zone: string): Choice[] {
  const local = localOf(now, zone);
  const at = (days: number, hour: number): number => instantOf({ ...local, day: local.day + days, hour, minute: 0 }, zone);
  const weekday = new Date(asUtc(local)).getUTCDay();
  const toMonday = ((8 - weekday) % 7) || 7;
  const choices: Choice[] = [
    { label: 'For an hour', at: Math.ceil((now + HOUR) / 60_000) * 60_000 },
    { label: 'To the end of the business day', at: at(1, 0) },
    { label: 'Tomorrow 08:00', at: at(1, 8) },
  ];
  if (toMonday > 1) choices.push({ label: `${WEEKDAYS[1]} 08:00`, at: at(toMonday, 8) });
  return choices.sort((one, other) => one.at - other.at);
}

/** What an `<input type="datetime-local">` holds: 2026-11-24T08:00, on the zone's clock. */
export function toField(at: number, zone: string): string {
  const { year, month, day, hour, minute } = localOf(at, zone);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

/** @returns undefined where the field is empty or holds no time */
export function fromField(text: string, zone: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number];
  return instantOf({ year, month, day, hour, minute }, zone);
}
