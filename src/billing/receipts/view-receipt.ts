import { type Static, Type } from 'typebox';
import { type Entry, findEntries } from '#ledger';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { type Charge, type ChargeItem, findChargeItems, findSettledRefundLines } from '#payments';
import { findProfilesByIds, findProfileSummaries } from '#profiles';
import { findEntryTexts } from '../orders/index.ts';
import { receiptParts } from './page-types.ts';

const ReceiptParts = Type.Object(receiptParts);
type ReceiptView = Static<typeof ReceiptParts>;
type RefundLine = Awaited<ReturnType<typeof findSettledRefundLines>>[number];

/**
 * Loads what a receipt shows: payer, provider, card, lines, settled refunds and the remaining total.
 * With `sellers`, only the lines of these providers and the amounts of those lines.
 */
export async function viewReceipt(
  ctx: Context,
  charge: Charge,
  sellers: readonly ProfileId[] | null = null,
): Promise<ReceiptView> {
  const all = await findChargeItems(ctx.db, charge.id);
  const items = sellers === null ? all : all.filter(({ provider_id }) => sellers.includes(provider_id));
  const amount = items.length === all.length ? charge.amount : items.reduce((sum, item) => sum + item.amount, 0);
  const entry_ids = items.map((item) => item.invoiced_entry_id);
  const entries = await findEntries(ctx.db, entry_ids);
  const [customer] = (await findProfilesByIds(ctx.db, [charge.profile_id])).values();
  const texts = await findEntryTexts(ctx.db, entry_ids, { lang: ctx.lang, timezone: customer?.default_timezone });
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
  const profile = summaries.get(charge.profile_id);
  return {
    ...(profile ? { profile } : {}),
    provider: provider ? { printable_name: provider.full_name || provider.slug, email: provider.email } : null,
    charge: viewCharge(charge, amount),
    charge_items: items.flatMap((item) => {
      const entry = entries.get(item.invoiced_entry_id);
      const text = texts.get(item.invoiced_entry_id);
      return entry ? [viewItem(item, textOfItem(item, entry, text), charge.unit, refunds)] : [];
    }),
    total: { amount: amount - refunds.reduce((sum, refund) => sum + refund.amount, 0), unit: charge.unit },
  };
}

function viewCharge(charge: Charge, amount: number): ReceiptView['charge'] {
  const { processor_key, created_at, unit, state, last4, description } = charge;
  return {
    processor_key,
    created_at,
    amount,
    unit,
    state,
    last4,
    exp_date: charge.exp_date?.slice(0, 7) ?? null,
    description,
  };
}

function textOfItem({ title }: ChargeItem, { description }: Entry, text: string | undefined): string {
  return text ?? (title || description);
}

function viewItem(
  item: ChargeItem,
  text: string,
  unit: string,
  refunds: readonly RefundLine[],
): ReceiptView['charge_items'][number] {
  return {
    invoiced: { description: text, dest_amount: item.amount, dest_unit: unit },
    refunded: refunds
      .filter((refund) => refund.charge_item_id === item.id)
      .map((refund) => ({
        created_at: refund.settled_at,
        description: `Refund of ${text}`,
        dest_amount: refund.amount,
        dest_unit: unit,
      })),
  };
}
