import { paths } from '#platform/http/paths';
import type { Tx } from '#platform/db/database';
import { findUnresolvedCharge, hasUnresolvedCharge } from '#payments';
import type { Profile } from '#profiles';
import { lockSubscriptions } from '#subscriptions';
import { findOrdersOfSubscriptions, type Invoicable } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

/**
 * Loads the invoicables with the subscriptions of balances locked, so that no other payer pays a balance concurrently.
 * @throws charge_pending (409) if a payment that may cover a balance is open
 */
export async function lockBalances(tx: Tx, payer: Profile, load: () => Promise<Invoicable[]>): Promise<Invoicable[]> {
  const seen = await load();
  const balances = seen.filter(({ kind }) => kind === 'balance');
  if (balances.length === 0) return seen;
  // A balance of seats has no subscription: only the payer, whose profile is locked, can pay it.
  const ids = balances.flatMap(({ subscription }) => subscription?.id ?? []);
  if (ids.length > 0) await lockSubscriptions(tx, ids);
  const orders = await findOrdersOfSubscriptions(tx, ids);
  const attempts = orders.flatMap(({ charge_attempt_id }) => charge_attempt_id ?? []);
  const pending =
    orders.some(({ state }) => state === 'reserved') ||
    (await findUnresolvedCharge(tx, payer.id)) !== undefined ||
    (await hasUnresolvedCharge(tx, attempts));
  if (pending) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
  // Another payer may have paid before the locks were acquired.
  const current = await load();
  return current.filter(({ kind, subscription }) => kind === 'cart' || !subscription || ids.includes(subscription.id));
}
