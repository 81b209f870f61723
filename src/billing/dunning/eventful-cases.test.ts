import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '#catalog';
import type { DunningCaseId, ProfileId } from '#platform/db/db-schema';
import type { Subscription } from '#subscriptions';
import type { DunningCase } from './dunning-case.ts';
import { type CaseOutlook, isEventful } from './eventful-cases.ts';

const NOON = new Date('2026-02-12T12:00:00Z');
const later = new Date('2026-02-20T10:00:00Z');
const earlier = new Date('2026-02-12T10:00:00Z');
const place = { profile_id: 7 as ProfileId, provider_id: 8 as ProfileId, unit: 'usd' };

const open = {
  ...place,
  id: 1 as DunningCaseId,
  state: 'retrying',
  began_at: new Date('2026-02-09T10:00:00Z'),
  ends_at: later,
  next_attempt_at: later,
  frozen_at: null,
  terms: { access: 'keep', access_days: 0, end: 'cancel', retry_days: [1, 3], grace_days: 7 },
} as unknown as DunningCase; // the columns that a review looks at

function outlook(given: Partial<CaseOutlook> = {}, subscription: Partial<Subscription> = {}): CaseOutlook {
  const running = { trial_ends_at: null, paused_at: null, suspended_at: null, ...subscription } as Subscription; // the columns that count
  const balance = { ...place, amount: 9000, subscriptions: [{ subscription: running, plan: {} as Plan }] };
  return { is_active: true, balance, is_disputed: false, ...given };
}

const changed: [what: string, open: Partial<DunningCase>, given: CaseOutlook, at?: Date][] = [
  ['nothing is due', {}, outlook({ balance: undefined })],
  ['less than the least charge is due', {}, outlook({ balance: { ...place, amount: 49, subscriptions: [] } })],
  ['the payer was archived', {}, outlook({ is_active: false })],
  ['a dispute began', {}, outlook({ is_disputed: true })],
  ['a dispute ended', { frozen_at: earlier }, outlook()],
  ['an attempt is due', { next_attempt_at: earlier }, outlook()],
  ['the grace is over', { ends_at: NOON }, outlook()],
  ['access ends', { terms: { ...open.terms, access: 'none' } }, outlook()],
  ['the first period after a trial is due', {}, outlook({}, { trial_ends_at: earlier })],
  ['a day begins', {}, outlook(), new Date('2026-02-13T00:00:00Z')],
];

test('a case is reviewed when its balance, a dispute or the time changes it', () => {
  for (const [what, fields, given, at = NOON] of changed)
    assert.equal(isEventful({ ...open, ...fields }, given, at), true, what);
});

test('a case that waits is not reviewed', () => {
  assert.equal(isEventful(open, outlook(), NOON), false);
  assert.equal(isEventful({ ...open, frozen_at: earlier }, outlook({ is_disputed: true }), NOON), false);
});
