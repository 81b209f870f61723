import type { Stripe } from 'stripe';
import type { Money } from '#kernel/money';
import type { Account } from '../account.ts';
import type {
  ChargeRef,
  FeeReturn,
  FeeReturnOutcome,
  FeeReturnRef,
  FeeReturnRequest,
  MovedShare,
} from '../processor-refund.ts';
import { fromStripe, toStripe } from './amounts.ts';
import { isRefused } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { isStripeId, requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const PAGE = 100;

const NO_FEE = { outcome: 'refused', detail: 'The charge has no application fee in its currency.' } as const;

/**
 * Returns a part of the application fee of a direct charge. All calls are on the platform, so it also works after the
 * provider has ended the access to its account.
 *
 * Looks for the return first: a key of Stripe lives for a day only, and the list shows what was returned at once.
 */
export async function returnFee(needs: StripeNeeds, request: FeeReturnRequest): Promise<FeeReturnOutcome> {
  const { key, amount, unit } = request;
  const fee = await findFee(needs, request);
  if (fee === null || fee.currency !== unit) return NO_FEE;
  for await (const each of walkReturns(needs, fee.id)) {
    if (each.metadata?.['tollgate_refund'] === key) return { outcome: 'returned' };
  }
  try {
    const metadata = { tollgate_site: await needs.installation(), tollgate_refund: key };
    const params = { amount: toStripe({ amount, unit }), metadata };
    const made = await needs.client.applicationFees.createRefund(fee.id, params, callOptions('', `${key}:fee`));
    requireObject(made, 'fee_refund');
    return { outcome: 'returned' };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return { outcome: 'refused', detail: 'Less than this is left of the application fee.' };
  }
}

/** Returns what went back of the application fee of a charge, oldest first. */
export async function findFeeReturns(needs: StripeNeeds, charge: ChargeRef): Promise<FeeReturn[]> {
  const fee = await findFee(needs, charge);
  const newest_first: FeeReturn[] = [];
  if (fee === null) return newest_first;
  for await (const { id, amount, currency, metadata } of walkReturns(needs, fee.id)) {
    const key = metadata?.['tollgate_refund'] ?? null;
    newest_first.push({ processor_key: id, key, amount: fromStripe(amount, currency).amount });
  }
  return newest_first.toReversed();
}

/**
 * Returns what a return moved in the balances of the account and of the broker; null as long as one of them does not
 * list it.
 */
export async function findMovedShare(
  needs: StripeNeeds,
  { account, return_key }: FeeReturnRef,
): Promise<MovedShare | null> {
  const [paid, received] = [await findMoved(needs, '', return_key), await findMoved(needs, account, return_key)];
  return paid && received && { paid: { ...paid, amount: -paid.amount }, received };
}

async function findMoved({ client }: StripeNeeds, account: Account, source: string): Promise<Money | null> {
  const { data } = await client.balanceTransactions.list({ source, limit: 1 }, callOptions(account));
  const [transaction] = data;
  return transaction ? fromStripe(transaction.net, transaction.currency) : null;
}

/** A charge has at most one application fee. */
async function findFee({ client }: StripeNeeds, { processor_key }: ChargeRef): Promise<Stripe.ApplicationFee | null> {
  if (!isStripeId(processor_key, 'charge')) return null;
  const { data } = await client.applicationFees.list({ charge: processor_key, limit: 1 }, callOptions(''));
  const [fee] = data;
  return fee ? requireObject(fee, 'application_fee') : null;
}

function walkReturns({ client }: StripeNeeds, fee_key: string): AsyncIterable<Stripe.FeeRefund> {
  return client.applicationFees.listRefunds(requireStripeId(fee_key, 'fee'), { limit: PAGE }, callOptions(''));
}
