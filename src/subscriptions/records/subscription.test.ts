import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { isGrantActiveImmediately } from '../policy.ts';
import { extendEnd, isActive, refuseEnd, type Subscription } from './subscription.ts';

const at = new Date('2026-03-10T15:00:00Z');
const running: Subscription = {
  id: 1 as SubscriptionId,
  profile_id: 1 as ProfileId,
  plan_id: 1 as PlanId,
  created_at: new Date('2026-01-31T10:00:00Z'),
  anchor_at: new Date('2026-01-31T10:00:00Z'),
  ends_at: new Date('2026-03-31T10:00:00Z'),
  auto_renew: true,
  description: null,
  extra: null,
  grant_key: null,
  request_key: null,
  replaces_id: null,
  quantity: 1,
  trial_ends_at: null,
  cancelled_at: null,
  paused_at: null,
  resumes_at: null,
  suspended_at: null,
};

test('a subscription is active from its beginning (inclusive) to its end (exclusive) once both sides agreed', () => {
  const cases: [Partial<Subscription>, Date, boolean][] = [
    [{}, at, true],
    [{}, running.created_at, true],
    [{}, new Date(running.created_at.getTime() - 1), false],
    [{}, new Date(running.ends_at.getTime() - 1), true],
    [{}, running.ends_at, false],
    [{ grant_key: 'a' }, at, false],
    [{ request_key: 'a' }, at, false],
  ];
  for (const [fields, when, active] of cases) assert.equal(isActive({ ...running, ...fields }, when), active);
});

test('an extension keeps the day of the month on which the subscription began', () => {
  assert.equal(extendEnd(running, 1, 'monthly').toISOString(), '2026-04-30T10:00:00.000Z');
  assert.equal(extendEnd(running, 2, 'monthly').toISOString(), '2026-05-31T10:00:00.000Z');
});

test('a subscriber can only shorten a subscription; a provider can set any end', () => {
  const cases: [string, 'subscriber' | 'provider', boolean][] = [
    ['2026-03-20T00:00:00Z', 'subscriber', true],
    [at.toISOString(), 'subscriber', true],
    [running.ends_at.toISOString(), 'subscriber', true],
    ['2026-03-31T10:00:01Z', 'subscriber', false],
    ['2026-03-10T14:59:59Z', 'subscriber', false],
    ['2031-01-01T00:00:00Z', 'provider', true],
    ['2026-03-01T00:00:00Z', 'provider', true],
    ['2026-01-01T00:00:00Z', 'provider', false],
  ];
  for (const [ends_at, who, allowed] of cases) {
    const refusal = refuseEnd(running, new Date(ends_at), { at, may_extend: who === 'provider' });
    assert.equal(refusal === null, allowed, `${who} ${ends_at}`);
  }
});

test('a grant is active immediately only for a customer and only if the plan allows it', () => {
  const plan = { skip_optin_on_grant: true };
  const customer = { is_customer: true, is_waiting_profile: false };
  assert.ok(isGrantActiveImmediately(plan, customer));
  assert.ok(!isGrantActiveImmediately(plan, { ...customer, is_customer: false }));
  assert.ok(!isGrantActiveImmediately(plan, { ...customer, is_waiting_profile: true }));
  assert.ok(!isGrantActiveImmediately({ skip_optin_on_grant: false }, customer));
});
