import type { Exception, InjectBody, InjectedCauseBody, Scope } from '@plumbline/contracts';
import { duration } from '#format/times.ts';

export type CauseName = InjectBody['cause'];

export interface CauseWords {
  title: string;
  what: string;
  /** Members of the target it takes: what can be chosen. */
  target: readonly (keyof Scope)[];
}

export const causeWords: Record<CauseName, CauseWords> = {
  'family-surge': { title: 'Family surge', what: 'A product family sells almost twice its plan in one region.', target: ['family', 'region'] },
  'region-drop': { title: 'Region drop', what: 'A whole region sells two fifths under plan.', target: ['region'] },
  'store-silence': { title: 'Store falls silent', what: 'A store’s tills stop sending for six hours.', target: ['location'] },
  'off-shelf': { title: 'Product off the shelf', what: 'A well-selling product is missing in one store.', target: ['sku', 'location'] },
  'price-mistake': { title: 'Price mistake', what: 'A product is priced at a tenth; people notice.', target: ['sku'] },
  drift: { title: 'Slow drift', what: 'A family’s demand creeps up by a third over four days.', target: ['family'] },
};

/** Event seconds a second, as people choose them. */
export const rates: readonly { rate: number; label: string }[] = [
  { rate: 1, label: 'real time' },
  { rate: 60, label: '1 min a second' },
  { rate: 300, label: '5 min a second' },
  { rate: 1200, label: '20 min a second' },
  { rate: 3600, label: '1 h a second' },
];

/** The exception that a cause became: of the kind, at the place, raised while it lasted or soon after. */
export function foundFor(cause: InjectedCauseBody, exceptions: Iterable<Exception>): Exception | undefined {
  const { kind, scope } = cause.expected;
  let found: Exception | undefined;
  for (const exception of exceptions) {
    if (exception.kind !== kind || exception.raisedAt < cause.from) continue;
    if (!Object.entries(scope).every(([member, code]) => exception.scope[member as keyof Scope] === code)) continue;
    if (!found || exception.raisedAt < found.raisedAt) found = exception;
  }
  return found;
}

export type Standing = 'to come' | 'under way' | 'found' | 'over';

export function standingOf(cause: InjectedCauseBody, found: Exception | undefined, now: number): { standing: Standing; line: string } {
  const [from, to] = [Date.parse(cause.from), Date.parse(cause.to)];
  if (found) return { standing: 'found', line: `found after ${duration(Date.parse(found.raisedAt) - from)}${found.status === 'cleared' ? ', cleared since' : ''}` };
  if (now < from) return { standing: 'to come', line: `begins in ${duration(from - now)}` };
  if (now < to) return { standing: 'under way', line: `under way for ${duration(now - from)}, not found yet` };
  return { standing: 'over', line: 'over, not found' };
}

export const placeWords = ({ sku, family, location, region }: Scope): string => [sku, family, location, region].filter(Boolean).join(' · ') || 'everywhere';
