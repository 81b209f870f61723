import type { Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { inquiryOpened } from '../events.ts';
import type { DisputeReport } from '../processors/index.ts';
import { type Charge, findChargeItems } from '../records/index.ts';

/**
 * Emits inquiry_opened for each provider of a charge about which a bank asks, and waits for an answer. `added` are the
 * disputes that were seen for the first time, so that each inquiry is emitted once. No effect for other disputes.
 */
export async function emitInquiries(
  tx: Tx,
  { id, account, processor_key, profile_id, unit, created_at }: Charge,
  added: readonly DisputeReport[],
  at: Date,
): Promise<void> {
  const inquiries = added.filter(({ state, is_answered }) => state === 'inquiry' && !is_answered);
  if (inquiries.length === 0) return;
  const items = await findChargeItems(tx, id);
  const providers = [...new Set(items.map(({ provider_id }) => provider_id))];
  for (const { key, amount, reason, due_at } of inquiries) {
    for (const provider_id of providers) {
      const event = inquiryOpened({
        charge_id: id,
        charge_key: processor_key,
        charged_at: created_at.toISOString(),
        dispute_key: key,
        profile_id,
        provider_id,
        // A provider does not see what others sold.
        amount: providers.length === 1 ? amount : null,
        unit,
        reason,
        due_at: due_at?.toISOString() ?? null,
        is_owner: account !== '',
      });
      await emit(tx, event, at);
    }
  }
}
