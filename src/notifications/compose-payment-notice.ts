import { Temporal } from 'temporal-polyfill';
import { isTimeZone } from '#kernel/instant';
import type { periodSalesReportCreated } from '#metrics';
import {
  type CreditBesideCharge,
  type orderExecuted,
  type paymentLinkSent,
  type paymentLinkUnpaid,
  sumByLot,
} from '#billing';
import type {
  accountDisconnected,
  cardRemoved,
  cardUpdated,
  chargeUpdated,
  fraudWarned,
  inquiryOpened,
  paymentRefused,
  paymentReturned,
  payoutFailed,
  processorKeyRefused,
  processorKeysReplaced,
} from '#payments';
import { paths } from '#platform/http/paths';
import { profileName } from '#profiles';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

/** Lines of an order or a payment that a message lists; its link shows the others. */
const MAIL_LINES = 20;

/** Builds the confirmation of an order. With lines of several providers, replies go to the broker. */
export function composeOrderExecuted(found: Parties, payload: PayloadOf<typeof orderExecuted>): Notice | null {
  const profile = found.profile(payload.profile_id);
  if (!profile) return null;
  const [provider_id = null, ...others] = new Set(payload.lines.map((line) => line.provider_id));
  const provider = others.length === 0 ? found.profile(provider_id) : undefined;
  return makeNotice('order_executed', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: found.originator(payload.user_id),
    path: paths.home(),
    data: {
      invoiced_items: payload.lines
        .slice(0, MAIL_LINES)
        .map(({ description, amount, unit }) => lineOf(description, amount, unit)),
      more_count: Math.max(0, payload.lines.length - MAIL_LINES),
    },
  });
}

/** Builds the message with the link that pays an order. */
export function composePaymentLink(found: Parties, payload: PayloadOf<typeof paymentLinkSent>): Notice | null {
  const { amount, unit, lines, claim_code } = payload;
  const [profile, provider] = [found.profile(payload.profile_id), found.profile(payload.provider_id)];
  if (!profile || !provider) return null;
  return makeNotice('payment_link_sent', {
    parties: { profile, provider },
    originator: found.originator(payload.originated_by),
    path: paths.paymentLink(claim_code),
    data: { due: { amount, unit }, lines },
  });
}

/** Builds the reminder of an order whose payment link was mailed and is not paid. */
export function composePaymentLinkUnpaid(found: Parties, payload: PayloadOf<typeof paymentLinkUnpaid>): Notice | null {
  const { amount, unit, lines, claim_code, sent_at } = payload;
  const [profile, provider] = [found.profile(payload.profile_id), found.profile(payload.provider_id)];
  if (!profile || !provider) return null;
  return makeNotice('payment_link_unpaid', {
    parties: { profile, provider },
    path: paths.paymentLink(claim_code),
    data: { due: { amount, unit }, lines, sent_at },
  });
}

const mailedNews: readonly string[] = ['done', 'refunded', 'disputed', 'receipt_requested'];

/** Builds a receipt or the notice of a refund or a dispute; null for failed payments and for disputes that ended. */
export function composeChargeUpdated(found: Parties, payload: PayloadOf<typeof chargeUpdated>): Notice | null {
  const { charge_id, processor_key, created_at, amount, unit, description, state, last4, lines } = payload;
  const profile = found.profile(payload.profile_id);
  if (!profile || !mailedNews.includes(payload.news)) return null;
  const provider = found.profile(payload.provider_id);
  const refunded = lines.reduce((sum, line) => sum + line.refunded_amount, 0);
  const credit = found.creditOf(charge_id);
  const used = sumAmounts(credit);
  const only_credit = sumAmounts(credit.filter(({ charge_rank }) => charge_rank === null));
  return makeNotice('charge_updated', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: found.originator(payload.originated_by),
    path: paths.receipt(profile.slug, processor_key),
    data: {
      charge: { processor_key, created_at, amount, unit, description, state, last4 },
      more_count: Math.max(0, lines.length - MAIL_LINES),
      charge_items: lines.slice(0, MAIL_LINES).map((line, rank) => ({
        invoiced: lineOf(line.description, line.amount + sumAmounts(usesOn(credit, rank)), unit),
        refunded: line.refunded_amount > 0 ? [lineOf(line.description, line.refunded_amount, unit)] : [],
      })),
      credit_only: only_credit > 0 ? { amount: only_credit, unit } : null,
      lines_total: used > 0 ? { amount: amount + used, unit } : null,
      credit_used: sumByLot(credit),
      due: state === 'done' || state === 'disputed' ? { amount: 0, unit } : { amount, unit },
      charge_total: refunded > 0 ? { amount: amount - refunded, unit } : null,
      invoice_numbers: found.invoiceNumbers(charge_id),
    },
  });
}

function usesOn(credit: readonly CreditBesideCharge[], rank: number): CreditBesideCharge[] {
  return credit.filter(({ charge_rank }) => charge_rank === rank);
}

function sumAmounts(each: readonly { amount: number }[]): number {
  return each.reduce((sum, { amount }) => sum + amount, 0);
}

export function composeCardUpdated(found: Parties, payload: PayloadOf<typeof cardUpdated>): Notice | null {
  const profile = found.profile(payload.profile_id);
  if (!profile) return null;
  return makeNotice('card_updated', {
    parties: { profile },
    originator: found.originator(payload.originated_by),
    path: paths.card(profile.slug),
    data: { changes: payload.changes, by_issuer: payload.by_issuer ?? false },
  });
}

/** Builds the notice of a card that is gone at the processor; the button leads to the page that takes another. */
export function composeCardRemoved(found: Parties, payload: PayloadOf<typeof cardRemoved>): Notice | null {
  const profile = found.profile(payload.profile_id);
  if (!profile) return null;
  const { brand, last4, other_last4 } = payload;
  return makeNotice('card_removed', {
    parties: { profile },
    path: paths.card(profile.slug),
    data: { brand, last4, other_last4 },
  });
}

/** Builds the notice of a bank that asks about a payment, for its provider and the broker: one of them answers. */
export function composeInquiryOpened(found: Parties, payload: PayloadOf<typeof inquiryOpened>): Notice | null {
  const provider = found.profile(payload.provider_id);
  if (!provider) return null;
  const { charge_key, charged_at, amount, unit, due_at, is_owner } = payload;
  const customer = found.profile(payload.profile_id);
  return makeNotice('inquiry_opened', {
    parties: { provider },
    path: paths.sellerCharge(provider.slug, charge_key),
    data: {
      customer_name: customer ? profileName(customer) : '',
      charged_at,
      asked: amount === null ? null : { amount, unit },
      due_at,
      is_owner,
    },
  });
}

/** Builds the notice of a bank that warns of fraud, for the provider and the broker: one of them can refund in time. */
export function composeFraudWarned(found: Parties, payload: PayloadOf<typeof fraudWarned>): Notice | null {
  const provider = found.profile(payload.provider_id);
  if (!provider) return null;
  const { charge_key, charged_at, amount, unit, is_owner } = payload;
  const customer = found.profile(payload.profile_id);
  return makeNotice('fraud_warned', {
    parties: { provider },
    path: paths.sellerCharge(provider.slug, charge_key),
    data: {
      customer_name: customer ? profileName(customer) : '',
      charged_at,
      warned: amount === null ? null : { amount, unit },
      is_owner,
    },
  });
}

/** Builds the notice of a payout that did not reach the bank, for the provider. */
export function composePayoutFailed(found: Parties, payload: PayloadOf<typeof payoutFailed>): Notice | null {
  const provider = found.profile(payload.provider_id);
  if (!provider) return null;
  const { amount, unit, is_returned, detail } = payload;
  return makeNotice('payout_failed', {
    parties: { provider },
    path: paths.bank(provider.slug),
    data: { amount: Math.abs(amount), unit, is_debit: amount < 0, is_returned, reason: detail },
  });
}

/** Builds the notice of a payment that goes back; of a deleted payer it reaches the broker only. */
export function composePaymentReturned(found: Parties, payload: PayloadOf<typeof paymentReturned>): Notice {
  const { amount, unit, charge_key, taken_at } = payload;
  const profile = found.profile(payload.profile_id) ?? found.broker;
  return makeNotice('payment_returned', {
    parties: { profile },
    path: paths.history(profile.slug),
    data: { amount, unit, charge_key, taken_at },
  });
}

/** Builds the notice of payments that the processor refuses for a reason of the site, for the broker. */
export function composePaymentRefused(found: Parties, payload: PayloadOf<typeof paymentRefused>): Notice {
  const { processor, account, reason, profile_id, amount, unit } = payload;
  const payer = found.profile(profile_id);
  return makeNotice('payment_refused', {
    path: paths.bank(found.broker.slug),
    data: {
      processor,
      account,
      reason,
      payer_name: payer ? profileName(payer) : '',
      asked: amount === null || unit === null ? null : { amount, unit },
    },
  });
}

/** Builds the notice of a key that the payment processor refuses, for the broker. */
export function composeProcessorKeyRefused(
  found: Parties,
  { processor }: PayloadOf<typeof processorKeyRefused>,
): Notice {
  return makeNotice('processor_key_refused', { path: paths.bank(found.broker.slug), data: { processor } });
}

/** Builds the notice of new keys of the payment processor, for every manager of the broker, its author included. */
export function composeProcessorKeysReplaced(found: Parties, payload: PayloadOf<typeof processorKeysReplaced>): Notice {
  const { processor, account, former_account, replaced_at } = payload;
  return makeNotice('processor_keys_replaced', {
    originator: found.originator(payload.originated_by),
    path: paths.bank(found.broker.slug),
    data: { processor, account, former_account, replaced_at },
  });
}

/** Builds the notice of an account at the payment processor that is no longer connected. */
export function composeAccountDisconnected(
  found: Parties,
  { provider_id, account }: PayloadOf<typeof accountDisconnected>,
): Notice | null {
  const provider = found.profile(provider_id);
  if (!provider) return null;
  return makeNotice('account_disconnected', {
    parties: { provider },
    path: paths.bank(provider.slug),
    data: { account },
  });
}

/** A line for templates, with the members of a transaction. */
function lineOf(description: string, dest_amount: number, dest_unit: string) {
  return { description, dest_amount, dest_unit };
}

/** Builds the weekly report of a provider. */
export function composeSalesReport(found: Parties, payload: PayloadOf<typeof periodSalesReportCreated>): Notice | null {
  const provider = found.profile(payload.provider_id);
  if (!provider) return null;
  const { starts_at, ends_at, timezone, unit, rows, people } = payload;
  // The week ends at midnight: its last day is the one before.
  const last_day = localDay(Date.parse(ends_at) - 1, timezone);
  return makeNotice('period_sales_report_created', {
    parties: { provider },
    path: paths.dashboard(provider.slug),
    data: { first_day: localDay(Date.parse(starts_at), timezone), last_day, unit, rows, people },
  });
}

/** Returns the day of an instant in a zone, as YYYY-MM-DD. */
function localDay(instant_ms: number, timezone: string): string {
  const zone = isTimeZone(timezone) ? timezone : 'UTC';
  return Temporal.Instant.fromEpochMilliseconds(instant_ms).toZonedDateTimeISO(zone).toPlainDate().toString();
}
