import { exceptionStatuses, type ExceptionCommand } from '@plumbline/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAction, applyCommand, isLive, lifecycle, raised, UNDO_MS, type LifecycleState } from './lifecycle.ts';

const types = [
  'exception.acknowledged',
  'exception.assigned',
  'exception.started',
  'exception.snoozed',
  'exception.resolved',
  'exception.dismissed',
  'exception.commented',
  'exception.reopened',
  'exception.undone',
] as const;

const command = (change: Partial<ExceptionCommand>): ExceptionCommand => ({
  type: 'exception.acknowledged',
  id: 'c-1',
  exceptionId: 'X-1',
  by: 'ana',
  at: 1000,
  ...change,
});

const commands = fc.record({
  type: fc.constantFrom(...types),
  id: fc.nat(40).map((n) => `c-${n}`),
  exceptionId: fc.constant('X-1'),
  by: fc.constantFrom('ana', 'ben'),
  at: fc.nat(1000),
  owner: fc.constantFrom('ana', 'ben', ''),
  until: fc.nat(2000),
  reason: fc.constantFrom('promotion', ''),
  undoes: fc.nat(40).map((n) => `c-${n}`),
});
const steps = fc.oneof(commands, fc.constantFrom('woken', 'cleared', 'joined', 'reopened') as fc.Arbitrary<'woken'>);

const apply = (state: LifecycleState, step: ExceptionCommand | 'woken') =>
  typeof step === 'string' ? applyAction(state, step) : applyCommand(state, step);

describe('the lifecycle', () => {
  it('never leaves its table, whatever people and the tower do', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (path) => {
        let { state } = raised();
        for (const step of path) {
          const before = state;
          const outcome = apply(state, step);
          if ('refused' in outcome) continue;
          state = outcome.state;
          const rule = lifecycle.find((r) => r.action === outcome.step.action)!;
          expect(rule.from).toContain(before.status);
          expect(state.status).toBe(rule.to === 'same' ? before.status : rule.to === 'before' ? before.last!.before.status : rule.to);
          expect(outcome.step).toMatchObject({ from: before.status, to: state.status, sequence: before.sequence + 1 });
          expect(state.snoozedUntil === null || isLive(state.status)).toBe(true);
          if (state.status === 'dismissed') expect(state.reason).toBeTruthy();
        }
      }),
    );
  });

  it('applies a command once, however often it comes', () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 30 }), (path) => {
        const run = (list: readonly ExceptionCommand[]) =>
          list.reduce((state, step) => {
            const outcome = applyCommand(state, step);
            return 'refused' in outcome ? state : outcome.state;
          }, raised().state);
        const once = path.filter((step, i) => path.findIndex((other) => other.id === step.id) === i);
        expect(run(once.flatMap((step) => [step, step, step]))).toEqual(run(once));
      }),
    );
  });

  const lived = fc.array(steps, { maxLength: 30 }).map((path) =>
    path.reduce((state, step) => {
      const outcome = apply(state, step);
      return 'refused' in outcome ? state : outcome.state;
    }, raised().state),
  );
  const standing = ({ status, owner, snoozedUntil, reason, reopened }: LifecycleState) => ({ status, owner, snoozedUntil, reason, reopened });
  const take = (state: LifecycleState, change: Partial<ExceptionCommand>) => applyCommand(state, command({ at: 3000, ...change }));

  it('takes the last command back: all but its number and the commands applied is as it was', () => {
    let undone = 0;
    fc.assert(
      fc.property(lived, commands, fc.array(fc.constant('exception.commented' as const), { maxLength: 2 }), (state, said, comments) => {
        const outcome = take(state, { ...said, id: 'said', at: 1000 });
        if ('refused' in outcome || said.type === 'exception.commented' || said.type === 'exception.undone') return;
        let after = outcome.state;
        comments.forEach((type, i) => {
          const commented = take(after, { type, id: `note-${i}` });
          if ('state' in commented) after = commented.state;
        });
        const back = take(after, { type: 'exception.undone', id: 'undo', undoes: 'said', at: 1000 + UNDO_MS });
        if ('refused' in back) throw new Error(back.refused.message);
        undone++;
        expect(standing(back.state)).toEqual(standing(state));
        expect(back.step).toMatchObject({ action: 'undone', from: after.status, to: state.status, by: 'ana', sequence: after.sequence + 1, eventId: 'undo' });
        expect(take(back.state, { type: 'exception.undone', id: 'again', undoes: 'said' })).toMatchObject({ refused: { code: 'not-the-last' } });
        expect(take(back.state, { type: 'exception.undone', id: 'undo', undoes: 'said' })).toMatchObject({ refused: { code: 'repeated' } });
      }),
      { numRuns: 500 },
    );
    expect(undone).toBeGreaterThan(50);
  });

  it('takes nothing back that came before something else, was a comment, or is too old', () => {
    const go = (state: LifecycleState, change: Partial<ExceptionCommand>): LifecycleState => {
      const outcome = take(state, change);
      if ('refused' in outcome) throw new Error(outcome.refused.message);
      return outcome.state;
    };
    const undo = (change: Partial<ExceptionCommand> = {}): Partial<ExceptionCommand> => ({ type: 'exception.undone', id: 'u', undoes: 'c-1', ...change });
    const seen = go(raised().state, {});
    expect(take(go(seen, { id: 'c-2', type: 'exception.started' }), undo())).toMatchObject({ refused: { code: 'not-the-last' } });
    const cleared = applyAction(seen, 'cleared');
    if ('refused' in cleared) throw new Error('refused');
    expect(take(cleared.state, undo())).toMatchObject({ refused: { code: 'not-the-last' } });
    expect(take(go(raised().state, { type: 'exception.commented' }), undo())).toMatchObject({ refused: { code: 'not-the-last' } });
    expect(take(seen, undo({ at: 3000 + UNDO_MS }))).toHaveProperty('state');
    expect(take(seen, undo({ at: 3001 + UNDO_MS }))).toMatchObject({ refused: { code: 'too-late' } });
    const walled = go(raised().state, { saidAt: 50 });
    expect(take(walled, undo({ at: 1e9, saidAt: 60 }))).toHaveProperty('state');
    expect(take(walled, undo({ at: 3000, saidAt: 51 + UNDO_MS }))).toMatchObject({ refused: { code: 'too-late' } });
  });

  it('has one rule an action and a way into every status', () => {
    expect(new Set(lifecycle.map((rule) => rule.action)).size).toBe(lifecycle.length);
    const reached = new Set(['open', ...lifecycle.map((rule) => rule.to)]);
    for (const status of exceptionStatuses) expect(reached).toContain(status);
  });

  it('says why it refuses', () => {
    const { state } = raised();
    expect(applyCommand(state, command({ type: 'exception.dismissed' }))).toMatchObject({
      refused: { code: 'reason-missing' },
    });
    expect(applyCommand(state, command({ type: 'exception.assigned' }))).toMatchObject({
      refused: { code: 'owner-missing' },
    });
    expect(applyCommand(state, command({ type: 'exception.snoozed', until: 900 }))).toMatchObject({
      refused: { code: 'until-not-later' },
    });
    expect(applyCommand(state, command({ type: 'exception.reopened' }))).toEqual({
      refused: { code: 'not-from-here', message: 'An exception that is open cannot be reopened' },
    });
  });

  it('keeps owner, reason and snooze', () => {
    let { state } = raised();
    const go = (change: Partial<ExceptionCommand>): void => {
      const outcome = applyCommand(state, command({ ...change, id: `c-${state.sequence}` }));
      if ('refused' in outcome) throw new Error(outcome.refused.message);
      state = outcome.state;
    };
    go({ type: 'exception.assigned', owner: 'ben' });
    go({ type: 'exception.snoozed', until: 5000 });
    expect(state).toMatchObject({ status: 'open', owner: 'ben', snoozedUntil: 5000 });
    go({ type: 'exception.dismissed', reason: 'planned promotion' });
    expect(state).toMatchObject({ status: 'dismissed', reason: 'planned promotion', snoozedUntil: null });
    go({ type: 'exception.reopened' });
    expect(state).toMatchObject({ status: 'open', reason: null, reopened: 1, sequence: 5 });
  });
});
