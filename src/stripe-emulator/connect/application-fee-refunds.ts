import {
  defineEndpoint,
  findOr404,
  integer,
  invalidRequest,
  list_params,
  mergeMetadata,
  metadata,
  missingObject,
  pageOf,
  pathId,
  type Call,
  type Kind,
  type StoredObject,
} from '../engine/index.ts';
import { returnApplicationFee, type ApplicationFee } from '../objects/index.ts';

const create = defineEndpoint(
  'POST /v1/application_fees/:id/refunds',
  { amount: integer(1), metadata: metadata() },
  (call, params) => {
    const fee = findFee(call);
    const rest = fee.amount - fee.amount_refunded;
    if (rest === 0)
      throw invalidRequest('application_fee_already_refunded', `Application fee ${fee.id} has already been refunded.`);
    const amount = params.amount ?? rest;
    if (amount > rest) {
      const message = `Refund amount (${amount}) is greater than unrefunded amount on fee (${rest}).`;
      throw invalidRequest(undefined, message, 'amount');
    }
    return returnApplicationFee(call, fee, amount, mergeMetadata({}, params.metadata));
  },
);

const retrieve = defineEndpoint('GET /v1/application_fees/:id/refunds/:refund', {}, findRefund);

const update = defineEndpoint(
  'POST /v1/application_fees/:id/refunds/:refund',
  { metadata: metadata() },
  (call, params) => {
    const refund = findRefund(call);
    const before = refund['metadata'] as Record<string, string>; // returnApplicationFee
    return call.world.patch(refund, { metadata: mergeMetadata(before, params.metadata) });
  },
);

const list = defineEndpoint('GET /v1/application_fees/:id/refunds', list_params, (call, params) =>
  pageOf(call, call.world.by(call.scope, 'fee_refund', 'fee', findFee(call).id), params),
);

/** Refunds of the platform's share of a direct charge. */
export const fee_refund_kind: Kind = {
  name: 'fee_refund',
  prefix: 'fr',
  expandable: ['balance_transaction', 'fee'],
  endpoints: [create, retrieve, update, list],
};

function findFee(call: Call): ApplicationFee {
  return findOr404(call, 'application_fee', pathId(call)) as ApplicationFee; // rows of createApplicationFee
}

function findRefund(call: Call): StoredObject {
  const id = pathId(call, 'refund');
  const refund = findOr404(call, 'fee_refund', id);
  if (refund['fee'] !== pathId(call)) throw missingObject('fee_refund', id);
  return refund;
}
