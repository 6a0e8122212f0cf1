import { exceptionStatuses, type ExceptionCommand } from '@plumbline/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAction, applyCommand, isLive, lifecycle, raised, type LifecycleState } from './lifecycle.ts';

const types = [
  'exception.acknowledged',
  'exception.assigned',
  'exception.started',
  'exception.snoozed',
  'exception.resolved',
  'exception.dismissed',
  'exception.commented',
  'exception.reopened',
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
          expect(state.status).toBe(rule.to === 'same' ? before.status : rule.to);
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
