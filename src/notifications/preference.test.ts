import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offeredEvents, optedOutBy } from './preference.ts';

test('only managers of the broker can opt out of events of the site', () => {
  const everybody = offeredEvents(false);
  const extra = offeredEvents(true).filter((event) => !everybody.includes(event));
  assert.deepEqual(extra, [
    'payment_refused',
    'processor_key_refused',
    'processor_setup_error',
    'user_activated',
    'user_contact',
    'user_registered',
  ]);
  assert.equal(everybody.length, 42);
});

test('a user cannot opt out of messages of sign-in', () => {
  for (const event of ['user_verification', 'user_reset_password', 'user_welcome', 'user_mfa_code']) {
    assert.ok(!offeredEvents(true).includes(event), event);
  }
});

test('events that a list omits are opted out of; unknown names are ignored, and the ending _notice is accepted', () => {
  const offered = ['card_updated', 'charge_updated', 'order_executed'];
  assert.deepEqual(optedOutBy(offered, ['charge_updated_notice', 'order_executed', 'nothing']), ['card_updated']);
  assert.deepEqual(optedOutBy(offered, []), offered);
});
