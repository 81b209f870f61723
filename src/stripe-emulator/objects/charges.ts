import {
  defineEndpoint,
  defineList,
  defineRetrieve,
  defineSearch,
  emit,
  findOr404,
  free,
  innerList,
  mergeMetadata,
  metadata,
  pathId,
  text,
  unsettable,
  type Kind,
  type StoredObject,
} from '../engine/index.ts';
import { bookLater, type Charge } from './charge.ts';

const update_spec = {
  description: unsettable(text()),
  metadata: metadata(),
  receipt_email: unsettable(text(512)),
  fraud_details: free(),
  shipping: free(),
  customer: text(255),
};

export const charges: Kind = {
  name: 'charge',
  prefix: 'ch',
  expandable: [
    'application',
    'application_fee',
    'balance_transaction',
    'customer',
    'failure_balance_transaction',
    'on_behalf_of',
    'payment_intent',
    'payment_method_details.card.mandate',
    'review',
    'source_transfer',
    'transfer',
  ],
  render: ({ world, scope }, { id }) => ({
    refunds: innerList(`/v1/charges/${id}/refunds`, world.by(scope, 'refund', 'charge', id)),
  }),
  tasks: { book_charge: bookLater },
  endpoints: [
    defineRetrieve('/v1/charges/:id', 'charge'),
    defineList('/v1/charges', 'charge', { customer: text(255), payment_intent: text(255) }),
    defineSearch('/v1/charges/search', 'charge', ['amount', 'currency', 'customer', 'payment_intent', 'status']),
    defineEndpoint('POST /v1/charges/:id', update_spec, (call, params): StoredObject => {
      const charge = findOr404(call, 'charge', pathId(call)) as Charge;
      const { description, receipt_email } = params;
      const after = call.world.patch(charge, {
        metadata: mergeMetadata(charge.metadata, params.metadata),
        ...(description === undefined ? {} : { description }),
        ...(receipt_email === undefined ? {} : { receipt_email }),
      });
      emit(call, 'charge.updated', after, { metadata: charge.metadata });
      return after;
    }),
  ],
};
