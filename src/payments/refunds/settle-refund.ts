import assert from 'node:assert/strict';
import { allocateMoney } from '#kernel/money';
import {
  accounts,
  type Entry,
  findEntries,
  fromSubjectColumns,
  isSameSubject,
  issueCreditNotes,
  moveAmount,
  type NewEntry,
  type NotedAmount,
  postEvent,
  sumByUnit,
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
  insertFeeDue,
  type Refund,
  refundEntries,
  subtractNotedAmount,
  type RefundLine,
} from '../records/index.ts';
import { nameBalanceOrders } from './balance-notes.ts';
import type { Processors, RefundedCredit, RefundOutcome } from '../processors/index.ts';

/**
 * Closes a refund with the outcome of the processor: books a refund that was made and issues its credit notes, marks a
 * refused one failed.
 * Idempotent. A pending refund stays reserved. A refund that was marked failed is booked if the processor made it
 * later. A refund that another operation holds is left to it (`bookHeldRefund`).
 */
// long: the steps of one booking, in their order
export async function settleRefund(
  tx: Tx,
  { credit }: Pick<Processors, 'credit'>,
  refund: Refund,
  outcome: RefundOutcome,
  at: Date,
): Promise<void> {
  if (outcome.outcome === 'pending' || refund.is_held) return;
  const is_refunded = outcome.outcome === 'refunded';
  const closed = await closeRefund(tx, refund.id, is_refunded ? ['reserved', 'failed'] : ['reserved'], {
    state: is_refunded ? 'settled' : 'failed',
    detail: is_refunded ? null : outcome.detail,
    updated_at: at,
  });
  if (!closed) return;
  if (!is_refunded) return refund.is_payout ? credit.release(tx, refund.id) : undefined;

  const { charge, items, invoiced, lines, named, entries } = await composeRefund(tx, refund);
  const returned = await credit.book(
    tx,
    refund,
    named.map(({ line, item, entry }) => ({
      invoiced_entry_id: item.invoiced_entry_id,
      provider_id: item.provider_id,
      unit: charge.unit,
      description: entry.description,
      credit_amount: line.credit_amount,
    })),
    at,
  );
  const posted = await postEvent(tx, {
    key: `refund:${charge.processor_key}:${refund.key}`,
    kind: 'refund',
    receipt_key: charge.processor_key,
    at,
    entries: [
      ...entries,
      ...returned.entries,
      ...(refund.returns_backlog ? backlogEntries(lines, items, invoiced, charge) : []),
    ],
  });
  const ledger_event_id = postedEvent(posted);
  await oweFee(tx, charge, refund.id, lines);
  await returned.save(tx, ledger_event_id);
  if (refund.is_payout) for (const { item, line } of named) await subtractNotedAmount(tx, item.id, line.amount);
  await emitChargeUpdated(tx, charge, 'refunded', { at, by: refund.created_by });
  if (refund.is_payout) return;
  const lots = returnedAmounts(returned, posted.slice(entries.length), named);
  const amounts = await nameBalanceOrders(tx, [...refundedAmounts(posted, charge, items), ...lots], invoiced);
  await issueCreditNotes(tx, { ledger_event_id, at }, amounts);
}

/**
 * Stores what the broker owes of its share to the account of a direct charge after a refund, in the transaction that
 * books it: `returnFee` pays it, and a job repeats that.
 */
export async function oweFee(
  tx: Tx,
  charge: Pick<Charge, 'account' | 'unit'>,
  refund_id: Refund['id'],
  lines: readonly RefundLine[],
): Promise<void> {
  if (charge.account === '') return;
  const fee_amount = lines.reduce((sum, line) => sum + feeOf(line, charge.unit), 0);
  if (fee_amount > 0) await insertFeeDue(tx, refund_id, fee_amount);
}

/** Returns the broker's share of a refunded line in the unit of the charge. */
function feeOf(line: RefundLine, unit: string): number {
  if (line.funds_unit === unit) return line.broker_fee_amount;
  const { amount, distribute_amount, fee_amount, broker_fee_amount } = line;
  const [fee = 0] = allocateMoney({ amount, unit }, [broker_fee_amount, distribute_amount + fee_amount]);
  return broker_fee_amount === 0 ? 0 : fee;
}

/** Loads a refund with its charge, and makes its entries. */
export async function composeRefund(tx: Tx, refund: Refund) {
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

  const named = lines.map((line) => {
    const item = items.find(({ id }) => id === line.charge_item_id);
    const entry = item && invoiced.get(item.invoiced_entry_id);
    assert(item && entry);
    return { line, item, entry };
  });
  const entries = refundEntries(
    { ...charge, funds_unit },
    { customer_id: charge.profile_id, processor_id: (await getProcessor(tx)).id, broker_id: site.broker_id },
    named.flatMap(({ line, item, entry }) =>
      line.amount === 0
        ? []
        : {
            ...line,
            provider_id: item.provider_id,
            subject: chargeSubject(charge.id, item.id),
            label: item.event_label === '' ? entry.description : item.event_label,
            invoiced_description: entry.description,
          },
    ),
  );
  return { charge, items, invoiced, lines, named, entries };
}

/**
 * Makes the entries that take refunded time out of Backlog, on the subjects of its orders. In the unit of the funds.
 */
function backlogEntries(
  lines: readonly RefundLine[],
  items: readonly ChargeItem[],
  invoiced: ReadonlyMap<LedgerEntryId, Entry>,
  { unit }: Pick<Charge, 'unit'>,
): NewEntry[] {
  return lines.flatMap((line) => {
    const item = items.find(({ id }) => id === line.charge_item_id);
    const order = item && invoiced.get(item.invoiced_entry_id);
    const amount = line.distribute_amount + line.fee_amount + line.broker_fee_amount;
    assert(item && order);
    const money = [
      { amount, unit: line.funds_unit },
      { amount: line.credit_amount, unit },
    ];
    return sumByUnit(money).flatMap((each) =>
      each.amount === 0
        ? []
        : moveAmount({
            ...each,
            from: { profile_id: item.provider_id, account: accounts.refund },
            to: { profile_id: item.provider_id, account: accounts.backlog },
            subject: fromSubjectColumns(order),
            description: 'Keep a balanced ledger',
          }),
    );
  });
}

/** Returns what a refund gave back as credit. `entries` are the posted ones of `returned`. */
function returnedAmounts(
  { lots }: RefundedCredit,
  entries: readonly Entry[],
  named: readonly { item: ChargeItem; entry: Entry }[],
): NotedAmount[] {
  return lots.flatMap(({ invoiced_entry_id, lot, amount, index }) => {
    const ledger_entry_id = entries[index]?.id;
    const order = named.find(({ item }) => item.invoiced_entry_id === invoiced_entry_id)?.entry;
    assert(ledger_entry_id !== undefined && order, 'each returned amount has an entry');
    const { description } = order;
    return { invoiced_entry_id, ledger_entry_id, kind: 'refund', description, credited: amount, lot };
  });
}

function postedEvent([entry]: readonly Entry[]): LedgerEventId {
  assert(entry, 'a refund posts entries');
  return entry.ledger_event_id;
}

/** Returns the amounts that entries of a refund give back to the customer, each with the order that it reduces. */
export function refundedAmounts(posted: readonly Entry[], charge: Charge, items: readonly ChargeItem[]) {
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
