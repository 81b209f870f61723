import { fromSubjectColumns, isSameSubject, moveAmount, type NewEntry, accounts, type SubjectBalance } from '#ledger';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import { reversalEntries, writeOffEntries } from '../adjustments/index.ts';
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
  /** What was written off, newest line first. */
  forgiven: Debt[];
  /** What the provider received outside of the site, newest line first. */
  elsewhere: Debt[];
}

/**
 * Divides the lines of a request into what charges pay and what is due. `lines` are newest first, because payments
 * settle the oldest lines first; `covered` are the entries that charges pay; `due` are the amounts due on the subjects
 * of the lines; `credit` is what credit paid of the lines and was not returned; `written_off` is what was written off
 * on the subjects. The line of a payment of a balance pays other lines of its subject. Pure.
 */
export function divideLines(
  lines: readonly RequestLine[],
  covered: ReadonlySet<LedgerEntryId>,
  due: readonly SubjectBalance[],
  credit: ReadonlyMap<LedgerEntryId, Pick<UsedOfOrder, 'left'>>,
  written_off: readonly SubjectBalance[],
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
  const owed = new Map(debts.map(({ line, amount }) => [line.id, amount]));
  const paid = open.map((line) => ({ line, amount: line.amount - creditOf(line) - (owed.get(line.id) ?? 0) }));
  const balances = charged.filter(({ kind }) => kind === 'balance').flatMap(toSettled);
  const [, received] = divideParts(paid, balances);
  const [forgiven, elsewhere] = divideParts(received, written_off);
  return { debts, charged, credited, forgiven, elsewhere };
}

function toSettled(line: RequestLine): SubjectBalance[] {
  const subject = fromSubjectColumns(line);
  return subject ? [{ subject, unit: line.unit, amount: line.amount }] : [];
}

/** Divides parts of lines into those that `settled` settled, and the others. */
function divideParts(parts: readonly Debt[], settled: readonly SubjectBalance[]): [taken: Debt[], others: Debt[]] {
  const left = settled.map((each) => ({ ...each }));
  const [taken, others]: [Debt[], Debt[]] = [[], []];
  for (const { line, amount } of parts) {
    let rest = amount;
    for (const each of left.filter((candidate) => isDueOn(candidate, line))) {
      const part = Math.max(0, Math.min(rest, each.amount));
      each.amount -= part;
      rest -= part;
    }
    if (amount > rest) taken.push({ line, amount: amount - rest });
    if (rest > 0) others.push({ line, amount: rest });
  }
  return [taken, others];
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

/** Makes the entries that take write-offs back: nothing was sold, so that nothing was lost. */
export function forgivenEntries(forgiven: readonly Debt[]): NewEntry[] {
  return forgiven.flatMap(({ line, amount }) => {
    const { provider_id, unit, description } = line;
    const subject = fromSubjectColumns(line);
    if (subject === null) return [];
    const part = { provider_id, unit, amount, subject, label: description, payable: amount, unpaid_income: 0 };
    return reversalEntries(writeOffEntries(line.payer_id, { provider_id, unit, amount, parts: [part] }));
  });
}

/** Adds up what is due and what was written off, by line in their order. */
export function takenBack({ debts, forgiven }: Pick<RequestSettlement, 'debts' | 'forgiven'>): Debt[] {
  const byLine = Map.groupBy([...debts, ...forgiven], ({ line }) => line);
  return [...byLine].map(([line, parts]) => ({ line, amount: parts.reduce((sum, { amount }) => sum + amount, 0) }));
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
  { debts, charged, credited, forgiven, elsewhere }: RequestSettlement,
  of: ReadonlyMap<OrderLine['id'], number>,
) {
  const take = (line: RequestLine, from: typeof accounts.backlog | typeof accounts.receivable) => {
    const amount = of.get(line.id) ?? 0;
    return amount === 0 ? [] : [backlogEntry(line, from, accounts.income, amount)];
  };
  const taken_back = takenBack({ debts, forgiven });
  const unpaid = new Set(taken_back.map(({ line }) => line.id));
  const settled = new Set([...charged, ...[...credited, ...elsewhere].map(({ line }) => line)]);
  const paid = [...settled].filter(({ id }) => !unpaid.has(id));
  return [
    ...paid.flatMap((line) => take(line, accounts.backlog)),
    ...taken_back.flatMap(({ line }) => take(line, accounts.receivable)),
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
