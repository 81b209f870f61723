import { boolean, choice, free, hash, integer, metadata, text, unsettable } from '../engine/index.ts';
import { external_account } from './bank-account.ts';

const capability = hash({ requested: boolean() });

const business_profile = hash({
  mcc: unsettable(text(4)),
  name: unsettable(text(200)),
  product_description: unsettable(text()),
  support_address: free(),
  support_email: unsettable(text(320)),
  support_phone: unsettable(text(40)),
  support_url: unsettable(text(2_000)),
  url: unsettable(text(2_000)),
});

const settings = hash({
  branding: free(),
  card_payments: hash({ statement_descriptor_prefix: unsettable(text(10)) }),
  payments: hash({ statement_descriptor: unsettable(text(22)) }),
  payouts: hash({
    debit_negative_balances: boolean(),
    schedule: hash({ interval: choice('manual', 'daily'), delay_days: integer(2, 31) }),
    statement_descriptor: unsettable(text(22)),
  }),
});

/** Parameters of `POST /v1/accounts/:id`. */
export const update_params = {
  business_profile,
  business_type: choice('company', 'individual', 'non_profit', 'government_entity'),
  capabilities: hash({ card_payments: capability, transfers: capability }),
  company: free(),
  default_currency: text(3),
  email: text(320),
  external_account,
  individual: free(),
  metadata: metadata(),
  settings,
  tos_acceptance: free(),
};

/** Parameters of `POST /v1/accounts`. */
export const create_params = {
  ...update_params,
  type: choice('standard', 'express', 'custom'),
  country: text(2),
  controller: hash({
    fees: hash({ payer: choice('account', 'application') }),
    losses: hash({ payments: choice('stripe', 'application') }),
    requirement_collection: choice('stripe', 'application'),
    stripe_dashboard: hash({ type: choice('full', 'express', 'none') }),
  }),
};
