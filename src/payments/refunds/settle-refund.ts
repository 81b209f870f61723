import assert from 'node:assert/strict';
import {
  accounts,
  type Entry,
  findEntries,
  fromSubjectColumns,
  isSameSubject,
  issueCreditNotes,
  moveAmount,
  type NewEntry,
  postEvent,
} from '#ledger';
import { getProcessor } from '#profiles';
import type { LedgerEntryId, LedgerEventId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import {
  type Charge,
  type ChargeItem,
  chargeSubject,
  closeRefund,
  emitChargeUpdated,
  findChargeById,
  findChargeItems,
  findRefundLines,
  type Refund,
  refundEntries,
  type RefundLine,
} from '../records/index.ts';
import type { RefundOutcome } from '../processors/index.ts';

/**
 * Closes a refund with the outcome of the processor: books a refund that was made and issues its credit notes, marks a
 * refused one failed.
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
  const posted = await postEvent(tx, {
    key: `refund:${charge.processor_key}:${refund.key}`,
    kind: 'refund',
    receipt_key: charge.processor_key,
    at,
    entries: refund.returns_backlog ? [...entries, ...backlogEntries(lines, items, invoiced)] : entries,
  });
  await emitChargeUpdated(tx, charge, 'refunded', { at, by: refund.created_by });
  await issueCreditNotes(tx, { ledger_event_id: postedEvent(posted), at }, refundedAmounts(posted, charge, items));
}

/**
 * Makes the entries that take refunded time out of Backlog, on the subjects of its orders. In the unit of the funds.
 */
function backlogEntries(
  lines: readonly RefundLine[],
  items: readonly ChargeItem[],
  invoiced: ReadonlyMap<LedgerEntryId, Entry>,
): NewEntry[] {
  return lines.flatMap((line) => {
    const item = items.find(({ id }) => id === line.charge_item_id);
    const order = item && invoiced.get(item.invoiced_entry_id);
    const amount = line.distribute_amount + line.fee_amount + line.broker_fee_amount;
    assert(item && order);
    if (amount === 0) return [];
    return moveAmount({
      from: { profile_id: item.provider_id, account: accounts.refund },
      to: { profile_id: item.provider_id, account: accounts.backlog },
      amount,
      unit: line.funds_unit,
      subject: fromSubjectColumns(order),
      description: 'Keep a balanced ledger',
    });
  });
}

function postedEvent([entry]: readonly Entry[]): LedgerEventId {
  assert(entry, 'a refund posts entries');
  return entry.ledger_event_id;
}

/** Returns the amounts that entries of a refund give back to the customer, each with the order that it reduces. */
function refundedAmounts(posted: readonly Entry[], charge: Charge, items: readonly ChargeItem[]) {
  return posted.flatMap((entry) => {
    if (entry.orig_account !== accounts.refunded) return [];
    const subject = fromSubjectColumns(entry);
    const item = items.find(({ id }) => subject && isSameSubject(subject, chargeSubject(charge.id, id)));
    assert(item, 'a refund names its line');
    const { id, description, orig_amount } = entry;
    return {
      invoiced_entry_id: item.invoiced_entry_id,
      ledger_entry_id: id,
      kind: 'refund' as const,
      description,
      refunded: orig_amount,
    };
  });
}
