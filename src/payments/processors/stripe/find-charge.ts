import type { Stripe } from 'stripe';
import type { AttemptRef, ChargeOutcome, Evidence } from '../processor.ts';
import type { ChargeRef } from '../processor-refund.ts';
import { evidenceOf, readCharge } from './charge-facts.ts';
import { findCustomers } from './customer-store.ts';
import { isMissing, withoutBody } from './declined-by.ts';
import { INTENT_PARTS, outcomeOfIntent, RETURNS_FEE } from './intent-outcome.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

/** Difference that the clocks of Tollgate and Stripe may have. */
const CLOCKS_APART_S = 300;

const PAGE = 100;

/**
 * Returns the outcome of an attempt; null if Stripe has no payment of it.
 *
 * A payment that the payer had to confirm and that was declined is canceled first: the payer's browser has its secret,
 * and must not confirm it after the order was refused. Rejects while it is not canceled.
 */
export async function findByKey(needs: StripeNeeds, attempt: AttemptRef): Promise<ChargeOutcome | null> {
  const intent = await findIntent(needs, attempt);
  if (intent === null) return null;
  const outcome = outcomeOfIntent(needs, intent, attempt.account);
  const isUnpaid = outcome === null || outcome.outcome === 'declined';
  if (attempt.intent_key === null || !isUnpaid || isOver(intent)) return outcome;
  return outcomeOfIntent(needs, await cancelIntent(needs, attempt, intent), attempt.account);
}

/** Cancels the payment of an attempt. The outcome is accepted if the payer was faster. */
export async function abandon(needs: StripeNeeds, attempt: AttemptRef): Promise<ChargeOutcome> {
  const intent = await findIntent(needs, attempt);
  if (intent === null) throw new Error('the attempt has no payment to abandon');
  const ended = isOver(intent) ? intent : await cancelIntent(needs, attempt, intent);
  const outcome = outcomeOfIntent(needs, ended, attempt.account);
  if (outcome === null) throw new Error('the payment was not canceled');
  return outcome;
}

/** True if the payer can no longer confirm a payment. */
function isOver({ status }: Stripe.PaymentIntent): boolean {
  return status === 'canceled' || status === 'succeeded' || status === 'processing';
}

/**
 * Cancels a payment, and returns it as it is afterwards: paid, if the payer was faster. Rejects if the payer could
 * still confirm it.
 *
 * No key of the attempt: Stripe would repeat a stored 500 for a day, and a repeated cancel has no effect anyway.
 */
async function cancelIntent(
  needs: StripeNeeds,
  { account }: AttemptRef,
  { id }: Stripe.PaymentIntent,
): Promise<Stripe.PaymentIntent> {
  try {
    await needs.client.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' }, callOptions(account));
  } catch (error) {
    needs.log.info({ err: withoutBody(error), intent_key: id }, 'payment not canceled');
  }
  const ended = await retrieveIntent(needs, id, account);
  if (!isOver(ended)) throw new Error('the payment was not canceled: the outcome is unknown');
  return ended;
}

async function retrieveIntent({ client }: StripeNeeds, id: string, account: string): Promise<Stripe.PaymentIntent> {
  const intent = await client.paymentIntents.retrieve(
    requireStripeId(id, 'intent'),
    { expand: INTENT_PARTS },
    callOptions(account),
  );
  return requireObject(intent, 'payment_intent');
}

/**
 * Finds the payment of an attempt by its key in the metadata, among those of the customer. Never by search, which does
 * not show a payment of the last minute.
 */
async function findIntent(needs: StripeNeeds, attempt: AttemptRef): Promise<Stripe.PaymentIntent | null> {
  const { key, account, profile_id, intent_key, created_at } = attempt;
  if (intent_key !== null) return retrieveIntent(needs, intent_key, account);
  const created = { gte: Math.floor(created_at.getTime() / 1000) - CLOCKS_APART_S };
  const expand = INTENT_PARTS.map((part) => `data.${part}`);
  const found: Stripe.PaymentIntent[] = [];
  for (const { customer_key: customer } of await findCustomers(needs.db, profile_id, account)) {
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
    return evidenceOf(readCharge(charge, disputes, onUnknown), RETURNS_FEE);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
