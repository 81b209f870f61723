import type { ChargeId, OrderId, PayoutId } from '#platform/db/db-schema';
import {
  composeAccountDisconnected,
  composeCardRemoved,
  composeCardUpdated,
  composeChargeUpdated,
  composeFraudWarned,
  composeInquiryOpened,
  composeOrderExecuted,
  composePaymentRefused,
  composePaymentReturned,
  composePayoutFailed,
  composeProcessorKeyRefused,
  composeProcessorKeysReplaced,
  composePaymentLink,
  composePaymentLinkUnpaid,
  composeSalesReport,
} from '../compose-payment-notice.ts';
import type { Notice } from '../notice.ts';
import type { Parties } from '../parties.ts';
import { ids } from './sample-parties.ts';

const user_id = ids.user;
const originated_by = ids.user;
const unpaid = {
  profile_id: ids.customer,
  provider_id: ids.provider,
  claim_code: '0123456789abcdef'.repeat(3).slice(0, 40),
  amount: 5900,
  unit: 'usd',
  lines: ['Open Space, 1 month'],
  originated_by: null,
};

/** The notices of sample orders, payments, cards and payouts, like `sample_notices`. */
export const payment_notices: Readonly<Record<string, (found: Parties) => Notice | null>> = {
  order_executed: (found) =>
    composeOrderExecuted(found, {
      order_id: 1 as OrderId, // a sample
      profile_id: ids.customer,
      user_id,
      processor_key: 'ch_XAb124EF',
      lines: [{ provider_id: ids.provider, description: 'Open Space, 1 month', amount: 5900, unit: 'usd' }],
    }),
  charge_updated: (found) =>
    composeChargeUpdated(found, {
      charge_id: 1 as ChargeId, // a sample
      processor_key: 'ch_XAb124EF',
      profile_id: ids.customer,
      provider_id: ids.provider,
      news: 'done',
      state: 'done',
      created_at: '2026-03-05T10:00:00.000Z',
      amount: 5900,
      unit: 'usd',
      description: 'Open Space, 1 month',
      last4: '1234',
      lines: [{ description: 'Open Space, 1 month', amount: 5900, refunded_amount: 0 }],
      originated_by,
    }),
  fraud_warned: (found) =>
    composeFraudWarned(found, {
      charge_id: 1 as ChargeId, // a sample
      charge_key: 'ch_XAb124EF',
      charged_at: '2026-03-05T10:00:00.000Z',
      warning_key: 'issfr_1CoworkClub',
      fraud_type: 'made_with_stolen_card',
      profile_id: ids.customer,
      provider_id: ids.provider,
      amount: 5900,
      unit: 'usd',
      is_owner: true,
    }),
  inquiry_opened: (found) =>
    composeInquiryOpened(found, {
      charge_id: 1 as ChargeId, // a sample
      charge_key: 'ch_XAb124EF',
      charged_at: '2026-03-05T10:00:00.000Z',
      dispute_key: 'du_XAb124EF',
      profile_id: ids.customer,
      provider_id: ids.provider,
      amount: 5900,
      unit: 'usd',
      reason: 'fraudulent',
      due_at: '2026-03-19T22:59:59.000Z',
      is_owner: true,
    }),
  card_updated: (found) =>
    composeCardUpdated(found, {
      profile_id: ids.customer,
      changes: { last4: { pre: '1234', post: '4242' }, exp_date: { pre: '2026-12-01', post: '2029-05-01' } },
      originated_by,
    }),
  card_removed: (found) =>
    composeCardRemoved(found, { profile_id: ids.customer, brand: 'visa', last4: '4242', other_last4: null }),
  period_sales_report_created: (found) =>
    composeSalesReport(found, {
      provider_id: ids.provider,
      starts_at: '2026-03-02T08:00:00.000Z',
      ends_at: '2026-03-09T07:00:00.000Z',
      timezone: 'America/Los_Angeles',
      unit: 'usd',
      rows: [
        { title: 'Total revenue', value: 120_000, is_money: true, previous: 125, last_year: null },
        { title: 'Customers', value: 41, is_money: false, previous: -24, last_year: null },
      ],
      people: { users_count: 3, profiles_count: 2, names: ['Xia Lee', 'Acme Incorporated'] },
    }),
  payment_returned: (found) =>
    composePaymentReturned(found, {
      profile_id: ids.customer,
      charge_key: 'ch_XAb124EF',
      amount: 2000,
      unit: 'usd',
      taken_at: '2026-03-10T15:00:00.000Z',
    }),
  payout_failed: (found) =>
    composePayoutFailed(found, {
      payout_id: 1 as PayoutId, // a sample
      provider_id: ids.provider,
      amount: 120_000,
      unit: 'usd',
      is_returned: true,
      detail: 'The bank returned the payout.',
    }),
  payment_link_sent: (found) => composePaymentLink(found, { ...unpaid, originated_by }),
  payment_link_unpaid: (found) => composePaymentLinkUnpaid(found, { ...unpaid, sent_at: '2026-02-26T10:00:00.000Z' }),
  payment_refused: (found) =>
    composePaymentRefused(found, {
      processor: 'stripe',
      account: '',
      reason: 'capability_not_active',
      profile_id: ids.customer,
      amount: 5900,
      unit: 'usd',
      originated_by: null,
    }),
  processor_key_refused: (found) => composeProcessorKeyRefused(found, { processor: 'stripe', originated_by: null }),
  processor_keys_replaced: (found) =>
    composeProcessorKeysReplaced(found, {
      processor: 'stripe',
      account: 'acct_1Cowork',
      former_account: 'acct_1Cowork',
      replaced_at: '2026-03-05T10:00:00.000Z',
      originated_by,
    }),
  account_disconnected: (found) =>
    composeAccountDisconnected(found, { provider_id: ids.provider, processor: 'stripe', account: 'acct_1CoworkClub' }),
};
