import assert from 'node:assert/strict';
import {
  accounts,
  type Entry,
  findEntries,
  findHoldings,
  findUnpaidIncome,
  lockSubjects,
  fromSubjectColumns,
  type Holding,
  type LedgerSubject,
  type NewEvent,
  type SubjectBalance,
  subjectText,
} from '#ledger';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { type Charge, type ChargeItem, chargeSubject, type Parties } from '../records/index.ts';
import type { Funds } from '../processors/index.ts';
import { distributeCharge } from './distribution.ts';
import { type LineEntries, paymentEntries } from './payment-entries.ts';

/** A line of a charge with the facts of the order that it pays. `amount` is what the card pays of it. */
export interface ChargeLine extends Pick<ChargeItem, 'provider_id' | 'amount' | 'broker_fee_percent'> {
  payer_id: ProfileId;
  subject: LedgerSubject;
  /** Unit of the order. */
  unit: string;
  /** Subscriber and plan of the line in documented texts (`xia:basic`); empty: `description` stands in. */
  event_label: string;
  /** Text of the order in the ledger. */
  description: string;
  /** Balance of the payer's Payable on the subject before the payment, the order included. */
  payable: number;
  /** Income on the subject that was taken from Receivable before the payment. */
  unpaid_income: number;
}

/** Entries of a line, as the columns of its item name them. */
export type LineLinks = Pick<ChargeItem, 'fee_entry_id' | 'broker_fee_entry_id' | 'distribute_entry_id'>;

/** The event that books a paid charge. */
export interface ChargePayment {
  event: NewEvent;
  /** Entries of each line, by index. */
  links: readonly LineEntries[];
}

/** Builds the event that books the payment of a charge, at the instant of the charge. Pure. */
export function buildPayment(
  charge: Charge,
  funds: Funds,
  { broker_id, processor_id }: Omit<Parties, 'customer_id'>,
  lines: readonly ChargeLine[],
): ChargePayment {
  assertLinesOf(charge, lines);
  for (const { unit } of lines) assert.equal(unit, charge.unit, 'a charge is in the unit of its orders');
  const distributions = distributeCharge(lines, funds);
  const { entries, links } = paymentEntries(
    { ...charge, subject: chargeSubject(charge.id), funds_unit: funds.unit },
    { customer_id: charge.profile_id, processor_id, broker_id },
    lines.map((line, index) => {
      const distribution = distributions[index];
      assert(distribution);
      return { ...line, label: line.event_label || line.description, distribution };
    }),
  );
  const { processor_key, created_at: at } = charge;
  return { event: { key: `charge:${processor_key}`, kind: 'charge', receipt_key: processor_key, at, entries }, links };
}

/** Returns the entries of each line among the posted entries of a payment. */
export function linksOf({ links }: ChargePayment, posted: readonly Entry[]): LineLinks[] {
  const idAt = (rank: number | null): LedgerEntryId | null => (rank === null ? null : (posted[rank]?.id ?? null));
  return links.map((link) => ({
    fee_entry_id: idAt(link.fee),
    broker_fee_entry_id: idAt(link.broker_fee),
    distribute_entry_id: idAt(link.distribute),
  }));
}

export function assertLinesOf(charge: Pick<Charge, 'amount'>, lines: readonly { amount: number }[]): void {
  assert.equal(
    lines.reduce((sum, { amount }) => sum + amount, 0),
    charge.amount,
    'the lines of a charge make its amount',
  );
}

/** A line with its title in mails; `description` stands in for an empty one. */
export type PlannedLine = ChargeLine & {
  title: string;
  /** Part of the order that credit paid. */
  credit_amount: number;
};

type PostedFact = 'provider_id' | 'amount' | 'credit_amount' | 'broker_fee_percent' | 'event_label' | 'title';

/** Loads the facts of the orders that were posted before the charge: two statements for all lines. */
export async function findPostedLines(
  tx: Tx,
  unit: string,
  items: readonly (Pick<ChargeItem, PostedFact> & { invoiced_entry_id: LedgerEntryId })[],
): Promise<PlannedLine[]> {
  const invoiced = await findEntries(
    tx,
    items.map(({ invoiced_entry_id }) => invoiced_entry_id),
  );
  const lines = items.map(({ invoiced_entry_id, ...item }) => {
    const entry = invoiced.get(invoiced_entry_id);
    const subject = entry && fromSubjectColumns(entry);
    assert(entry && subject, 'the ledger has an entry for each line of a charge');
    const { description, dest_profile_id: payer_id, dest_unit } = entry;
    return { ...item, payer_id, subject, unit: dest_unit, description };
  });
  const subjects = lines.map(({ subject }) => subject);
  await lockSubjects(tx, subjects);
  const [payables, incomes] = await mergeReads(tx, [
    (together) => findHoldings(together, subjects, accounts.payable),
    (together) => findUnpaidIncome(together, subjects),
  ]);
  return matchBalances(lines, { payables, incomes }, unit);
}

/**
 * Returns lines with the Payable of their payers and the unpaid income on their subjects, in one pass over each list.
 * Pure.
 */
export function matchBalances<Line extends { payer_id: ProfileId; subject: LedgerSubject }>(
  lines: readonly Line[],
  { payables, incomes }: { payables: readonly Holding[]; incomes: readonly SubjectBalance[] },
  unit: string,
): (Line & { payable: number; unpaid_income: number })[] {
  const payableOf = new Map(
    payables.flatMap((each) =>
      each.unit === unit ? [[`${each.profile_id} ${subjectText(each.subject)}`, each.amount]] : [],
    ),
  );
  const incomeOf = new Map(
    incomes.flatMap((each) => (each.unit === unit ? [[subjectText(each.subject), each.amount]] : [])),
  );
  return lines.map((line) => {
    const subject = subjectText(line.subject);
    const payable = payableOf.get(`${line.payer_id} ${subject}`) ?? 0;
    return { ...line, payable, unpaid_income: incomeOf.get(subject) ?? 0 };
  });
}
