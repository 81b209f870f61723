import { wholeAmount } from '#kernel/money';
import type { ChangeFacts, ChangeRequest, CollectedLine, OrderedLine, PlannedChange, PlannedNote } from './change.ts';

/**
 * Decides what credit pays and what the card pays. A change that charges anything collects the whole balance of the
 * subscription; less than the least charge stays due.
 */
export function pay(
  facts: ChangeFacts,
  { leave_due }: ChangeRequest,
  notes: readonly PlannedNote[],
  ordered: readonly OrderedLine[],
): Pick<PlannedChange, 'collected' | 'credit' | 'charge_amount' | 'due_after'> {
  const due = dueAfterNotes(facts, notes);
  const noted = sum(notes.map(({ credit }) => credit));
  const before = creditOf(facts);
  const available = before + noted;
  const priced = sum(ordered.map(({ amount }) => amount));
  const owed = sum(due.map(({ amount }) => amount));
  const used = wholeAmount({ amount: Math.min(available, priced), unit: facts.to.unit });
  const missing = priced - used;
  const charge = missing === 0 || leave_due ? 0 : missing + owed;
  const is_charged = charge > 0 && charge >= facts.charge_min;
  return {
    collected: is_charged ? due : [],
    credit: { before, noted, used, after: available - used },
    charge_amount: is_charged ? charge : 0,
    due_after: missing + owed - (is_charged ? charge : 0),
  };
}

/** Returns the unpaid orders of the subscription, less what the credit notes reduce. */
function dueAfterNotes({ due, to }: ChangeFacts, notes: readonly PlannedNote[]): CollectedLine[] {
  return due.flatMap(({ line_id, entry_id, subject, description, amount, order_number }): CollectedLine[] => {
    const note = line_id === null ? undefined : notes.find((each) => each.line_id === line_id);
    const left = wholeAmount({ amount: amount - (note?.due ?? 0), unit: to.unit });
    if (left <= 0) return [];
    const kind = subject.part === null || subject.part === '' ? 'balance' : 'use';
    const covers = { covers_from: null, covers_to: null };
    return [{ kind, description, amount: left, unit: to.unit, ...covers, order_number, entry_id, subject }];
  });
}

/** Returns the credit that the subscriber has before the change. */
export function creditOf({ lots }: Pick<ChangeFacts, 'lots'>): number {
  return sum(lots.map(({ balance }) => balance));
}

/** Adds up amounts. */
export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
