import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountView } from './account-view.ts';

const account = { charges_enabled: true, payouts_enabled: true, details_submitted: true, requirements: {} };
const missing = ['external_account'];

test('the state of an account follows what it can do and what it owes', () => {
  const stateOf = (more: Partial<typeof account>) => accountView({ ...account, ...more }, 'Cowork').state;
  const off = { charges_enabled: false, payouts_enabled: false };
  assert.equal(stateOf({}), 'ready');
  assert.equal(stateOf({ ...off, details_submitted: false }), 'details_missing');
  assert.equal(stateOf({ ...off, requirements: { currently_due: missing } }), 'restricted');
  assert.equal(stateOf({ ...off, requirements: { currently_due: [], pending: ['document'] } }), 'in_review');
  assert.equal(stateOf({ payouts_enabled: false }), 'payouts_off');
});

test('a restricted account names the reason, who holds the money, and what is missing', () => {
  const requirements = { currently_due: missing, disabled_reason: 'requirements.past_due', deadline: null };
  const { text, due, action_label } = accountView({ ...account, charges_enabled: false, requirements }, 'Cowork');
  assert.match(text, /requirements\.past_due.*charged by Cowork/);
  assert.deepEqual([due, action_label], [missing, 'Resolve it at the processor']);
});
