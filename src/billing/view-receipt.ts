import { findEntries } from '#ledger';
import type { Context } from '#platform/context';
import { type Charge, findChargeItems, findSettledRefundLines } from '#payments';
import { findProfilesByIds, profileSummaries } from '#profiles';

/** What a receipt shows: who paid, who sold, what, with which card, what was given back since, and what that leaves. */
export async function viewReceipt(ctx: Context, charge: Charge): Promise<Record<string, unknown>> {
  const items = await findChargeItems(ctx.db, charge.id);
  const byId = await findEntries(
    ctx.db,
    items.map((item) => item.invoiced_entry_id),
  );
  const [summaries, providers, refunds] = await Promise.all([
    profileSummaries(ctx.db, [charge.profile_id]),
    findProfilesByIds(
      ctx.db,
      items.map((item) => item.provider_id),
    ),
    findSettledRefundLines(ctx.db, charge.id),
  ]);
  const provider = items[0] && providers.get(items[0].provider_id);
  return {
    profile: summaries.get(charge.profile_id),
    provider: provider ? { printable_name: provider.full_name || provider.slug, email: provider.email } : null,
    charge: {
      processor_key: charge.processor_key,
      created_at: charge.created_at,
      amount: charge.amount,
      unit: charge.unit,
      state: charge.state,
      last4: charge.last4,
      exp_date: charge.exp_date?.slice(0, 7) ?? null,
      description: charge.description,
    },
    charge_items: items.flatMap((item) => {
      const entry = byId.get(item.invoiced_entry_id);
      return entry
        ? [
            {
              invoiced: { description: entry.description, dest_amount: item.amount, dest_unit: charge.unit },
              refunded: refunds
                .filter((refund) => refund.charge_item_id === item.id)
                .map((refund) => ({
                  created_at: refund.settled_at,
                  description: `Refund of ${entry.description}`,
                  dest_amount: refund.amount,
                  dest_unit: charge.unit,
                })),
            },
          ]
        : [];
    }),
    total: { amount: charge.amount - refunds.reduce((sum, { amount }) => sum + amount, 0), unit: charge.unit },
  };
}
