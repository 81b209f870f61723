import {
  choice,
  defineEndpoint,
  defineRetrieve,
  findOr404,
  integer,
  invalidRequest,
  list_params,
  mergeMetadata,
  metadata,
  missingObject,
  pageOf,
  pathId,
  required,
  span,
  text,
  type Call,
  type Kind,
} from '../engine/index.ts';
import { balanceOf } from '../objects/index.ts';
import { findOwnAccount } from './accounts.ts';
import { findBankAccounts } from './bank-account.ts';
import { advancePayout, advanceWhenDue, createPayout, mayReach, payOutDaily, type Payout } from './payout.ts';

/** Payouts of these currencies are whole units only. */
const WHOLE_UNITS = new Set(['huf', 'twd']);

const create = defineEndpoint(
  'POST /v1/payouts',
  {
    amount: required(integer(1)),
    currency: required(text(3)),
    description: text(),
    destination: text(255),
    metadata: metadata(),
    method: choice('standard', 'instant'),
    source_type: choice('bank_account', 'card', 'fpx'),
    statement_descriptor: text(22),
  },
  (call, params) => {
    const { amount, destination } = params;
    const currency = params.currency.toLowerCase();
    const account = findOwnAccount(call);
    if (!account.payouts_enabled)
      throw invalidRequest('payouts_not_allowed', 'Payouts are not enabled for this account.');
    if (WHOLE_UNITS.has(currency) && amount % 100 !== 0)
      throw invalidRequest('parameter_invalid_integer', `Payouts in ${currency} must be divisible by 100.`, 'amount');
    if (destination !== undefined && !findBankAccounts(call).some(({ id }) => id === destination))
      throw missingObject('external account', destination, 'destination');
    if (balanceOf(call, currency).available < amount) {
      const message =
        'You have insufficient funds in your Stripe account for this transfer. Your available balance is too low.';
      throw invalidRequest('balance_insufficient', message);
    }
    return createPayout(call, {
      amount,
      currency,
      description: params.description ?? null,
      ...(destination !== undefined && { destination }),
      metadata: mergeMetadata({}, params.metadata),
      method: params.method ?? 'standard',
      source_type: params.source_type ?? 'card',
      statement_descriptor: params.statement_descriptor ?? null,
    });
  },
);

const update = defineEndpoint('POST /v1/payouts/:id', { metadata: metadata() }, (call, params) => {
  const payout = findPayout(call);
  const before = payout['metadata'] as Record<string, string>; // createPayout
  return call.world.patch(payout, { metadata: mergeMetadata(before, params.metadata) });
});

const cancel = defineEndpoint('POST /v1/payouts/:id/cancel', {}, (call) => {
  const payout = findPayout(call);
  if (payout.automatic || !mayReach(payout.status, 'canceled'))
    throw invalidRequest(undefined, `Payouts can only be canceled while pending; this one is ${payout.status}.`);
  return advancePayout(call, payout, 'canceled');
});

const reverse = defineEndpoint('POST /v1/payouts/:id/reverse', { metadata: metadata() }, (call, params) => {
  const payout = findPayout(call);
  if (payout.status !== 'paid' || payout.reversed_by !== null || payout.amount < 0)
    throw invalidRequest(undefined, `This payout cannot be reversed: it is ${payout.status}.`);
  const reversal = createPayout(call, {
    amount: -payout.amount,
    currency: payout.currency,
    destination: payout.destination,
    metadata: mergeMetadata({}, params.metadata),
    original_payout: payout.id,
  });
  call.world.patch(payout, { reversed_by: reversal.id });
  return reversal;
});

const list = defineEndpoint(
  'GET /v1/payouts',
  {
    ...list_params,
    arrival_date: span,
    destination: text(255),
    status: choice('pending', 'in_transit', 'paid', 'failed', 'canceled'),
  },
  (call, params) => {
    const { arrival_date = {}, destination, status } = params;
    const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = arrival_date;
    const payouts = call.world.all(call.scope, 'payout') as Payout[]; // rows of createPayout
    const found = payouts.filter(
      (payout) =>
        (destination === undefined || payout.destination === destination) &&
        (status === undefined || payout.status === status) &&
        payout.arrival_date > gt &&
        payout.arrival_date >= gte &&
        payout.arrival_date < lt &&
        payout.arrival_date <= lte,
    );
    return pageOf(call, found, params);
  },
);

/** Payouts to the bank of an account. */
export const payout_kind: Kind = {
  name: 'payout',
  prefix: 'po',
  expandable: ['balance_transaction', 'destination', 'failure_balance_transaction', 'original_payout', 'reversed_by'],
  tasks: { advance_payout: advanceWhenDue, automatic_payout: payOutDaily },
  endpoints: [create, update, cancel, reverse, defineRetrieve('/v1/payouts/:id', 'payout'), list],
};

function findPayout(call: Call): Payout {
  return findOr404(call, 'payout', pathId(call)) as Payout; // rows of createPayout
}
