import { findRefundedFunds } from '#payments';
import { type Entry, issueCreditNotes, type NotedAmount, postEvent } from '#ledger';
import type { LedgerEntryId, UserId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { Subscription } from '#subscriptions';
import {
  insertLots,
  noteCredit,
  notedAmounts,
  type NotedCredit,
  returnCredit,
  type ReturnedCredit,
  saveNotedCredit,
} from '../credits/index.ts';
import {
  creditedEntries,
  type Debt,
  debtEntries,
  forgivenEntries,
  refundedEntries,
  type RequestLine,
  type RequestSettlement,
  takenBack,
  unearnedEntries,
} from './request.ts';
import { closeUnservedCoverages, findRecognised } from './request-store.ts';

/**
 * Posts what takes unpaid and written off orders back, what returns to credit, what earlier refunds left in Backlog,
 * income of time that was not served, and what was paid outside of the site, which becomes credit of its payer. Issues
 * the credit notes and closes the coverages. The refunds of charges post their own events.
 */
export async function closeBooks(
  tx: Tx,
  { id }: Pick<Subscription, 'id'>,
  lines: readonly RequestLine[],
  settlement: RequestSettlement,
  { at, created_by }: { at: Date; created_by: UserId | null },
): Promise<void> {
  const { charged, credited } = settlement;
  const taken_back = takenBack(settlement);
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
  const noted = await noteElsewhere(tx, settlement, { at, created_by });
  const restored = forgivenEntries(settlement.forgiven);
  const entries = [
    ...restored,
    ...debtEntries(taken_back),
    ...returned.entries,
    ...creditedEntries(credited),
    ...refundedEntries(charged, refunded),
    ...unearned,
    ...noted.flatMap((each) => each.entries),
  ];
  if (entries.length === 0) return;
  const posted = await postEvent(tx, { key: `decline:${id}`, kind: 'decline', at, entries });
  const [first] = posted;
  if (!first) return;
  const { ledger_event_id } = first;
  await insertLots(tx, ledger_event_id, returned.lots);
  const amounts = [
    ...notedDebts(taken_back, posted.slice(restored.length)),
    ...notedCredit(
      returned,
      lines,
      posted.slice(restored.length + taken_back.length).map((entry) => entry.id),
    ),
  ];
  let next = posted.length - noted.reduce((sum, each) => sum + each.entries.length, 0);
  for (const each of noted) {
    const own = posted.slice(next, next + each.entries.length);
    next += own.length;
    await saveNotedCredit(tx, each, own, { at });
    amounts.push(...notedAmounts(each, own));
  }
  await issueCreditNotes(tx, { ledger_event_id, at }, amounts);
}

/** Decides the credit for what was paid outside of the site: its provider has the money. One note for each payer. */
async function noteElsewhere(
  tx: Tx,
  { elsewhere }: RequestSettlement,
  by: { at: Date; created_by: UserId | null },
): Promise<NotedCredit[]> {
  const noted: NotedCredit[] = [];
  const payers = Map.groupBy(elsewhere, ({ line }) => line.payer_id);
  for (const [holder_id, parts] of [...payers].toSorted(([a], [b]) => a - b)) {
    const wanted = parts.map(({ line, amount }) => ({
      order_line_id: line.id,
      amount,
      decided: { due: 0, credit: amount },
      kind: 'unused_time' as const,
    }));
    noted.push(await noteCredit(tx, wanted, { ...by, holder_id }));
  }
  return noted;
}

function notedDebts(taken_back: readonly Debt[], posted: readonly Entry[]): NotedAmount[] {
  return taken_back.flatMap(({ line, amount }, index) => {
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
