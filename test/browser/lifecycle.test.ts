import { lifecycle } from '@plumbline/exceptions';
import { commandEventTypes, exceptionStatuses, type Exception } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { offersFor } from '../../apps/dashboard/src/exception/words.ts';
import { allowed, type Act } from '../../apps/dashboard/src/live/overlay.ts';

/** Schemas do not go to the browser, nor does the lifecycle table: this holds what the page knows of it to the table. */
describe('what the page offers', () => {
  const acts = (Object.keys(commandEventTypes) as (keyof typeof commandEventTypes)[]).filter((name): name is Act => name !== 'undo');

  it.each(exceptionStatuses)('from %s is what the lifecycle allows', (status) => {
    const legal = acts.filter((act) => lifecycle.some(({ action, from }) => `exception.${action}` === commandEventTypes[act] && from.includes(status)));
    expect(acts.filter((act) => allowed(act, { status } as Exception)).toSorted()).toEqual(legal.toSorted());
    expect(offersFor(status).map(({ act }) => act).toSorted()).toEqual(legal.toSorted());
  });
});
