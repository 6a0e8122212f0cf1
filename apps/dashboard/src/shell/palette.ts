import type { Exception } from '@plumbline/contracts';
import { act, commands, undo } from '#live/commands.svelte.ts';
import { isClosed } from '#live/merge.ts';
import type { Act } from '#live/overlay.ts';
import { theme } from '#ui/theme.svelte.ts';
import { pages } from './pages.ts';
import { panels } from './panels.svelte.ts';

/** What the palette offers for what is typed. */
export interface Offer {
  id: string;
  label: string;
  hint?: string;
  shortcut?: string;
  run: () => void;
}
export interface OfferGroup {
  title: string;
  items: readonly Offer[];
}
export interface Around {
  demo: boolean;
  exceptions: readonly Exception[];
  places: readonly { code: string; name: string; region: string }[];
  /** Exceptions that an action would be about. */
  subjects: readonly string[];
}

const MOST = 8;
const acts: readonly [Act, string, string][] = [
  ['acknowledge', 'Acknowledge', 'a'],
  ['assign', 'Assign', 'o'],
  ['start', 'Start work on', 'w'],
  ['snooze', 'Snooze', 's'],
  ['resolve', 'Resolve', 'r'],
  ['dismiss', 'Dismiss', 'd'],
  ['comment', 'Comment on', 'c'],
];

/** @returns groups that have something, each a few offers long, the best first */
export function offers(text: string, around: Around, go: (href: string) => void): OfferGroup[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (...texts: string[]): boolean => {
    const all = texts.join(' ').toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const some = <T>(title: string, all: readonly T[], asks: (one: T) => readonly string[], make: (one: T) => Offer): OfferGroup => ({
    title,
    items: all.filter((one) => fits(...asks(one))).slice(0, MOST).map(make),
  });
  const groups = [
    some('On the selection', around.subjects.length > 0 ? acts : [], ([, label]) => [label], ([kind, label, key]) => ({
      id: `act ${kind}`,
      label: `${label} ${around.subjects.length === 1 ? around.subjects[0] : `${around.subjects.length} exceptions`}`,
      shortcut: key,
      run: () => act(kind, around.subjects),
    })),
    some('Pages', pages.filter(({ demo }) => !demo || around.demo), ({ title }) => [title, 'go to page'], ({ href, title, key }) => ({
      id: `page ${href}`,
      label: title,
      shortcut: `g ${key}`,
      run: () => go(href),
    })),
    exceptionOffers(words, around, go),
    placeOffers(words, around, some, go),
    some('This page', own(), ({ label }) => [label, 'theme settings'], (offer) => offer),
  ];
  return groups.filter(({ items }) => items.length > 0);
}

function exceptionOffers(words: readonly string[], { exceptions }: Around, go: (href: string) => void): OfferGroup {
  const found: Exception[] = [];
  for (const exception of exceptions) {
    if (isClosed(exception)) continue;
    const all = `${exception.id} ${exception.headline} ${Object.values(exception.scope).join(' ')}`.toLowerCase();
    if (words.every((word) => all.includes(word))) found.push(exception);
  }
  found.sort((one, other) => other.priority - one.priority);
  return {
    title: 'Exceptions',
    items: found.slice(0, words.length === 0 ? 3 : MOST).map(({ id, headline }) => ({
      id: `exception ${id}`,
      label: headline,
      hint: id,
      run: () => go(`/exceptions/${encodeURIComponent(id)}`),
    })),
  };
}

/** Places and families to filter the queue by; only what is typed is worth offering. */
function placeOffers(
  words: readonly string[],
  { places, exceptions }: Around,
  some: <T>(title: string, all: readonly T[], asks: (one: T) => readonly string[], make: (one: T) => Offer) => OfferGroup,
  go: (href: string) => void,
): OfferGroup {
  if (words.length === 0) return { title: 'Filter the queue', items: [] };
  const unique = (values: (string | undefined)[]): string[] => [...new Set(values)].filter((value): value is string => value !== undefined);
  const regions = unique([...places.map(({ region }) => region), ...exceptions.map(({ scope }) => scope.region)]);
  const families = unique(exceptions.map(({ scope }) => scope.family));
  const all = [
    ...regions.map((region) => ({ facet: 'region', value: region, label: region })),
    ...families.map((family) => ({ facet: 'family', value: family, label: family })),
    ...places.map(({ code, name }) => ({ facet: 'location', value: code, label: name })),
  ];
  return some('Filter the queue', all, ({ label, value, facet }) => [label, value, facet], ({ facet, value, label }) => ({
    id: `filter ${facet} ${value}`,
    label,
    hint: facet,
    run: () => go(`/?${new URLSearchParams({ [facet]: value })}`),
  }));
}

const own = (): Offer[] => [
  { id: 'undo', label: 'Undo the last action', shortcut: 'u', run: undo },
  { id: 'help', label: 'Shortcuts and glossary', shortcut: '?', run: () => void (panels.help = true) },
  { id: 'name', label: 'Change my name', run: () => commands.askName() },
  { id: 'light', label: 'Light theme', run: () => theme.choose('light') },
  { id: 'dark', label: 'Dark theme', run: () => theme.choose('dark') },
  { id: 'system', label: 'Theme of the system', run: () => theme.choose('system') },
];
