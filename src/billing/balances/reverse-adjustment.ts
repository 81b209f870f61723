import assert from 'node:assert/strict';
import {
  accounts,
  type Entry,
  findEventEntries,
  findSubjectIncomes,
  fromSubjectColumns,
  isSameSubject,
  issueCreditNotes,
  lockSubjects,
  postEvent,
} from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { lockProfile } from '#profiles';
import {
  type Adjustment,
  adjustmentEventKey,
  findAdjustment,
  findOrder,
  reversalEntries,
  updateReversed,
} from '../adjustments/index.ts';
import { subscriptionIdOf } from '#subscriptions';
import { billingProblems } from '../problems.ts';
import { reviveWindows } from '../recognition/index.ts';
import { hasReturned } from '../records/index.ts';

/** Key of the ledger event that reverses an adjustment: the ledger refuses a second one. */
export const reversalEventKey = ({ key }: Pick<Adjustment, 'key'>): string => `reversal:${key}`;

/**
 * Reverses an adjustment of a provider by a second ledger event: the payer owes again what was written off or paid
 * elsewhere, and an imported sale is taken back with its payment.
 *
 * Locks: the payer's profile, then the adjustment, so that of two reversals one is refused.
 * @throws adjustment_unknown (404), adjustment_reversed (409); adjustment_settled (409) for a payment or write-off of a
 *   request that has ended, and for a write-off that a credit note took back
 */
export async function reverseAdjustment(ctx: Context, provider_id: ProfileId, key: string): Promise<Adjustment> {
  return inTransaction(ctx.db, async (tx) => {
    const found = await findAdjustment(tx, provider_id, key);
    if (!found) throw billingProblems.adjustment_unknown();
    await lockProfile(tx, found.profile_id);
    const at = ctx.clock.now();
    const adjustment = await updateReversed(tx, found.id, { by: actorId(ctx), at });
    if (!adjustment) throw billingProblems.adjustment_reversed();
    const entries = await findEventEntries(tx, adjustmentEventKey(adjustment));
    assert(entries, 'an adjustment has a ledger event');
    if (adjustment.kind !== 'import') await requireOpenRequests(tx, entries);
    if (adjustment.kind === 'write_off') await requireWrittenOff(tx, entries);
    const posted = await postEvent(tx, {
      key: reversalEventKey(adjustment),
      kind: 'reversal',
      at,
      entries: reversalEntries(entries.map(({ id: _, ledger_event_id: _event, rank: _rank, ...entry }) => entry)),
    });
    if (adjustment.kind === 'import') await noteReversal(tx, findOrder(entries), posted, at);
    await reviveWindows(
      tx,
      entries.flatMap((entry) => fromSubjectColumns(entry) ?? []),
    );
    return adjustment;
  });
}

/** @throws adjustment_settled (409): the order of an ended request must not be due again */
async function requireOpenRequests(tx: Tx, entries: readonly Entry[]): Promise<void> {
  const subjects = entries.flatMap((entry) => fromSubjectColumns(entry) ?? []);
  const ids = subjects.flatMap((subject) => subscriptionIdOf(subject) ?? []);
  for (const id of new Set(ids)) if (await hasReturned(tx, id)) throw billingProblems.adjustment_settled();
}

/**
 * @throws adjustment_settled (409) if less than these entries wrote off is still written off: a credit note over unused
 * time took a part back. Locks: as `lockSubjects`.
 */
async function requireWrittenOff(tx: Tx, entries: readonly Entry[]): Promise<void> {
  const written_off = entries.filter(({ dest_account }) => dest_account === accounts.canceled);
  const subjects = written_off.flatMap((entry) => fromSubjectColumns(entry) ?? []);
  await lockSubjects(tx, subjects);
  const incomes = await findSubjectIncomes(tx, subjects);
  for (const entry of written_off) {
    const subject = fromSubjectColumns(entry);
    const left = incomes.find(
      (each) => subject !== null && isSameSubject(each.subject, subject) && each.unit === entry.dest_unit,
    );
    if ((left?.canceled ?? 0) < entry.dest_amount) throw billingProblems.adjustment_settled();
  }
}

/** Issues the credit note of an imported sale that is taken back: its provider returned the money. */
async function noteReversal(tx: Tx, order: Entry | undefined, posted: readonly Entry[], at: Date): Promise<void> {
  const back = posted.find(
    ({ orig_account, dest_account }) => orig_account === accounts.payable && dest_account === accounts.receivable,
  );
  if (!order || !back) return;
  const { id, ledger_event_id, description } = back;
  const amounts = { invoiced_entry_id: order.id, ledger_entry_id: id, description, refunded: order.dest_amount };
  await issueCreditNotes(tx, { ledger_event_id, at }, [{ ...amounts, kind: 'refund' }]);
}
