import {
  assertExclusive,
  boolean,
  choice,
  defineEndpoint,
  defineList,
  defineRetrieve,
  emit,
  findOr404,
  free,
  integer,
  invalidRequest,
  list_params,
  mergeMetadata,
  metadata,
  missingObject,
  pageOf,
  pathId,
  text,
  unsettable,
  type Call,
  type Kind,
  type StoredObject,
  type Values,
} from '../engine/index.ts';
import { returnApplicationFee, type ApplicationFee } from './application-fee.ts';
import type { Charge } from './charge.ts';
import type { Dispute } from './dispute.ts';
import type { PaymentIntent } from './payment-intent.ts';
import { createRefund, finishRefund, moveRefund, retryRefunds, unrefunded, type Refund } from './refund.ts';

const create_spec = {
  charge: text(255),
  payment_intent: text(255),
  amount: integer(1),
  reason: unsettable(choice('duplicate', 'fraudulent', 'requested_by_customer')),
  metadata: metadata(),
  refund_application_fee: boolean(),
  reverse_transfer: boolean(),
  instructions_email: text(512),
  currency: text(3),
  origin: free(),
};

const refund_update = { metadata: metadata() };

function refundCharge(call: Call, params: Values<typeof create_spec>): StoredObject {
  const charge = chargeOf(call, params);
  const rest = unrefunded(call, charge);
  const amount = params.amount ?? rest;
  assertRefundable(call, charge, amount, rest);
  const refund = createRefund(call, charge, {
    amount,
    reason: params.reason ?? null,
    metadata: mergeMetadata({}, params.metadata),
  });
  if (params.refund_application_fee === true) returnShare(call, charge, amount);
  return refund;
}

function chargeOf(call: Call, params: Values<typeof create_spec>): Charge {
  assertExclusive(params, 'charge', 'payment_intent');
  const { charge, payment_intent } = params;
  if (charge !== undefined) return findOr404(call, 'charge', charge, 'charge') as Charge;
  if (payment_intent === undefined)
    throw invalidRequest(
      'parameter_missing',
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  const intent = findOr404(call, 'payment_intent', payment_intent, 'payment_intent') as PaymentIntent;
  const latest = call.world.get(call.scope, 'charge', intent.latest_charge ?? '');
  if (!latest || intent.amount_received === 0)
    throw invalidRequest(
      undefined,
      `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      'payment_intent',
    );
  return latest as Charge;
}

function assertRefundable(call: Call, charge: Charge, amount: number, rest: number): void {
  if (!charge.captured)
    throw invalidRequest(
      undefined,
      `Charge ${charge.id} has not been captured, or failed: it cannot be refunded.`,
      'charge',
    );
  if (rest === 0)
    throw invalidRequest('charge_already_refunded', `Charge ${charge.id} has already been refunded.`, 'charge');
  const disputes = call.world.by(call.scope, 'dispute', 'charge', charge.id) as Dispute[]; // by kind
  if (disputes.some(({ balance_transactions, status }) => balance_transactions.length > 0 && status !== 'won'))
    throw invalidRequest(
      'charge_disputed',
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      'charge',
    );
  if (amount > rest)
    throw invalidRequest(
      undefined,
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${rest}).`,
      'amount',
    );
}

/** Returns the proportional part of the application fee. */
function returnShare(call: Call, charge: Charge, amount: number): void {
  const id = charge['application_fee'];
  const fee = (typeof id === 'string' ? call.world.row(id)?.value : undefined) as ApplicationFee | undefined;
  if (!fee) return;
  const share = Math.min(fee.amount - fee.amount_refunded, Math.floor((fee.amount * amount) / charge.amount_captured));
  if (share > 0) returnApplicationFee(call, fee, share, {});
}

function updateRefund(call: Call, params: Values<typeof refund_update>): StoredObject {
  const refund = findOr404(call, 'refund', pathId(call)) as Refund;
  const after = call.world.patch(refund, { metadata: mergeMetadata(refund.metadata, params.metadata) });
  emit(call, 'refund.updated', after, { metadata: refund.metadata });
  return after;
}

function cancelRefund(call: Call): StoredObject {
  const refund = findOr404(call, 'refund', pathId(call)) as Refund;
  if (refund.status !== 'requires_action')
    throw invalidRequest(undefined, `Refund ${refund.id} has the status ${refund.status} and cannot be canceled.`);
  return moveRefund(call, refund, 'canceled');
}

export const refunds: Kind = {
  name: 'refund',
  prefix: 're',
  expandable: [
    'balance_transaction',
    'charge',
    'customer',
    'failure_balance_transaction',
    'payment_intent',
    'payment_method',
    'source_transfer_reversal',
    'transfer_reversal',
  ],
  tasks: { finish_refund: finishRefund, retry_refunds: retryRefunds },
  endpoints: [
    defineEndpoint('POST /v1/refunds', create_spec, refundCharge),
    defineEndpoint('POST /v1/refunds/:id', refund_update, updateRefund),
    defineEndpoint('POST /v1/refunds/:id/cancel', {}, cancelRefund),
    defineRetrieve('/v1/refunds/:id', 'refund'),
    defineList('/v1/refunds', 'refund', { charge: text(255), payment_intent: text(255) }),
    defineEndpoint('GET /v1/charges/:id/refunds', list_params, (call, params) => {
      const charge = call.world.get(call.scope, 'charge', pathId(call));
      if (!charge) throw missingObject('charge', pathId(call));
      return pageOf(call, call.world.by(call.scope, 'refund', 'charge', charge.id), params);
    }),
  ],
};
