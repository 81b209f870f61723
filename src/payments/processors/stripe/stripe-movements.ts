import type { Stripe } from 'stripe';
import type { Account } from '../account.ts';
import type { Movement, MovementKind, Span } from '../movement.ts';
import { fromStripe, toStripe } from './amounts.ts';
import { idOf } from './intent-outcome.ts';
import { callOptions } from './stripe-client.ts';
import { requireStripeId } from './stripe-id.ts';
import type { StripeNeeds } from './stripe-needs.ts';

const PAGE = 100;

/** Kinds of movements by the types of balance transactions. A dispute and its reversal are both an `adjustment`. */
const kinds: ReadonlyMap<string, MovementKind> = new Map([
  ['charge', 'charge'],
  ['payment', 'charge'],
  ['refund', 'refund'],
  ['payment_refund', 'refund'],
  ['refund_failure', 'refund_returned'],
  ['payout', 'payout'],
  ['payout_cancel', 'payout_returned'],
  ['payout_failure', 'payout_returned'],
  ['application_fee', 'broker_fee'],
  ['application_fee_refund', 'share_returned'],
  ['stripe_fee', 'fee'],
  ['stripe_fx_fee', 'fee'],
  ['tax_fee', 'fee'],
]);

/** Yields what moved the balance of an account in a span. */
export async function* walkMovements(
  needs: StripeNeeds,
  account: Account,
  { from, to }: Span,
): AsyncIterable<readonly Movement[]> {
  const installation = await needs.installation();
  const created = { gte: Math.floor(from.getTime() / 1000), lt: Math.ceil(to.getTime() / 1000) };
  const params = { created, limit: PAGE, expand: ['data.source'] };
  let batch: Movement[] = [];
  for await (const transaction of needs.client.balanceTransactions.list(params, callOptions(account))) {
    const movement = movementOf(transaction, installation, needs.onUnknown);
    const isShare = movement.kind === 'share_returned';
    batch.push(isShare ? { ...movement, ...(await findReturn(needs, transaction, installation)) } : movement);
    if (batch.length < PAGE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Returns what names the return of a share, as far as Stripe has it. The return and its application fee are objects of
 * the platform, so that a connected account may only name the return.
 */
async function findReturn(
  needs: StripeNeeds,
  { source }: Stripe.BalanceTransaction,
  installation: string,
): Promise<Partial<Movement>> {
  const key = idOf(source);
  if (key === null) return {};
  const { client } = needs;
  const { data } = await client.balanceTransactions.list(
    { source: key, limit: 1, expand: ['data.source'] },
    callOptions(''),
  );
  const made: Source | string | null = data[0]?.source ?? null;
  if (made === null || typeof made === 'string' || made.object !== 'fee_refund') return { object_key: key };
  const fee = await client.applicationFees.retrieve(
    requireStripeId(idOf(made.fee ?? null) ?? '', 'fee'),
    {},
    callOptions(''),
  );
  return {
    object_key: made.id,
    charge_key: idOf(fee.charge),
    own_key: made.metadata?.['tollgate_refund'] ?? null,
    is_ours: made.metadata?.['tollgate_site'] === installation,
  };
}

/** Fields of the objects that move money, as far as they are read. */
interface Source {
  id: string;
  object: string;
  amount?: number;
  currency?: string;
  charge?: string | { id: string } | null;
  payment_intent?: string | { id: string } | null;
  fee?: string | { id: string } | null;
  metadata?: Readonly<Record<string, string>> | null;
}

/** Reads a balance transaction whose source is expanded. Pure. */
export function movementOf(
  transaction: Stripe.BalanceTransaction,
  installation: string,
  onUnknown: (value: string) => void,
): Movement {
  const { id, type, net, currency: unit, created } = transaction;
  const source: Source | null = typeof transaction.source === 'string' ? null : transaction.source;
  const metadata = source?.metadata ?? {};
  const kind = kindOf(type, source, net);
  if (kind === 'other') onUnknown(type);
  const money = fromStripe(net, unit);
  return {
    key: id,
    kind,
    object_key: source?.id ?? id,
    charge_key: kind === 'charge' ? (source?.id ?? null) : idOf(source?.charge ?? null),
    intent_key: kind === 'charge' ? idOf(source?.payment_intent ?? null) : null,
    own_key: metadata['tollgate_attempt'] ?? metadata['tollgate_refund'] ?? metadata['tollgate_payout'] ?? null,
    is_ours: metadata['tollgate_site'] === installation,
    object_amount:
      source?.amount === undefined || source.currency === undefined ? null : fromStripe(source.amount, source.currency),
    net: money.amount,
    unit,
    is_rounded: toStripe(money) !== net,
    at: new Date(created * 1000),
  };
}

function kindOf(type: string, source: Source | null, net: number): MovementKind {
  if (type === 'adjustment' && source?.object === 'dispute') return net < 0 ? 'dispute' : 'dispute_returned';
  return kinds.get(type) ?? 'other';
}
