import { findEntries } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { type Charge, findChargeItems, findSettledRefundLines } from '#payments';
import { findProfilesByIds, findProfileSummaries } from '#profiles';
import { textsOfEntries } from '../orders/index.ts';

/**
 * What a receipt shows: who paid, who sold, what, with which card, what was given back since, and what that leaves.
 * With `sellers` their lines only, and amounts of these.
 */
export async function viewReceipt(
  ctx: Context,
  charge: Charge,
  sellers: readonly ProfileId[] | null = null,
): Promise<{ charge_items: unknown[] } & Record<string, unknown>> {
  const all = await findChargeItems(ctx.db, charge.id);
  const items = sellers === null ? all : all.filter(({ provider_id }) => sellers.includes(provider_id));
  const amount = items.length === all.length ? charge.amount : items.reduce((sum, item) => sum + item.amount, 0);
  const byId = await findEntries(
    ctx.db,
    items.map((item) => item.invoiced_entry_id),
  );
  const [customer] = (await findProfilesByIds(ctx.db, [charge.profile_id])).values();
  const texts = await textsOfEntries(
    ctx.db,
    items.map((item) => item.invoiced_entry_id),
    { lang: ctx.lang, timezone: customer?.default_timezone },
  );
  const [summaries, providers, all_refunds] = await Promise.all([
    findProfileSummaries(ctx.db, [charge.profile_id]),
    findProfilesByIds(
      ctx.db,
      items.map((item) => item.provider_id),
    ),
    findSettledRefundLines(ctx.db, charge.id),
  ]);
  const refunds = all_refunds.filter(({ charge_item_id }) => items.some(({ id }) => id === charge_item_id));
  const provider = items[0] && providers.get(items[0].provider_id);
  return {
    profile: summaries.get(charge.profile_id),
    provider: provider ? { printable_name: provider.full_name || provider.slug, email: provider.email } : null,
    charge: {
      processor_key: charge.processor_key,
      created_at: charge.created_at,
      amount,
      unit: charge.unit,
      state: charge.state,
      last4: charge.last4,
      exp_date: charge.exp_date?.slice(0, 7) ?? null,
      description: charge.description,
    },
    charge_items: items.flatMap((item) => {
      const entry = byId.get(item.invoiced_entry_id);
      const text = texts.get(item.invoiced_entry_id) ?? (item.title || entry?.description);
      return entry
        ? [
            {
              invoiced: { description: text, dest_amount: item.amount, dest_unit: charge.unit },
              refunded: refunds
                .filter((refund) => refund.charge_item_id === item.id)
                .map((refund) => ({
                  created_at: refund.settled_at,
                  description: `Refund of ${text}`,
                  dest_amount: refund.amount,
                  dest_unit: charge.unit,
                })),
            },
          ]
        : [];
    }),
    total: { amount: amount - refunds.reduce((sum, { amount }) => sum + amount, 0), unit: charge.unit },
  };
}
