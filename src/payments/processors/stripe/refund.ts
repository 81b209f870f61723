import type { Stripe } from 'stripe';
import type { Money } from '#kernel/money';
import type { ChargeRef, RefundOutcome, RefundRef, RefundReport, RefundRequest } from '../processor-refund.ts';
import { fromStripe, toStripe } from './amounts.ts';
import { isAccessDenied, isRefused } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const PAGE = 100;

const NO_ACCESS =
  'The payment processor denies the access to the account of the provider, who can refund the charge there.';
const REFUSED = 'The payment processor refused the refund.';

const sentences: ReadonlyMap<string, string> = new Map([
  ['charge_already_refunded', 'The charge has been refunded already.'],
  ['charge_disputed', 'You cannot refund a disputed charge.'],
  ['refund_disputed_payment', 'You cannot refund a disputed charge.'],
  ['balance_insufficient', 'The balance at the payment processor is too low for this refund.'],
  ['insufficient_funds', 'The balance at the payment processor is too low for this refund.'],
  ['resource_missing', 'The payment processor does not have this charge.'],
]);

/** Refunds a charge under the key of the refund, which is in the metadata too, where `findRefund` looks for it. */
export async function refundCharge(needs: StripeNeeds, request: RefundRequest): Promise<RefundOutcome> {
  const { account, key, processor_key } = request;
  try {
    const refund = await needs.client.refunds.create(
      {
        charge: requireStripeId(processor_key, 'charge'),
        amount: toStripe(request),
        metadata: { tollgate_site: await needs.installation(), tollgate_refund: key },
      },
      callOptions(account, key),
    );
    return outcomeOfRefund(needs, requireObject(refund, 'refund'));
  } catch (error) {
    if (account !== '' && isAccessDenied(error)) return { outcome: 'refused', detail: NO_ACCESS };
    if (!isRefused(error)) throw error;
    return { outcome: 'refused', detail: sentences.get(error.code ?? '') ?? REFUSED };
  }
}

/** Returns the outcome of a refund; null if Stripe has none with its key. */
export async function findRefund(
  needs: StripeNeeds,
  { account, key, processor_key }: RefundRef,
): Promise<RefundOutcome | null> {
  for await (const refund of walkRefunds(needs, { account, processor_key })) {
    if (refund.metadata?.['tollgate_refund'] === key) return outcomeOfRefund(needs, refund);
  }
  return null;
}

/** Returns all refunds of a charge, oldest first. */
export async function findRefunds(needs: StripeNeeds, charge: ChargeRef): Promise<RefundReport[]> {
  const newest_first: RefundReport[] = [];
  for await (const refund of walkRefunds(needs, charge)) {
    const { id, amount, currency, metadata, balance_transaction, failure_balance_transaction } = refund;
    const { outcome } = outcomeOfRefund(needs, refund);
    newest_first.push({
      processor_key: id,
      key: metadata?.['tollgate_refund'] ?? null,
      amount: fromStripe(amount, currency).amount,
      state: outcome === 'refunded' ? 'succeeded' : outcome === 'refused' ? 'failed' : 'pending',
      taken: movedBy(balance_transaction, -1),
      returned: movedBy(failure_balance_transaction, 1),
    });
  }
  return newest_first.toReversed();
}

async function* walkRefunds(
  { client }: StripeNeeds,
  { account, processor_key }: ChargeRef,
): AsyncIterable<Stripe.Refund> {
  if (!isStripeId(processor_key, 'charge')) return;
  const expand = ['data.balance_transaction', 'data.failure_balance_transaction'];
  yield* client.refunds.list({ charge: processor_key, limit: PAGE, expand }, callOptions(account));
}

/** Returns what an expanded balance transaction moved; null as long as there is none. */
function movedBy(transaction: string | Stripe.BalanceTransaction | null | undefined, sign: 1 | -1): Money | null {
  if (typeof transaction !== 'object' || transaction === null) return null;
  return fromStripe(sign * transaction.net, transaction.currency);
}

function outcomeOfRefund({ onUnknown }: StripeNeeds, { status }: Stripe.Refund): RefundOutcome {
  switch (status) {
    case 'succeeded':
      return { outcome: 'refunded' };
    case 'pending':
    case 'requires_action':
      return { outcome: 'pending' };
    case 'failed':
      return { outcome: 'refused', detail: 'The bank of the card refused the refund.' };
    case 'canceled':
      return { outcome: 'refused', detail: 'The refund was canceled.' };
    default:
      onUnknown(String(status));
      return { outcome: 'pending' };
  }
}
