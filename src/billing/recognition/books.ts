import assert from 'node:assert/strict';
import { type ConvertedPayments, type LedgerSubject, type SubjectIncome, subjectText } from '#ledger';

/** Accounts of a provider that income is taken from. */
export interface IncomePart {
  account: 'Backlog' | 'Receivable';
  amount: number;
  unit: string;
}

/** Rows of the ledger that break a rule of recognition. The jobs leave the profile alone until the broker retries. */
export class BooksViolation extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'BooksViolation';
  }
}

/** Amounts from which the income of subjects is taken, as the operations of one transaction leave them. */
export interface Books {
  /**
   * Takes income of a subject: first from payments, the rest from the debt. What was written off before it was earned
   * is not taken. Returns the amount that was taken, in the unit of the order.
   * @throws BooksViolation if neither has the amount
   */
  take(subject: LedgerSubject, unit: string, amount: number): { parts: IncomePart[]; amount: number };
  /** True if payments cover an amount. */
  isPaid(subject: LedgerSubject, unit: string, amount: number): boolean;
}

/** Payments that the processor converted, with the income in the unit of the order that was taken from them. */
export interface ConvertedIncome extends ConvertedPayments {
  earned: number;
}

/**
 * Makes the books of subjects. Pure.
 *
 * A write-off takes the time that is not earned first, which is not recognised then; what was earned stays income.
 * Income of a converted payment is in the unit of the funds, in proportion to the payment.
 */
export function openBooks(incomes: readonly SubjectIncome[], converted: readonly ConvertedIncome[] = []): Books {
  const byKey = new Map(incomes.map((income) => [keyOf(income.subject, income.unit), { ...income }]));
  const exchanges = converted.map((each) => ({ ...each }));
  const accountOf = (subject: LedgerSubject, unit: string): SubjectIncome => {
    const key = keyOf(subject, unit);
    const account = byKey.get(key) ?? { subject, unit, ...nothing };
    byKey.set(key, account);
    return account;
  };
  return {
    isPaid(subject, unit, amount) {
      const exchanged = exchangesOf(exchanges, subject, unit).reduce((sum, { paid, earned }) => sum + paid - earned, 0);
      return accountOf(subject, unit).backlog + exchanged >= amount;
    },
    take(subject, unit, amount) {
      const account = accountOf(subject, unit);
      requireSound(account);
      const parts: IncomePart[] = [];
      const backlog = Math.min(amount, Math.max(0, account.backlog));
      if (backlog > 0) parts.push({ account: 'Backlog', amount: backlog, unit });
      account.backlog -= backlog;
      let rest = amount - backlog;
      for (const exchange of exchangesOf(exchanges, subject, unit)) {
        const taken = Math.min(rest, exchange.paid - exchange.earned);
        const funds = fundsOf(exchange, exchange.earned + taken) - fundsOf(exchange, exchange.earned);
        if (funds > 0) parts.push({ account: 'Backlog', amount: funds, unit: exchange.funds_unit });
        exchange.earned += taken;
        rest -= taken;
      }
      const debt = Math.min(rest, Math.max(0, account.due - (account.advanced - account.canceled_earned)));
      if (debt > 0) parts.push({ account: 'Receivable', amount: debt, unit });
      account.advanced += debt;
      requireWrittenOff(account, rest - debt, amount);
      return { parts, amount: amount - (rest - debt) };
    },
  };
}

const nothing = {
  backlog: 0,
  due: 0,
  canceled: 0,
  canceled_earned: 0,
  advanced: 0,
  income: 0,
  is_converted: false,
};

function exchangesOf(exchanges: readonly ConvertedIncome[], subject: LedgerSubject, unit: string): ConvertedIncome[] {
  return exchanges.filter((each) => keyOf(each.subject, each.unit) === keyOf(subject, unit));
}

/** Returns the part of the received funds that stands for the first `amount` of the payment. */
function fundsOf({ paid, received }: ConvertedPayments, amount: number): number {
  assert(paid > 0, 'a payment has an amount');
  return Number((BigInt(received) * BigInt(amount)) / BigInt(paid));
}

function requireSound({ subject, unit, backlog, due, canceled, advanced, is_converted }: SubjectIncome): void {
  const text = subjectText(subject);
  if (backlog < 0 && !is_converted)
    throw new BooksViolation(`${text}: more is recognised than was paid, the Backlog is ${-backlog} ${unit}`);
  if (advanced < 0 || advanced > Math.max(0, due) + canceled)
    throw new BooksViolation(
      `${text}: ${advanced} taken from Receivable before the payment, ${due} due, ${canceled} written off, in ${unit}`,
    );
}

/** Requires that the income which is not taken was written off. */
function requireWrittenOff({ subject, unit, ...account }: SubjectIncome, left: number, amount: number): void {
  if (left <= account.canceled - account.canceled_earned) return;
  throw new BooksViolation(
    `${subjectText(subject)}: ${amount} ${unit} are earned, and ${left} of them are neither paid nor due`,
  );
}

function keyOf(subject: LedgerSubject, unit: string): string {
  return `${subjectText(subject)} ${unit}`;
}
