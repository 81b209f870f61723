import { findEntries } from '#ledger';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { emit, type Event } from '#platform/jobs/events';
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
  const lines = items.map((item) => ({
    provider_id: item.provider_id,
    description: item.title || (invoiced.get(item.invoiced_entry_id)?.description ?? ''),
    amount: item.amount,
    refunded_amount: refunded.get(item.id)?.amount ?? 0,
  }));
  await emit(tx, buildChargeUpdated(charge, news, lines, by), at);
}

/** Builds charge_updated. */
export function buildChargeUpdated(
  charge: Charge,
  news: ChargeNews,
  lines: readonly { provider_id: ProfileId; description: string; amount: number; refunded_amount: number }[],
  by: UserId | null,
): Event {
  const { processor_key, profile_id, state, amount, unit, description, last4 } = charge;
  return chargeUpdated({
    charge_id: charge.id,
    processor_key,
    profile_id,
    provider_id: lines[0]?.provider_id ?? null,
    news,
    state,
    created_at: charge.created_at.toISOString(),
    amount,
    unit,
    description,
    last4,
    lines: lines.map(({ provider_id: _, ...line }) => line),
    originated_by: by,
  });
}
