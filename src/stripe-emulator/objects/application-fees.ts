import { defineList, defineRetrieve, innerList, text, type Kind } from '../engine/index.ts';

export const application_fees: Kind = {
  name: 'application_fee',
  prefix: 'fee',
  expandable: ['account', 'balance_transaction', 'charge', 'originating_transaction'],
  render: ({ world, scope }, { id }) => ({
    refunds: innerList(`/v1/application_fees/${id}/refunds`, world.by(scope, 'fee_refund', 'fee', id)),
  }),
  endpoints: [
    defineRetrieve('/v1/application_fees/:id', 'application_fee'),
    defineList('/v1/application_fees', 'application_fee', { charge: text(255) }),
  ],
};
