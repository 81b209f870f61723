import { Problem } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { paths } from '#platform/http/paths';
import type { PaymentContext } from '#payments';
import { lockProfile, type Profile } from '#profiles';
import {
  addPayables,
  type Adjustment,
  type DuePart,
  dueParts,
  findAdjustmentsOfRequest,
  groupParts,
  makeCheckSubject,
  offlineEntries,
  recordAdjustments,
  takeParts,
  withUsername,
  writeOffEntries,
  writeOffText,
} from '../adjustments/index.ts';
import { closeSettledCases, endWaitingBalance } from '../dunning/index.ts';
import { loadBalances, lockBalances } from '../quotes/index.ts';
import { ordersInFlight } from '../records/index.ts';
import { billingProblems } from '../problems.ts';

export interface Cancellation {
  /** The payer. */
  profile_id: ProfileId;
  /** Providers whose part of the balance is settled; null for all. */
  sellers: readonly ProfileId[] | null;
  /** In 1/100 of the unit of the balance, ≥ 1; the whole balance when null. */
  amount: number | null;
  /** True if the provider received the money elsewhere; false writes the amount off. */
  is_paid: boolean;
  /** Idempotency key of the request; null without one. */
  request_key: string | null;
}

/**
 * Writes off what a profile owes, or records that it was paid elsewhere: one adjustment for each provider and unit.
 * Returns none if nothing is due. A retry with the same `request_key` returns those of the first call. Subscriptions
 * do not change, but a dunning case without a balance is closed, and the time that it stopped runs on.
 *
 * Locks: the payer's profile, then the subscriptions with a balance, as a checkout does; then as `closeSettledCases`.
 * @throws charge_pending (409) if a payment that may cover the balance is open; invalid_input (400) naming `amount`
 * @see docs/spec/billing.md 2.9 and 2.10
 */
export async function cancelBalance(ctx: Context, cancellation: Cancellation): Promise<Adjustment[]> {
  const { profile_id, sellers, amount, is_paid, request_key } = cancellation;
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const payer = await lockProfile(tx, profile_id);
    const earlier = request_key === null ? [] : await findAdjustmentsOfRequest(tx, request_key);
    if (earlier.length > 0) return earlier;
    const due = await lockDueParts(tx, payer, sellers, at);
    const settled = groupParts(await addPayables(tx, payer.id, takeParts(due, amount)));
    const description = is_paid ? withUsername(ctx, 'Off-line payment') : 'Write off';
    const recorded = await recordAdjustments(
      ctx,
      tx,
      settled.map((group) => ({
        kind: is_paid ? 'offline_payment' : 'write_off',
        profile_id: payer.id,
        provider_id: group.provider_id,
        amount: group.amount,
        unit: group.unit,
        description: is_paid ? description : writeOffText(group),
        at,
        request_key,
        entries: is_paid
          ? offlineEntries(payer.id, group, makeCheckSubject(), description)
          : writeOffEntries(payer.id, group),
      })),
    );
    await closeSettledCases(tx, payer, at);
    return recorded.map(({ adjustment }) => adjustment);
  });
}

/**
 * Does the same as `cancelBalance`, but first ends a payment of what is due that waits for its payer: it would take
 * more than is left. One that was confirmed in the meantime is settled, and only the rest is cancelled.
 *
 * @throws as `cancelBalance`, processor_unreachable (503)
 */
export async function endPaymentAndCancel(ctx: PaymentContext, cancellation: Cancellation): Promise<Adjustment[]> {
  try {
    return await cancelBalance(ctx, cancellation);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== billingProblems.charge_pending.code) throw error;
    if (!(await endWaitingBalance(ctx, cancellation.profile_id, cancellation.sellers))) throw error;
  }
  return cancelBalance(ctx, cancellation);
}

/**
 * Locks what a profile owes and returns it by subject.
 * @throws charge_pending (409)
 */
async function lockDueParts(
  tx: Tx,
  payer: Profile,
  sellers: readonly ProfileId[] | null,
  at: Date,
): Promise<DuePart[]> {
  const { in_flight } = await runTogether(tx, { in_flight: ordersInFlight(payer.id, []) });
  if (in_flight) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
  const load = async () =>
    (await loadBalances(tx, payer, at)).filter(({ plan }) => sellers === null || sellers.includes(plan.profile_id));
  return dueParts(await lockBalances(tx, payer, load));
}
