import { accounts, findHoldings, findUnpaidIncome, isSameSubject, lockSubjects } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { runTogether } from '#platform/db/together';
import { paths } from '#platform/http/paths';
import { randomKey40 } from '#platform/security/crypto';
import { lockProfile, type Profile } from '#profiles';
import { loadBalances, lockBalances } from '../quotes/index.ts';
import { type Invoicable, ordersInFlight } from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { findAdjustmentsOfRequest } from './adjustment-store.ts';
import {
  type Adjustment,
  type DuePart,
  groupParts,
  offlineEntries,
  type SettledPart,
  takeParts,
  writeOffEntries,
} from './adjustment.ts';
import { recordAdjustments, withUsername } from './record-adjustments.ts';

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

/** Subject of a payment that was received outside of the site. */
export const makeCheckSubject = () => ({ kind: 'check', id: randomKey40().slice(6), part: null });

/**
 * Writes off what a profile owes, or records that it was paid elsewhere: one adjustment for each provider and unit.
 * Returns none if nothing is due. A retry with the same `request_key` returns those of the first call. Subscriptions
 * do not change.
 *
 * Locks: the payer's profile, then the subscriptions with a balance, as a checkout does.
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
    return recorded.map(({ adjustment }) => adjustment);
  });
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

/** Writes off balances of a payer in the caller's transaction, which has locked the payer and the subscriptions. */
export async function writeOffDue(
  ctx: Context,
  tx: Tx,
  payer: Profile,
  balances: readonly Invoicable[],
  at: Date,
): Promise<void> {
  const groups = groupParts(await addPayables(tx, payer.id, dueParts(balances)));
  await recordAdjustments(
    ctx,
    tx,
    groups.map((group) => ({
      kind: 'write_off',
      profile_id: payer.id,
      provider_id: group.provider_id,
      amount: group.amount,
      unit: group.unit,
      description: writeOffText(group),
      at,
      request_key: null,
      entries: writeOffEntries(payer.id, group),
    })),
  );
}

function writeOffText({ parts }: { parts: readonly DuePart[] }): string {
  return `Write off for ${parts.map(({ label }) => label).join(', ')}`.slice(0, 500);
}

/** Returns the parts of balances by subject, in the order of the statement. */
export function dueParts(balances: readonly Invoicable[]): DuePart[] {
  return balances.flatMap(({ key, lines }) =>
    lines.flatMap(({ subject, amount, unit, provider_id }) =>
      subject === null || amount <= 0 ? [] : [{ subject, amount, unit, provider_id, label: key }],
    ),
  );
}

/**
 * Adds what is payable on the subject of each part, and the income that came from Receivable. Parts on one subject
 * share both, in their order.
 */
export async function addPayables(tx: Tx, payer_id: ProfileId, parts: readonly DuePart[]): Promise<SettledPart[]> {
  const merged = groupParts(parts).flatMap((group) => group.parts);
  const subjects = merged.map(({ subject }) => subject);
  await lockSubjects(tx, subjects);
  const [holdings, incomes] = await mergeReads(tx, [
    (together) => findHoldings(together, subjects, accounts.payable),
    (together) => findUnpaidIncome(together, subjects),
  ]);
  return merged.map((part) => {
    const isOn = ({ subject, unit }: { subject: DuePart['subject']; unit: string }) =>
      unit === part.unit && isSameSubject(subject, part.subject);
    return {
      ...part,
      payable: holdings.find((each) => each.profile_id === payer_id && isOn(each))?.amount ?? 0,
      unpaid_income: incomes.find(isOn)?.amount ?? 0,
    };
  });
}
