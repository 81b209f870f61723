import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeclineKind } from '../processor.ts';
import { classify } from './classify.ts';

const failure = (decline_code: string, { code = 'card_declined', advice_code = '' } = {}) => ({
  code,
  decline_code,
  advice_code,
});

// Each class of docs.stripe.com/declines/codes with its effect on dunning.
const classes: Readonly<Record<DeclineKind, string>> = {
  authenticate: 'authentication_required offline_pin_required online_or_offline_pin_required',
  retry:
    'insufficient_funds processing_error try_again_later issuer_not_available reenter_transaction approve_with_id ' +
    'generic_decline do_not_honor call_issuer no_action_taken duplicate_transaction card_velocity_exceeded ' +
    'withdrawal_count_limit_exceeded not_permitted service_not_allowed transaction_not_allowed security_violation ' +
    'invalid_amount a_code_of_next_year',
  new_card:
    'expired_card incorrect_number invalid_number incorrect_cvc invalid_cvc invalid_expiry_month invalid_expiry_year ' +
    'incorrect_zip incorrect_address card_not_supported currency_not_supported invalid_account ' +
    'new_account_information_available restricted_card pin_try_exceeded testmode_decline test_mode_live_card ' +
    'token_unusable token_foreign',
  stop:
    'lost_card stolen_card pickup_card fraudulent merchant_blacklist do_not_try_again revocation_of_authorization ' +
    'revocation_of_all_authorizations stop_payment_order',
  refused: 'amount_too_small amount_too_large account_invalid application_fees_not_allowed',
};

test('S47: each decline code has its effect on the next attempt', () => {
  for (const [kind, codes] of Object.entries(classes)) {
    for (const code of codes.split(' ')) {
      const declined = classify(failure(code));
      assert.equal(declined.kind, kind, code);
      assert(declined.detail.endsWith('.'), code);
    }
  }
});

test('S21: a card that is reported lost, stolen or fraudulent is declined with the generic code and sentence', () => {
  const generic = {
    outcome: 'declined',
    kind: 'stop',
    code: 'card_declined',
    detail: 'Your card was declined. Use another card.',
  };
  for (const code of classes.stop.split(' ')) {
    for (const advice_code of ['', 'try_again_later', 'do_not_try_again']) {
      assert.deepEqual(classify(failure(code, { advice_code })), generic, code);
    }
  }
});

test('the advice of the network wins over the code', () => {
  const cases: [advice_code: string, kind: DeclineKind][] = [
    ['do_not_try_again', 'stop'],
    ['try_again_later', 'retry'],
    ['confirm_card_data', 'new_card'],
    ['an_advice_of_next_year', 'retry'],
    ['', 'retry'],
  ];
  for (const [advice_code, kind] of cases) assert.equal(classify(failure('do_not_honor', { advice_code })).kind, kind);
});

test('without a decline code the error code decides, and an unknown value is reported', () => {
  assert.deepEqual(classify(failure('', { code: 'expired_card' })), {
    outcome: 'declined',
    kind: 'new_card',
    code: 'expired_card',
    detail: 'Your card was declined: it has expired.',
  });
  const unknown: string[] = [];
  classify(failure('a_code_of_next_year'), (value) => unknown.push(value));
  classify(failure('', { code: '' }), (value) => unknown.push(value));
  classify(failure('lost_card'), (value) => unknown.push(value));
  assert.deepEqual(unknown, ['a_code_of_next_year', '']);
  assert.equal(classify(failure('', { code: '' })).code, 'card_declined');
});
