import assert from 'node:assert/strict';
import { findEntries, postEvent } from '#ledger';
import { getProcessor } from '#profiles';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import {
  chargeSubject,
  closeRefund,
  emitChargeUpdated,
  findChargeById,
  findChargeItems,
  findRefundLines,
  type Refund,
  refundEntries,
} from '../records/index.ts';
import type { RefundOutcome } from '../processors/index.ts';

/**
 * Closes a refund with the outcome of the processor: books a refund that was made, marks a refused one failed.
 * Idempotent. A pending refund stays reserved. A refund that was marked failed is booked if the processor made it
 * later.
 */
export async function settleRefund(tx: Tx, refund: Refund, outcome: RefundOutcome, at: Date): Promise<void> {
  if (outcome.outcome === 'pending') return;
  const is_refunded = outcome.outcome === 'refunded';
  const closed = await closeRefund(tx, refund.id, is_refunded ? ['reserved', 'failed'] : ['reserved'], {
    state: is_refunded ? 'settled' : 'failed',
    detail: is_refunded ? null : outcome.detail,
    updated_at: at,
  });
  if (!closed || !is_refunded) return;

  const charge = await findChargeById(tx, refund.charge_id);
  const site = await findSite(tx);
  assert(charge && site);
  const items = await findChargeItems(tx, charge.id);
  const invoiced = await findEntries(
    tx,
    items.map((item) => item.invoiced_entry_id),
  );
  const lines = await findRefundLines(tx, refund.id);
  const funds_unit = lines[0]?.funds_unit;
  assert(funds_unit !== undefined, 'a refund has lines');

  const entries = refundEntries(
    { ...charge, funds_unit },
    { customer_id: charge.profile_id, processor_id: (await getProcessor(tx)).id, broker_id: site.broker_id },
    lines.map((line) => {
      const item = items.find(({ id }) => id === line.charge_item_id);
      const entry = item && invoiced.get(item.invoiced_entry_id);
      assert(item && entry);
      return {
        ...line,
        provider_id: item.provider_id,
        subject: chargeSubject(charge.id, item.id),
        label: item.event_label === '' ? entry.description : item.event_label,
        invoiced_description: entry.description,
      };
    }),
  );
  await postEvent(tx, {
    key: `refund:${charge.processor_key}:${refund.key}`,
    kind: 'refund',
    receipt_key: charge.processor_key,
    at,
    entries,
  });
  await emitChargeUpdated(tx, charge, 'refunded', { at, by: refund.created_by });
}
