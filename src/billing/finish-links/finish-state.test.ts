import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FinishFacts, finishState } from './finish-state.ts';

const now = new Date('2026-02-10T10:00:00Z');
const later = new Date('2026-02-16T10:00:00Z');
const open = { state: 'retrying', closed_at: null, ends_at: later, frozen_at: null } as FinishFacts['dunning_case'];
const closed = { ...open, closed_at: now };
const nothing = { due: undefined, attempt: undefined, charge: undefined };
const due = { ...nothing, due: { amount: 9000 } };

// oxfmt-ignore
const cases: [name: string, facts: FinishFacts, state: ReturnType<typeof finishState>][] = [
  ['an open case', { ...due, dunning_case: open }, 'due'],
  ['an open case without an end', { ...due, dunning_case: { ...open, ends_at: null } }, 'due'],
  ['an open case without a debt', { ...nothing, dunning_case: open }, 'paid'],
  ['a debt that is too small to be charged', { ...due, due: { amount: 49 }, dunning_case: open }, 'paid'],
  ['the end of the grace', { ...due, dunning_case: { ...open, ends_at: now } }, 'expired'],
  ['a disputed payment after the end', { ...due, dunning_case: { ...open, ends_at: now, frozen_at: now } }, 'due'],
  ['a suspended case', { ...due, dunning_case: { ...open, state: 'suspended' } }, 'expired'],
  ['a recovered case', { ...nothing, dunning_case: { ...closed, state: 'recovered' } }, 'paid'],
  ['a case that a cancellation closed', { ...due, dunning_case: { ...closed, state: 'closed' } }, 'expired'],
  ['an ended case', { ...due, dunning_case: { ...closed, state: 'ended' } }, 'expired'],
  ['a payment at the bank after the end', { ...due, dunning_case: { ...open, ends_at: now }, attempt: { state: 'awaiting_action' } }, 'waiting'],
  ['a payment that is being made', { ...due, dunning_case: open, attempt: { state: 'reserved' } }, 'waiting'],
  ['a payment that was declined', { ...due, dunning_case: open, attempt: { state: 'declined' } }, 'due'],
  ['a payment that is decided later', { ...due, dunning_case: open, attempt: { state: 'settled' }, charge: { state: 'created' } }, 'pending'],
  ['a payment that is done', { ...nothing, dunning_case: { ...closed, state: 'recovered' }, attempt: { state: 'settled' }, charge: { state: 'done' } }, 'paid'],
];

test('a link shows what it can do', () => {
  for (const [name, facts, state] of cases) assert.equal(finishState(facts, now), state, name);
});
