import assert from 'node:assert/strict';
import {
  type Entry,
  findSubjectIncomes,
  fromSubjectColumns,
  type LedgerSubject,
  type NewEntry,
  type NotedAmount,
} from '#ledger';
import type { CreditId, OrderLineId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { addNotedAmounts, type ChargedPart, findChargedParts } from '#payments';
import { type NoteEntries, noteEntries } from './credit-entries.ts';
import { type NotableOrder, type NoteParts, splitNote } from './credit-note.ts';
import { insertLots, insertUses, type NewLot, nextNumber, findUsesOfLines, takeLotNumbers } from './credit-store.ts';
import { addNotes, findNotedLines, lockNotedLines, type NotedLine } from './noted-line-store.ts';
import { findForgivenParts, findUnpaidParts } from './unpaid-parts.ts';

/** What is given back of one order row. */
export interface WantedNote {
  order_line_id: OrderLineId;
  /** Unearned amount that was taken out of the coverages of the line (`G`), ≥ 0. */
  amount: number;
  kind: Exclude<NotedAmount['kind'], 'refund'>;
  /**
   * Parts of `amount` that the caller has decided, without the shares of refunds, which it books itself: a refund of
   * the same operation is no earlier one. Decided from what was paid when omitted.
   */
  decided?: Pick<NoteParts, 'due' | 'credit'>;
  /** Time that is given back; `covers_to` is exclusive. */
  covers_from?: Date | null;
  covers_to?: Date | null;
  /** Profile that gets the credit of this note; that of the operation when omitted. */
  holder_id?: ProfileId | undefined;
}

interface PlannedNote extends WantedNote, Omit<NoteEntries, 'entries'> {
  line: NotedLine;
  parts: NoteParts;
  credit_id: CreditId | null;
}

/** Credit notes that are decided. The caller posts `entries`, then calls `saveNotedCredit`. */
export interface NotedCredit {
  entries: readonly NewEntry[];
  /** New lots, one for each order row of which money became credit. */
  lots: readonly NewLot[];
  notes: readonly PlannedNote[];
}

/**
 * Decides credit notes over amounts of order rows: the entries, and the lots that arise. Takes the numbers of the lots
 * and writes nothing else. `holder_id` gets the credit: the payer, or the beneficiary of a gift, whose lots cannot be
 * paid out.
 *
 * The caller has locked the payer and the subscription, and closed the coverages. The entries belong to the ledger
 * event of the operation, after its recognition rows.
 * Locks: the order lines by id.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export async function noteCredit(
  tx: Tx,
  wanted: readonly WantedNote[],
  { holder_id, created_by, at }: { holder_id: ProfileId; created_by: UserId | null; at: Date },
): Promise<NotedCredit> {
  const given = wanted.filter(({ amount }) => amount > 0);
  const lines = await lockNotedLines(
    tx,
    given.map(({ order_line_id }) => order_line_id),
  );
  const facts = await loadFacts(tx, [...lines.values()], at);
  const split = given.map((note) => {
    const line = lines.get(note.order_line_id);
    assert(line, 'a credit note is about a line of a settled order');
    const { decided } = note;
    const parts = decided ? { ...decided, refund_share: 0, chargeback_share: 0 } : facts.split(line, note.amount);
    return { note, line, parts, forgiven: facts.reduce(line, parts.due) };
  });
  const numbers = await takeLotNumbers(tx, split.filter(({ parts }) => parts.credit > 0).length);
  const entries: NewEntry[] = [];
  const lots: NewLot[] = [];
  const notes = split.map(({ note, line, parts, forgiven }): PlannedNote => {
    const credit_id = parts.credit > 0 ? nextNumber(numbers) : null;
    const made = noteEntries({ ...line, subject: subjectOf(line) }, parts, credit_id, forgiven);
    const from = entries.length;
    entries.push(...made.entries);
    const profile_id = note.holder_id ?? holder_id;
    if (credit_id !== null)
      lots.push({
        id: credit_id,
        profile_id,
        provider_id: line.provider_id,
        unit: line.unit,
        amount: parts.credit,
        balance: parts.credit,
        is_refundable: profile_id === line.payer_id && facts.isPaidByCard(line),
        source_line_id: line.id,
        description: line.description.slice(0, 500),
        created_by,
        created_at: at,
        returned_use_id: null,
      });
    const placed = (index: number | null) => (index === null ? null : index + from);
    return {
      ...note,
      line,
      parts,
      credit_id,
      due_index: placed(made.due_index),
      credit_index: placed(made.credit_index),
    };
  });
  return { entries, lots, notes };
}

function subjectOf(line: NotedLine): LedgerSubject {
  const subject = fromSubjectColumns(line);
  assert(subject, 'an order has a subject');
  return subject;
}

/** Loads what was paid of the lines, and returns how to split a note. Two notes on one line share its debt. */
async function loadFacts(tx: Tx, lines: readonly NotedLine[], at: Date) {
  const orders = await loadNotable(tx, lines, at);
  return {
    split(line: NotedLine, amount: number): NoteParts {
      assert(line.noted_amount + amount <= line.amount, 'a credit note takes no more than the price');
      const order = orders.get(line.id);
      assert(order, 'the facts of each line were loaded');
      return splitNote(amount, order);
    },
    /** Reduces what is not paid of a line; returns the part of `due` that was written off. */
    reduce(line: NotedLine, due: number): number {
      const order = orders.get(line.id);
      assert(order, 'the facts of each line were loaded');
      const forgiven = forgivenPart(order, due);
      order.unpaid -= due;
      order.forgiven -= forgiven;
      order.noted_due += due;
      return forgiven;
    },
    isPaidByCard: (line: NotedLine): boolean => orders.get(line.id)?.is_paid_by_card === true,
  };
}

/** An order row with the source of its money. */
export interface NotableLine extends NotableOrder {
  /** Part of `unpaid` that was written off. */
  forgiven: number;
  /** True if a card or credit that can be paid out paid a part that was not given back. */
  is_paid_by_card: boolean;
}

/** Returns the part of a note's `due` that was written off: the debt shrinks first. Pure. */
export function forgivenPart({ unpaid, forgiven }: Pick<NotableLine, 'unpaid' | 'forgiven'>, due: number): number {
  return Math.max(0, Math.min(forgiven, due - (unpaid - forgiven)));
}

/** Finds order rows as credit notes over them would find them, for a preview. Locks nothing. */
export async function findNotableLines(
  reader: Reader,
  ids: readonly OrderLineId[],
  at: Date,
): Promise<Map<OrderLineId, NotableLine>> {
  return loadNotable(reader, [...(await findNotedLines(reader, ids)).values()], at);
}

async function loadNotable(
  reader: Reader,
  lines: readonly NotedLine[],
  at: Date,
): Promise<Map<OrderLineId, NotableLine>> {
  const entry_ids = lines.map(({ ledger_entry_id }) => ledger_entry_id);
  const line_ids = lines.map(({ id }) => id);
  const subjects = lines.map(subjectOf);
  const [unpaid, incomes, parts, uses] = await mergeReads(reader, [
    (together) => findUnpaidParts(together, subjects, at),
    (together) => findSubjectIncomes(together, subjects),
    (together) => findChargedParts(together, entry_ids),
    (together) => findUsesOfLines(together, line_ids),
  ]);
  const forgiven = await findForgivenParts(reader, incomes, { at, unpaid });
  return new Map(
    lines.map((line) => {
      const own = parts.filter(({ invoiced_entry_id }) => invoiced_entry_id === line.ledger_entry_id);
      const order: NotableLine = {
        price: line.amount,
        noted_due: line.noted_due,
        unpaid: (unpaid.get(line.ledger_entry_id) ?? 0) + (forgiven.get(line.ledger_entry_id) ?? 0),
        forgiven: forgiven.get(line.ledger_entry_id) ?? 0,
        ...sumGivenBack(own),
        is_paid_by_card:
          own.some((part) => part.state === 'done' && part.amount > part.refunded + part.paid_out) ||
          uses.some(({ order_line_id, lot }) => order_line_id === line.id && lot.is_refundable),
      };
      return [line.id, order];
    }),
  );
}

function sumGivenBack(parts: readonly ChargedPart[]): { refunded: number; charged_back: number } {
  let [refunded, charged_back] = [0, 0];
  for (const part of parts) {
    refunded += part.refunded;
    if (part.state === 'failed') charged_back += Math.max(0, part.amount - part.refunded - part.paid_out);
  }
  return { refunded, charged_back };
}

/** Use of a new lot by a line of an order of the same transaction. */
export interface UseOfNewLot {
  credit_id: CreditId;
  order_line_id: OrderLineId;
  amount: number;
}

/**
 * Saves decided credit notes: what the lines lost, what cannot be refunded any more, the lots, and their uses by orders
 * of the same event. `posted` are the entries of `noted.entries`, in the same order.
 */
export async function saveNotedCredit(
  tx: Tx,
  noted: NotedCredit,
  posted: readonly Entry[],
  { at, uses = [] }: { at: Date; uses?: readonly UseOfNewLot[] },
): Promise<void> {
  const [first] = posted;
  if (!first) return;
  await addNotes(
    tx,
    noted.notes.map(({ line, amount, parts }) => ({ id: line.id, noted_amount: amount, noted_due: parts.due })),
  );
  await addNotedAmounts(
    tx,
    noted.notes.flatMap(({ line, parts }) =>
      parts.credit > 0 ? [{ invoiced_entry_id: line.ledger_entry_id, amount: parts.credit }] : [],
    ),
  );
  const used = new Map<CreditId, number>();
  for (const { credit_id, amount } of uses) used.set(credit_id, (used.get(credit_id) ?? 0) + amount);
  await insertLots(
    tx,
    first.ledger_event_id,
    noted.lots.map((lot) => ({ ...lot, balance: lot.amount - (used.get(lot.id) ?? 0) })),
  );
  await insertUses(tx, first.ledger_event_id, uses, at);
}

/** Returns what the documents of credit notes state, for `issueCreditNotes` or `planNotesOf`. */
export function notedAmounts(noted: NotedCredit, posted: readonly Entry[]): NotedAmount[] {
  const idAt = (index: number | null) => (index === null ? undefined : posted[index]?.id);
  return noted.notes.flatMap((note): NotedAmount[] => {
    const [due_id, credit_id] = [idAt(note.due_index), idAt(note.credit_index)];
    const ledger_entry_id = credit_id ?? due_id;
    if (ledger_entry_id === undefined) return [];
    return [
      {
        invoiced_entry_id: note.line.ledger_entry_id,
        ledger_entry_id,
        due_entry_id: credit_id === undefined ? null : (due_id ?? null),
        kind: note.kind,
        description: note.line.description,
        due_reduced: note.parts.due,
        credited: note.parts.credit,
        lot: note.credit_id,
        covers_from: note.covers_from ?? null,
        covers_to: note.covers_to ?? null,
      },
    ];
  });
}
