import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paymentsProblems } from '#payments';
import { bankPageOf } from './card-form.ts';

test('every payment that waits for its payer leads to the page of the bank, also one that is confirmed elsewhere', () => {
  const places = { back_url: '/billing/ada/checkout/', finish_url: '/billing/cart/finish/' };
  const bank_url = 'https://bank.example.com/confirm';
  for (const [error, expected] of [
    [
      paymentsProblems.action_required({ members: { redirect_url: bank_url } }),
      { bank_url, ...places, is_hosted: false, is_order: true },
    ],
    [
      paymentsProblems.action_required({ members: { redirect_url: null } }),
      { bank_url: null, ...places, is_hosted: false, is_order: true },
    ],
    [paymentsProblems.card_declined(), null],
    [new Error('a bug'), null],
  ] as const)
    assert.deepEqual(bankPageOf(error, places), expected);
});
