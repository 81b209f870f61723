import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { lockProfile } from '#profiles';
import {
  addPayables,
  dueParts,
  groupParts,
  makeCheckSubject,
  offlineEntries,
  recordAdjustments,
  takeParts,
  withUsername,
  writeOffEntries,
} from '../adjustments/index.ts';
import { closePaymentLink, type PaymentLink } from '../records/index.ts';
import { billingProblems } from '../problems.ts';
import { getLink, sumDue } from './load-link.ts';
import { lockLink } from './pay-link.ts';

export interface Collection {
  /** In 1/100 of the unit of the order, ≥ 1; all that is due when null. */
  amount: number | null;
  /** False writes the amount off. */
  is_paid: boolean;
}

/**
 * Closes the payment link of a provider: the provider received the money elsewhere, or writes it off. What `amount`
 * leaves open stays due on the balance of the payer. The entry can be reversed; the link is open again then.
 *
 * Locks: as `payLink`. A link is closed once.
 * @throws payment_link_unknown (404), payment_link_closed, checkout_in_flight, charge_pending (409), invalid_input
 *   (400) naming `amount`
 * @see docs/spec/billing.md 4.9
 */
export async function collectLink(
  ctx: Context,
  provider_id: ProfileId,
  code: string,
  { amount, is_paid }: Collection,
): Promise<PaymentLink> {
  const { link } = await getLink(ctx.db, code);
  if (link.provider_id !== provider_id) throw billingProblems.payment_link_unknown();
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const payer = await lockProfile(tx, link.profile_id);
    const invoicables = await lockLink(tx, link, payer, at);
    const due = sumDue(link, invoicables);
    const [group] = groupParts(await addPayables(tx, payer.id, takeParts(dueParts(invoicables), amount)));
    if (!group) throw billingProblems.payment_link_closed();
    const description = is_paid ? withUsername(ctx, 'Off-line payment') : 'Write off of an unpaid order';
    const [recorded] = await recordAdjustments(ctx, tx, [
      {
        kind: is_paid ? 'offline_payment' : 'write_off',
        profile_id: payer.id,
        provider_id,
        amount: group.amount,
        unit: group.unit,
        description,
        at,
        request_key: null,
        entries: is_paid
          ? offlineEntries(payer.id, group, makeCheckSubject(), description)
          : writeOffEntries(payer.id, group),
      },
    ]);
    const is_collected_in_full = group.amount === due.amount;
    if (
      !recorded ||
      !(await closePaymentLink(tx, link.id, { adjustment_id: recorded.adjustment.id, is_collected_in_full }))
    )
      throw billingProblems.payment_link_closed();
    return { ...link, is_closed: true };
  });
}
