import { fromSubjectColumns, isSameSubject, moveAmount, type NewEntry, accounts, type SubjectBalance } from '#ledger';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { UsedOfOrder } from '../credits/index.ts';
import type { OrderLine } from '../records/index.ts';

/** Booked line that was ordered for a requested subscription. */
export interface RequestLine extends Pick<
  OrderLine,
  'id' | 'kind' | 'provider_id' | 'amount' | 'unit' | 'subject_kind' | 'subject_id' | 'subject_part' | 'description'
> {
  ledger_entry_id: LedgerEntryId;
  /** Profile that ordered the line. */
  payer_id: ProfileId;
}

/** Unpaid part of a line, > 0. */
export interface Debt {
  line: RequestLine;
  amount: number;
}

/** Part of a line that credit paid and no refund returned, > 0. No charge pays the line. */
export type CreditedPart = Debt;

/** How the lines of a request are settled. Units: 1/100 of the unit of each line. */
export interface RequestSettlement {
  /** What is due on the lines, newest line first. */
  debts: Debt[];
  /** Lines that charges pay. */
  charged: RequestLine[];
  /** What credit alone paid. */
  credited: CreditedPart[];
  /** True if a part of a line was paid outside of the site or written off. */
  is_settled_elsewhere: boolean;
}

/**
 * Divides the lines of a request into what charges pay and what is due. `lines` are newest first, because payments
 * settle the oldest lines first; `covered` are the entries that charges pay; `due` are the amounts due on the subjects
 * of the lines; `credit` is what credit paid of the lines and was not returned. The line of a payment of a balance pays
 * other lines of its subject. Pure.
 */
export function divideLines(
  lines: readonly RequestLine[],
  covered: ReadonlySet<LedgerEntryId>,
  due: readonly SubjectBalance[],
  credit: ReadonlyMap<LedgerEntryId, Pick<UsedOfOrder, 'left'>>,
): RequestSettlement {
  const left = due.map((each) => ({ ...each }));
  const charged = lines.filter(({ ledger_entry_id }) => covered.has(ledger_entry_id));
  const creditOf = (line: RequestLine) => Math.min(line.amount, credit.get(line.ledger_entry_id)?.left ?? 0);
  const credited = lines.flatMap((line): CreditedPart[] => {
    const amount = covered.has(line.ledger_entry_id) ? 0 : creditOf(line);
    return amount > 0 ? [{ line, amount }] : [];
  });
  const open = lines.filter(
    ({ ledger_entry_id, kind, amount }) => amount > 0 && kind !== 'balance' && !covered.has(ledger_entry_id),
  );
  const debts = open.flatMap((line): Debt[] => {
    const owed = left.find((each) => isDueOn(each, line));
    const amount = Math.min(line.amount - creditOf(line), Math.max(0, owed?.amount ?? 0));
    if (!owed || amount <= 0) return [];
    owed.amount -= amount;
    return [{ line, amount }];
  });
  const isBalance = ({ kind }: RequestLine) => kind === 'balance';
  const paid = sumAmounts(charged.filter(isBalance)) + sumAmounts(debts) + sumAmounts(credited);
  return { debts, charged, credited, is_settled_elsewhere: sumAmounts(open) > paid };
}

function sumAmounts(each: readonly { amount: number }[]): number {
  return each.reduce((sum, { amount }) => sum + amount, 0);
}

function isDueOn({ subject, unit }: SubjectBalance, line: RequestLine): boolean {
  const own = fromSubjectColumns(line);
  return own !== null && unit === line.unit && isSameSubject(own, subject);
}

/** Makes the entries that take unpaid orders back: what their payers owe shrinks. @see docs/spec/billing.md 4.7 */
export function debtEntries(debts: readonly Debt[]): NewEntry[] {
  return debts.map(({ line, amount }) =>
    moveAmount({
      from: { profile_id: line.payer_id, account: accounts.payable },
      to: { profile_id: line.provider_id, account: accounts.receivable },
      amount,
      unit: line.unit,
      subject: fromSubjectColumns(line),
      description: `Take back ${line.description}`.slice(0, 500),
    }),
  );
}

/**
 * Makes the entries that take out of Backlog what earlier refunds of the lines paid back. `refunded` is in the unit of
 * the funds.
 */
export function refundedEntries(
  lines: readonly RequestLine[],
  refunded: readonly { entry_id: LedgerEntryId; amount: number; unit: string }[],
): NewEntry[] {
  return refunded.flatMap(({ entry_id, amount, unit }) => {
    const line = lines.find(({ ledger_entry_id }) => ledger_entry_id === entry_id);
    if (!line || amount === 0) return [];
    return moveAmount({
      from: { profile_id: line.provider_id, account: accounts.refund },
      to: { profile_id: line.provider_id, account: accounts.backlog },
      amount,
      unit,
      subject: fromSubjectColumns(line),
      description: 'Keep a balanced ledger',
    });
  });
}

/** Makes the entries that take out of Backlog what was returned as credit. */
export function creditedEntries(credited: readonly CreditedPart[]): NewEntry[] {
  return credited.map(({ line, amount }) => backlogEntry(line, accounts.refund, accounts.backlog, amount));
}

/**
 * Makes the entries that take back the income that was recognised of the lines: the request gave no access. `of` is
 * what was recognised, by line. What was due was recognised from Receivable.
 */
export function unearnedEntries(
  { debts, charged, credited }: RequestSettlement,
  of: ReadonlyMap<OrderLine['id'], number>,
) {
  const take = (line: RequestLine, from: typeof accounts.backlog | typeof accounts.receivable) => {
    const amount = of.get(line.id) ?? 0;
    return amount === 0 ? [] : [backlogEntry(line, from, accounts.income, amount)];
  };
  const unpaid = new Set(debts.map(({ line }) => line.id));
  const paid = [...charged, ...credited.map(({ line }) => line)].filter(({ id }) => !unpaid.has(id));
  return [
    ...paid.flatMap((line) => take(line, accounts.backlog)),
    ...debts.flatMap(({ line }) => take(line, accounts.receivable)),
  ];
}

function backlogEntry(
  line: RequestLine,
  from: typeof accounts.refund | typeof accounts.backlog | typeof accounts.receivable,
  to: typeof accounts.backlog | typeof accounts.income,
  amount: number,
): NewEntry {
  return moveAmount({
    from: { profile_id: line.provider_id, account: from },
    to: { profile_id: line.provider_id, account: to },
    amount,
    unit: line.unit,
    subject: fromSubjectColumns(line),
    description: 'Keep a balanced ledger',
  });
}
