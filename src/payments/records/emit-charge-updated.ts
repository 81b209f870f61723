import { findEntries } from '#ledger';
import type { UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import type { Charge } from './charge.ts';
import { findChargeItems } from './charge-store.ts';
import { type ChargeNews, chargeUpdated } from '../events.ts';
import { sumRefundsByItem } from './refund-store.ts';

/** Emits charge_updated with the lines of the receipt and the amounts refunded so far. */
export async function emitChargeUpdated(
  tx: Tx,
  charge: Charge,
  news: ChargeNews,
  { at, by }: { at: Date; by: UserId | null },
): Promise<void> {
  const items = await findChargeItems(tx, charge.id);
  const invoiced = await findEntries(
    tx,
    items.map((item) => item.invoiced_entry_id),
  );
  const refunded = await sumRefundsByItem(tx, charge.id);
  const { processor_key, profile_id, state, amount, unit, description, last4 } = charge;
  const event = chargeUpdated({
    charge_id: charge.id,
    processor_key,
    profile_id,
    provider_id: items[0]?.provider_id ?? null,
    news,
    state,
    created_at: charge.created_at.toISOString(),
    amount,
    unit,
    description,
    last4,
    lines: items.map((item) => ({
      description: item.title || (invoiced.get(item.invoiced_entry_id)?.description ?? ''),
      amount: item.amount,
      refunded_amount: refunded.get(item.id)?.amount ?? 0,
    })),
    originated_by: by,
  });
  await emit(tx, event, at);
}
