import assert from 'node:assert/strict';
import type { Selectable } from 'kysely';
import { assertAmount } from '#kernel/money';
import type { LedgerEntriesTable, ProfileId } from '#platform/db/db-schema';
import {
  fromSubjectColumns,
  isWellFormed,
  type LedgerSubject,
  type SubjectColumns,
  toSubjectColumns,
} from './subject.ts';

/**
 * The accounts of every profile. A balance is received less sent amounts, so its sign shows the owner of the money.
 *
 *  owner       account                                    normally
 *  subscriber  payable, liability, canceled               ≥ 0
 *  subscriber  refunded                                   ≤ 0
 *  provider    receivable, backlog, income, credit        ≤ 0
 *  provider    funds, expenses, offline, writeoff         ≥ 0
 *  both        refund, chargeback (also the processor's)  ≥ 0
 *  processor   withdraw                                   ≥ 0
 *  both        settled: marks a charge that paid a balance; it is part of no balance
 */
export const accounts = {
  payable: 'Payable',
  liability: 'Liability',
  refunded: 'Refunded',
  canceled: 'Canceled',
  settled: 'settled',
  receivable: 'Receivable',
  backlog: 'Backlog',
  income: 'Income',
  expenses: 'Expenses',
  funds: 'Funds',
  refund: 'Refund',
  chargeback: 'Chargeback',
  withdraw: 'Withdraw',
  offline: 'Offline',
  writeoff: 'Writeoff',
  credit: 'Credit',
} as const;

export type AccountName = (typeof accounts)[keyof typeof accounts];

/** A row of the ledger: an amount from one account to another. It is never updated or deleted. */
export type Entry = Selectable<LedgerEntriesTable>;

/** An account of one profile. */
export interface ProfileAccount {
  profile_id: ProfileId;
  account: AccountName;
}

/** An entry to post. Units: amounts in 1/100 of their unit, ≥ 0. */
export interface NewEntry extends SubjectColumns {
  description: string;
  orig_profile_id: ProfileId;
  orig_account: AccountName;
  orig_amount: number;
  orig_unit: string;
  dest_profile_id: ProfileId;
  dest_account: AccountName;
  dest_amount: number;
  dest_unit: string;
  /** Instant of the entry; the instant of its event when omitted. */
  created_at?: Date;
}

/** An amount in one unit from one account to another. */
export interface Movement {
  from: ProfileAccount;
  to: ProfileAccount;
  amount: number;
  unit: string;
  subject: LedgerSubject | null;
  description: string;
  created_at?: Date;
}

/** Makes the entry of a movement within one unit. */
export function moveAmount(movement: Movement): NewEntry {
  return convertAmount({ ...movement, to_amount: movement.amount, to_unit: movement.unit });
}

/**
 * Makes the entry of an amount that a processor converted: `amount unit` is sent, `to_amount to_unit` is received.
 * The event has further conversions, so that each unit balances.
 */
export function convertAmount(movement: Movement & { to_amount: number; to_unit: string }): NewEntry {
  return {
    description: movement.description,
    ...toSubjectColumns(movement.subject),
    orig_profile_id: movement.from.profile_id,
    orig_account: movement.from.account,
    orig_amount: movement.amount,
    orig_unit: movement.unit,
    dest_profile_id: movement.to.profile_id,
    dest_account: movement.to.account,
    dest_amount: movement.to_amount,
    dest_unit: movement.to_unit,
    ...(movement.created_at === undefined ? {} : { created_at: movement.created_at }),
  };
}

export type EntryRefusal =
  | 'amount_negative'
  | 'amounts_differ'
  | 'same_account'
  | 'unit_malformed'
  | 'subject_malformed';

/**
 * Returns the reason why an entry is invalid, or null. The database enforces the same rules with less specific errors.
 */
export function refuseEntry(entry: NewEntry): EntryRefusal | null {
  if (entry.orig_amount < 0 || entry.dest_amount < 0) return 'amount_negative';
  if (!/^[a-z]{3}$/.test(entry.orig_unit) || !/^[a-z]{3}$/.test(entry.dest_unit)) return 'unit_malformed';
  if (entry.orig_unit === entry.dest_unit && entry.orig_amount !== entry.dest_amount) return 'amounts_differ';
  if (
    entry.orig_profile_id === entry.dest_profile_id &&
    entry.orig_account === entry.dest_account &&
    entry.orig_unit === entry.dest_unit
  )
    return 'same_account';
  const subject = fromSubjectColumns(entry);
  if (subject !== null && !isWellFormed(subject)) return 'subject_malformed';
  return null;
}

/**
 * Returns the first unit, in alphabetical order, in which the entries of an event do not sum to zero, or null. The
 * database rejects such an event at commit.
 */
export function unbalancedUnit(entries: readonly NewEntry[]): string | null {
  const sums = new Map<string, bigint>();
  const add = (unit: string, amount: bigint) => sums.set(unit, (sums.get(unit) ?? 0n) + amount);
  for (const entry of entries) {
    add(entry.dest_unit, BigInt(entry.dest_amount));
    add(entry.orig_unit, -BigInt(entry.orig_amount));
  }
  const units = [...sums].filter(([, sum]) => sum !== 0n).map(([unit]) => unit);
  return units.toSorted()[0] ?? null;
}

/** Asserts that an entry is valid. */
export function assertEntry(entry: NewEntry): void {
  assertAmount(entry.orig_amount);
  assertAmount(entry.dest_amount);
  assert.equal(refuseEntry(entry), null, `ledger entry refused: ${refuseEntry(entry)} (${entry.description})`);
}
