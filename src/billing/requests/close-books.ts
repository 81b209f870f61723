import { findRefundedFunds } from '#payments';
import { type Entry, issueCreditNotes, type NotedAmount, postEvent } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { Subscription } from '#subscriptions';
import { insertLots, returnCredit, type ReturnedCredit } from '../credits/index.ts';
import {
  creditedEntries,
  debtEntries,
  refundedEntries,
  type RequestLine,
  type RequestSettlement,
  unearnedEntries,
} from './request.ts';
import { closeUnservedCoverages, findRecognised } from './request-store.ts';

/**
 * Posts what takes unpaid orders back, what returns to credit, what earlier refunds left in Backlog, and income of time
 * that was not served. Issues the credit notes and closes the coverages. The refunds of charges post their own events.
 */
export async function closeBooks(
  tx: Tx,
  { id }: Pick<Subscription, 'id'>,
  lines: readonly RequestLine[],
  settlement: RequestSettlement,
  at: Date,
): Promise<void> {
  const { debts, charged, credited } = settlement;
  const line_ids = lines.map((line) => line.id);
  const refunded = await findRefundedFunds(
    tx,
    charged.map(({ ledger_entry_id }) => ledger_entry_id),
  );
  const returned = await returnCredit(
    tx,
    credited.map(({ line, amount }) => ({
      invoiced_entry_id: line.ledger_entry_id,
      description: line.description,
      credit_amount: amount,
    })),
    at,
  );
  const unearned = unearnedEntries(settlement, await findRecognised(tx, line_ids));
  await closeUnservedCoverages(tx, line_ids);
  const entries = [
    ...debtEntries(debts),
    ...returned.entries,
    ...creditedEntries(credited),
    ...refundedEntries(charged, refunded),
    ...unearned,
  ];
  if (entries.length === 0) return;
  const posted = await postEvent(tx, { key: `decline:${id}`, kind: 'decline', at, entries });
  const [first] = posted;
  if (!first) return;
  const { ledger_event_id } = first;
  await insertLots(tx, ledger_event_id, returned.lots);
  const amounts = [
    ...notedDebts(settlement, posted),
    ...notedCredit(
      returned,
      lines,
      posted.slice(debts.length).map((entry) => entry.id),
    ),
  ];
  await issueCreditNotes(tx, { ledger_event_id, at }, amounts);
}

function notedDebts({ debts }: RequestSettlement, posted: readonly Entry[]): NotedAmount[] {
  return debts.flatMap(({ line, amount }, index) => {
    const entry = posted[index];
    if (!entry) return [];
    return {
      invoiced_entry_id: line.ledger_entry_id,
      ledger_entry_id: entry.id,
      kind: 'unpaid_end' as const,
      description: entry.description,
      due_reduced: amount,
    };
  });
}

/** Returns what the documents state of credit that is returned. `entry_ids` are those of `returned`, in its order. */
function notedCredit(
  { lots, orders }: ReturnedCredit,
  lines: readonly RequestLine[],
  entry_ids: readonly LedgerEntryId[],
): NotedAmount[] {
  return lots.flatMap((lot, index) => {
    const [invoiced_entry_id, ledger_entry_id] = [orders[index], entry_ids[index]];
    const line = lines.find((each) => each.ledger_entry_id === invoiced_entry_id);
    if (invoiced_entry_id === undefined || ledger_entry_id === undefined || !line) return [];
    const { description } = line;
    const kind = 'refund' as const;
    return { invoiced_entry_id, ledger_entry_id, kind, description, credited: lot.amount, lot: Number(lot.id) };
  });
}
