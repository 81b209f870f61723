import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offeredEvents, optedOutBy } from './preference.ts';

test('only those who manage the broker choose about events of the site', () => {
  const everybody = offeredEvents(false);
  const extra = offeredEvents(true).filter((event) => !everybody.includes(event));
  assert.deepEqual(extra, [
    'period_sales_report_created',
    'processor_setup_error',
    'user_activated',
    'user_contact',
    'user_registered',
  ]);
  assert.equal(everybody.length, 19);
});

test('mails of signing in are not offered', () => {
  for (const event of ['user_verification', 'user_reset_password', 'user_welcome', 'user_mfa_code']) {
    assert.ok(!offeredEvents(true).includes(event), event);
  }
});

test('what a list leaves out is opted out of; unknown names and the old ending are understood', () => {
  const offered = ['card_updated', 'charge_updated', 'order_executed'];
  assert.deepEqual(optedOutBy(offered, ['charge_updated_notice', 'order_executed', 'nothing']), ['card_updated']);
  assert.deepEqual(optedOutBy(offered, []), offered);
});
