import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TermState, termState } from './term-state.ts';

const at = new Date('2026-01-10T10:00:00Z');
const day = (count: number) => new Date(at.getTime() + count * 86_400_000);
const running = {
  grant_key: null,
  request_key: null,
  ends_at: day(30),
  auto_renew: true,
  trial_ends_at: null,
  paused_at: null,
  suspended_at: null,
};

const cases: [Partial<Parameters<typeof termState>[0]>, TermState][] = [
  [{}, 'active'],
  [{ ends_at: day(3) }, 'active'],
  [{ auto_renew: false }, 'not_renewing'],
  [{ auto_renew: false, ends_at: day(5) }, 'ends_soon'],
  [{ auto_renew: false, ends_at: new Date(day(5).getTime() + 1) }, 'not_renewing'],
  [{ ends_at: at }, 'ended'],
  [{ ends_at: at, paused_at: at }, 'ended'],
  [{ grant_key: 'a' }, 'granted'],
  [{ request_key: 'a' }, 'requested'],
  [{ paused_at: at }, 'paused'],
  [{ suspended_at: at }, 'locked'],
  [{ trial_ends_at: day(7), ends_at: day(7) }, 'trial'],
  [{ trial_ends_at: day(7), ends_at: day(7), auto_renew: false }, 'not_renewing'],
  [{ trial_ends_at: at }, 'active'],
];
for (const [given, state] of cases)
  test(`a subscription with ${JSON.stringify(given)} is ${state}`, () => {
    assert.equal(termState({ ...running, ...given }, at), state);
  });
