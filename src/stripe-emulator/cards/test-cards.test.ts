import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brandOf, isLuhnValid } from './card-entry.ts';
import { decideAttach, decideCharge, type CardOutcome, type ChargeManner } from './card-outcome.ts';
import { findCardByNumber, findMagicBankAccount, findMagicCard, test_cards } from './test-cards.ts';

const on_session: ChargeManner = {
  off_session: false,
  is_set_up: false,
  is_authenticated: false,
  is_three_d_secure_requested: false,
};

function written(outcome: CardOutcome): string {
  if (outcome.kind !== 'declined') return outcome.kind;
  const { code, decline_code = '', advice_code = '' } = outcome.decline;
  return [outcome.is_blocked ? 'blocked' : code, decline_code, advice_code].filter(Boolean).join(' ');
}

const insufficient = 'card_declined insufficient_funds try_again_later';
const must_authenticate = 'authentication_required authentication_required';
/** number, permanent id, charge on session, after authentication, off session, off session once set up, saving */
// oxfmt-ignore
const cases: [string, string, string, string, string, string, string][] = [
  ['4242424242424242', 'pm_card_visa', 'paid', 'paid', 'paid', 'paid', 'paid'],
  ['5555555555554444', 'tok_mastercard', 'paid', 'paid', 'paid', 'paid', 'paid'],
  ['4000000000000077', 'pm_card_bypassPending', 'paid', 'paid', 'paid', 'paid', 'paid'],
  ['4000000000000002', 'pm_card_visa_chargeDeclined', ...many('card_declined generic_decline')],
  ['4000000000000002', 'pm_card_chargeDeclined', ...many('card_declined generic_decline')],
  ['4000000000009995', 'tok_chargeDeclinedInsufficientFunds', ...many(insufficient)],
  ['4000000000009987', 'pm_card_chargeDeclinedLostCard', ...many('card_declined lost_card do_not_try_again')],
  ['4000000000009979', 'pm_card_chargeDeclinedStolenCard', ...many('card_declined stolen_card do_not_try_again')],
  ['4000000000000069', 'pm_card_chargeDeclinedExpiredCard', ...many('expired_card')],
  ['4000000000000127', 'pm_card_chargeDeclinedIncorrectCvc', ...many('incorrect_cvc')],
  ['4000000000000119', 'pm_card_chargeDeclinedProcessingError', ...many('processing_error')],
  ['4000000000006975', 'pm_card_chargeDeclinedVelocityLimitExceeded', ...many('card_declined card_velocity_exceeded')],
  ['4000000000000341', 'pm_card_chargeCustomerFail', ...many('card_declined generic_decline', 4), 'paid'],
  ['4100000000000019', 'pm_card_radarBlock', ...many('blocked fraudulent', 4), 'paid'],
  ['4000000000004954', 'pm_card_riskLevelHighest', ...many('blocked fraudulent', 4), 'paid'],
  ['4000000000009235', 'pm_card_riskLevelElevated', ...many('paid')],
  ['4000002500003155', 'pm_card_authenticationRequiredOnSetup', 'asks', 'paid', must_authenticate, 'paid', 'asks'],
  ['4000002760003184', 'pm_card_authenticationRequired', 'asks', 'paid', must_authenticate, must_authenticate, 'asks'],
  ['4000003800000446', 'pm_card_authenticationRequiredSetupForOffSession', 'asks', 'paid', 'paid', 'paid', 'paid'],
  ['4000008260003178', 'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds', 'asks', ...many(insufficient, 3), 'asks'],
  ['4000000000003220', 'pm_card_threeDSecure2Required', 'asks', 'paid', must_authenticate, must_authenticate, 'asks'],
  ['4000000000003055', 'pm_card_threeDSecureOptional', 'paid', 'paid', 'paid', 'paid', 'paid'],
  ['4000008400001629', 'pm_card_threeDSecureRequiredChargeDeclined', 'asks', 'card_declined generic_decline', must_authenticate, must_authenticate, 'asks'],
  ['4000008400001280', 'pm_card_threeDSecureRequiredProcessingError', ...many('processing_error')],
  ['4000000000000259', 'pm_card_createDispute', ...many('paid')],
  ['4000000000007726', 'pm_card_pendingRefund', ...many('paid')],
];

for (const [number, id, ...outcomes] of cases) {
  test(`${id} has the outcomes of the table`, () => {
    const card = findMagicCard(id);
    assert.ok(card);
    assert.equal(findCardByNumber(number), card);
    const charges = [
      on_session,
      { ...on_session, is_authenticated: true },
      { ...on_session, off_session: true },
      { ...on_session, off_session: true, is_set_up: true },
    ].map((manner) => written(decideCharge(card, manner)));
    assert.deepEqual([...charges, written(decideAttach(card, false))], outcomes);
  });
}

test('a card that asks when requested asks on session only, and none asks after authentication', () => {
  const optional = findCardByNumber('4000000000003055');
  assert.ok(optional);
  const requested = { ...on_session, is_three_d_secure_requested: true };
  assert.equal(decideCharge(optional, requested).kind, 'asks');
  assert.equal(decideCharge(optional, { ...requested, off_session: true }).kind, 'paid');
  for (const card of test_cards) {
    assert.notEqual(decideCharge(card, { ...requested, is_authenticated: true }).kind, 'asks', card.key);
    assert.notEqual(decideAttach(card, true).kind, 'asks', card.key);
  }
});

test('every row of the table has a valid number of its brand, and no key, number or name occurs in two rows', () => {
  const all = test_cards.flatMap(({ key, number, names }) => [`key ${key}`, number, ...names]);
  assert.equal(new Set(all).size, all.length);
  for (const { number, brand = 'visa', key } of test_cards) {
    assert.ok(isLuhnValid(number), key);
    assert.equal(brandOf(number), brand, key);
  }
});

test('only permanent ids are magic', () => {
  assert.equal(findMagicBankAccount('pm_usBankAccount_success')?.outcome, 'paid');
  for (const id of ['pm_card_', 'pm_card_toString', 'pm_visa', 'pm_card_visa ', 'tok_', '4242424242424242', '']) {
    assert.equal(findMagicCard(id), undefined, id);
    assert.equal(findMagicBankAccount(id), undefined, id);
  }
});

function many(outcome: string): [string, string, string, string, string];
function many(outcome: string, count: 3): [string, string, string];
function many(outcome: string, count: 4): [string, string, string, string];
function many(outcome: string, count = 5): string[] {
  return Array.from({ length: count }, () => outcome);
}
