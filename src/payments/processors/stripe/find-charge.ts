import type { Stripe } from 'stripe';
import type { AttemptRef, ChargeOutcome, Evidence } from '../processor.ts';
import { findCustomers } from '../customer-store.ts';
import type { FraudWarningReport } from '../dispute-evidence.ts';
import type { ChargeRef } from '../processor-refund.ts';
import { cancelIntent, retrieveIntent } from './cancel-intent.ts';
import { evidenceOf, readCharge } from './charge-facts.ts';
import { isMissing, isOver } from './declined-by.ts';
import { closeHostedPayment, findHostedPayment, type HostedAttempt } from './hosted-page.ts';
import { INTENT_PARTS, outcomeOfIntent, RETURNS_FEE } from './intent-outcome.ts';
import { acceptOfTerms } from './intents/named-intent.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import { STRIPE, type StripeNeeds } from './stripe-needs.ts';

/** Difference that the clocks of Tollgate and Stripe may have. */
const CLOCKS_APART_S = 300;

/** No call is made for an attempt later than this, so that a later payment of the customer is of another one. */
const KEPT_S = 86_400;

const PAGE = 100;

/**
 * Returns the outcome of an attempt; null if Stripe has no payment of it.
 *
 * A payment that the payer had to confirm and that was declined is canceled first: the payer's browser has its secret,
 * and must not confirm it after the order was refused. Rejects while it is not canceled. A payment that took another
 * amount than the order asks for is declined, with what it took.
 */
export async function findByKey(needs: StripeNeeds, attempt: AttemptRef): Promise<ChargeOutcome | null> {
  if (isHosted(attempt)) return findHostedPayment(needs, attempt);
  const intent = await findIntent(needs, attempt);
  if (intent === null) return null;
  const outcome = outcomeOfIntent(needs, intent, attempt.account);
  const isUnpaid = outcome === null || outcome.outcome === 'declined';
  const isConfirmable = outcome?.outcome === 'declined' && outcome.kind === 'authenticate';
  if (!isUnpaid || isOver(intent) || (attempt.intent_key === null && !isConfirmable))
    return outcome && acceptOfTerms(intent, attempt, outcome);
  const ended = await cancelIntent(needs, attempt.account, intent);
  const end = outcomeOfIntent(needs, ended, attempt.account);
  return end && acceptOfTerms(ended, attempt, end);
}

/** Cancels the payment of an attempt. The outcome is accepted if the payer was faster. */
export async function abandon(needs: StripeNeeds, attempt: AttemptRef): Promise<ChargeOutcome> {
  if (isHosted(attempt)) return closeHostedPayment(needs, attempt);
  const intent = await findIntent(needs, attempt);
  if (intent === null) throw new Error('the attempt has no payment to abandon');
  const ended = isOver(intent) ? intent : await cancelIntent(needs, attempt.account, intent);
  const outcome = outcomeOfIntent(needs, ended, attempt.account);
  if (outcome === null) throw new Error('the payment was not canceled');
  return acceptOfTerms(ended, attempt, outcome);
}

/** True if the payer enters the card on a page of Stripe. */
function isHosted(attempt: AttemptRef): attempt is HostedAttempt {
  return attempt.intent_key !== null && isStripeId(attempt.intent_key, 'checkout_session');
}

/**
 * Finds the payment of an attempt by its key in the metadata, among those of the customer. Never by search, which does
 * not show a payment of the last minute.
 */
async function findIntent(needs: StripeNeeds, attempt: AttemptRef): Promise<Stripe.PaymentIntent | null> {
  const { key, account, profile_id, intent_key, reserved_at } = attempt;
  if (intent_key !== null) return retrieveIntent(needs, intent_key, account);
  const made_s = Math.floor(reserved_at.getTime() / 1000);
  const created = { gte: made_s - CLOCKS_APART_S, lte: made_s + KEPT_S + CLOCKS_APART_S };
  const expand = INTENT_PARTS.map((part) => `data.${part}`);
  const found: Stripe.PaymentIntent[] = [];
  const customers = await findCustomers(needs.db, { profile_id, processor: STRIPE, account });
  for (const { customer_key: customer } of customers) {
    const params = { customer, created, limit: PAGE, expand };
    for await (const intent of needs.client.paymentIntents.list(params, callOptions(account))) {
      if (intent.metadata['tollgate_attempt'] === key) found.push(requireObject(intent, 'payment_intent'));
    }
  }
  const paid = found.filter(({ status }) => status === 'succeeded' || status === 'processing');
  if (paid.length > 1) {
    const intents = paid.map(({ id }) => id);
    needs.log.error({ intents }, 'two payments of one attempt took money: refund one of them at Stripe');
  }
  return paid[0] ?? found[0] ?? null;
}

/** Returns the state of a charge now, with its disputes; null if there is none. */
export async function retrieveEvidence(
  needs: StripeNeeds,
  { processor_key, account }: ChargeRef,
): Promise<Evidence | null> {
  if (!isStripeId(processor_key, 'charge')) return null;
  const { client, onUnknown } = needs;
  try {
    const expand = ['balance_transaction'];
    const charge = requireObject(
      await client.charges.retrieve(processor_key, { expand }, callOptions(account)),
      'charge',
    );
    const disputes: Stripe.Dispute[] = [];
    if (charge.disputed) {
      const params = { charge: processor_key, limit: PAGE };
      for await (const dispute of client.disputes.list(params, callOptions(account))) disputes.push(dispute);
    }
    return evidenceOf(readCharge(charge, disputes, { account, onUnknown }), RETURNS_FEE);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Returns the early fraud warnings of a charge, oldest first. */
export async function findFraudWarnings(
  { client }: StripeNeeds,
  { processor_key, account }: ChargeRef,
): Promise<FraudWarningReport[]> {
  const params = { charge: requireStripeId(processor_key, 'charge'), limit: PAGE };
  const reports: FraudWarningReport[] = [];
  for await (const warning of client.radar.earlyFraudWarnings.list(params, callOptions(account))) {
    const { id, fraud_type, actionable, created } = requireObject(warning, 'radar.early_fraud_warning');
    const warned_at = new Date(created * 1000);
    reports.push({ key: id, fraud_type: fraud_type.slice(0, 100), is_actionable: actionable, warned_at });
  }
  return reports.toReversed();
}
