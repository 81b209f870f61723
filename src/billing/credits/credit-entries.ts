import { accounts, describeNote, type LedgerSubject, moveAmount, type NewEntry } from '#ledger';
import type { CreditId, ProfileId } from '#platform/db/db-schema';
import { reversalEntries, writeOffEntries } from '../adjustments/index.ts';
import type { NoteParts } from './credit-note.ts';

/** Returns the subject of the ledger entries about a lot. */
export function creditSubject(id: CreditId): LedgerSubject {
  return { kind: 'crd', id: String(id), part: '' };
}

const BALANCED = 'Keep a balanced ledger';

/** Entries of the credit note on one order row, and the places of those that its document names. */
export interface NoteEntries {
  entries: NewEntry[];
  /** Indexes in `entries`; null without such an entry. */
  due_index: number | null;
  credit_index: number | null;
}

/**
 * Makes the entries of a credit note on an order row: what reduces the debt, the shares of refunds and lost disputes,
 * and the credit, which leaves Refunded in the same event. `credit_id` is null without credit. `forgiven` is the part
 * of `parts.due` that was written off: the write-off is taken back first, because that time is not sold any more.
 * @see docs/decisions/0083-credit-of-subscribers.md
 */
export function noteEntries(
  order: { payer_id: ProfileId; provider_id: ProfileId; subject: LedgerSubject; unit: string; description: string },
  parts: NoteParts,
  credit_id: CreditId | null,
  forgiven: number,
): NoteEntries {
  const { payer_id, provider_id, subject, unit } = order;
  const description = describeNote(order.description);
  const backlog = { profile_id: provider_id, account: accounts.backlog };
  const entries: NewEntry[] = forgiven === 0 ? [] : takenBackEntries(order, forgiven);
  const add = (entry: Parameters<typeof moveAmount>[0]) =>
    entry.amount === 0 ? null : entries.push(moveAmount(entry)) - 1;
  const due_index = add({
    from: { profile_id: payer_id, account: accounts.payable },
    to: { profile_id: provider_id, account: accounts.receivable },
    amount: parts.due,
    unit,
    subject,
    description,
  });
  for (const [account, amount] of [
    [accounts.refund, parts.refund_share],
    [accounts.chargeback, parts.chargeback_share],
  ] as const)
    add({ from: { profile_id: provider_id, account }, to: backlog, amount, unit, subject, description });
  const refunded = { profile_id: payer_id, account: accounts.refunded };
  const credit_index = add({ from: refunded, to: backlog, amount: parts.credit, unit, subject, description });
  if (credit_id !== null)
    add({
      from: { profile_id: provider_id, account: accounts.credit },
      to: refunded,
      amount: parts.credit,
      unit,
      subject: creditSubject(credit_id),
      description: BALANCED,
    });
  return { entries, due_index, credit_index };
}

/** Makes the entries that take back what was written off of an order. */
function takenBackEntries(
  { payer_id, provider_id, subject, unit, description }: Parameters<typeof noteEntries>[0],
  amount: number,
): NewEntry[] {
  const part = { provider_id, subject, unit, amount, label: description, payable: amount, unpaid_income: 0 };
  return reversalEntries(writeOffEntries(payer_id, { provider_id, unit, amount, parts: [part] }));
}

/** Part of a lot that pays an order row. Units: amounts in 1/100 of `unit`. */
export interface UsedCredit {
  credit_id: CreditId;
  /** The holder. */
  holder_id: ProfileId;
  provider_id: ProfileId;
  subject: LedgerSubject;
  amount: number;
  unit: string;
  /** Payable of the holder on the subject before. */
  payable: number;
  /** Income on the subject that was taken from Receivable. */
  unpaid_income: number;
}

/** Makes the entries of the use of a lot for an order row: those of a payment, with the lot in place of the charge. */
export function useEntries(use: UsedCredit): NewEntry[] {
  const { holder_id, provider_id, subject, amount, unit } = use;
  const description = 'Credit used';
  const liability = { profile_id: holder_id, account: accounts.liability };
  const [backlog, receivable] = [
    { profile_id: provider_id, account: accounts.backlog },
    { profile_id: provider_id, account: accounts.receivable },
  ];
  const owed = Math.min(amount, use.payable);
  const late = Math.min(amount, use.unpaid_income);
  return [
    moveAmount({
      from: liability,
      to: { profile_id: provider_id, account: accounts.credit },
      amount,
      unit,
      subject: creditSubject(use.credit_id),
      description,
    }),
    ...(owed <= 0
      ? []
      : [
          moveAmount({
            from: { profile_id: holder_id, account: accounts.payable },
            to: liability,
            amount: owed,
            unit,
            subject,
            description: BALANCED,
          }),
        ]),
    moveAmount({ from: backlog, to: receivable, amount, unit, subject, description }),
    ...(late <= 0 ? [] : [moveAmount({ from: receivable, to: backlog, amount: late, unit, subject, description })]),
  ];
}

/** An amount of one lot. */
interface LotAmount {
  credit_id: CreditId;
  provider_id: ProfileId;
  amount: number;
  unit: string;
  description: string;
}

/** Makes the entry of credit that the provider gives without a sale. */
export function givenEntry(given: LotAmount): NewEntry {
  return lotEntry(given, accounts.credit, accounts.writeoff);
}

/** Makes the entry of credit that a refund returns, because credit paid. */
export function returnedEntry(returned: LotAmount): NewEntry {
  return lotEntry(returned, accounts.credit, accounts.refund);
}

/** Makes the entry of credit that a refund of its source order paid out. */
export function paidOutEntry(paid: LotAmount): NewEntry {
  return lotEntry(paid, accounts.refund, accounts.credit);
}

function lotEntry(
  { credit_id, provider_id, amount, unit, description }: LotAmount,
  from: typeof accounts.credit | typeof accounts.refund,
  to: typeof accounts.credit | typeof accounts.refund | typeof accounts.writeoff,
): NewEntry {
  return moveAmount({
    from: { profile_id: provider_id, account: from },
    to: { profile_id: provider_id, account: to },
    amount,
    unit,
    subject: creditSubject(credit_id),
    description,
  });
}
