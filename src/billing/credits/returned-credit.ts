import type { NewEntry } from '#ledger';
import type { CreditUseId, LedgerEntryId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { CreditReturn, RefundedCredit, RefundedLine } from '#payments';
import { paidOutEntry, returnedEntry } from './credit-entries.ts';
import {
  findPayoutUses,
  findUsesOfLines,
  insertLots,
  type NewLot,
  nextNumber,
  releasePayout,
  settlePayout,
  takeLotNumbers,
  type UseOfLine,
} from './credit-store.ts';
import { findLinesWithCredit } from './noted-line-store.ts';

/** Returns to which uses an amount is returned: the last use first, each up to what was not returned yet. Pure. */
export function planReturns(
  uses: readonly Pick<UseOfLine, 'use_id' | 'amount' | 'returned'>[],
  amount: number,
): { use_id: CreditUseId; amount: number }[] {
  let left = amount;
  return uses.toReversed().flatMap(({ use_id, ...use }) => {
    const returned = Math.min(left, use.amount - use.returned);
    left -= returned;
    return returned > 0 ? [{ use_id, amount: returned }] : [];
  });
}

/** What credit paid of orders, returned to new lots. The caller posts `entries`, then inserts `lots`. */
export interface ReturnedCredit {
  entries: readonly NewEntry[];
  lots: readonly NewLot[];
  /** The order of each lot. */
  orders: readonly LedgerEntryId[];
}

/**
 * Decides the return of amounts that credit paid of orders in the ledger: a new lot for each use, with the holder and
 * the source of the used lot. The entry takes it from Refund of the provider (`Credit → Refund`).
 */
export async function returnCredit(
  tx: Tx,
  wanted: readonly Pick<RefundedLine, 'invoiced_entry_id' | 'description' | 'credit_amount'>[],
  at: Date,
): Promise<ReturnedCredit> {
  const given = wanted.filter(({ credit_amount }) => credit_amount > 0);
  const lineOf = await findLinesWithCredit(
    tx,
    given.map(({ invoiced_entry_id }) => invoiced_entry_id),
  );
  const uses = await findUsesOfLines(tx, [...lineOf.values()].flat());
  const planned = given.flatMap(({ invoiced_entry_id, description, credit_amount }) => {
    const line_ids = lineOf.get(invoiced_entry_id) ?? [];
    const own = uses.filter(({ order_line_id }) => line_ids.includes(order_line_id));
    return planReturns(own, credit_amount).flatMap(({ use_id, amount }) => {
      const use = own.find((each) => each.use_id === use_id);
      return use ? [{ invoiced_entry_id, description, use, amount }] : [];
    });
  });
  const numbers = await takeLotNumbers(tx, planned.length);
  const lots = planned.map(({ use: { use_id, lot }, description, amount }): NewLot => {
    const { profile_id, provider_id, unit, is_refundable, source_line_id } = lot;
    return {
      id: nextNumber(numbers),
      profile_id,
      provider_id,
      unit,
      amount,
      balance: amount,
      is_refundable,
      source_line_id,
      description: description.slice(0, 500),
      created_by: null,
      created_at: at,
      returned_use_id: use_id,
    };
  });
  return {
    lots,
    entries: lots.map((lot) =>
      returnedEntry({ ...lot, credit_id: lot.id, description: `Credit for the refund of ${lot.description}` }),
    ),
    orders: planned.map(({ invoiced_entry_id }) => invoiced_entry_id),
  };
}

/** What credit paid of an order, and the part that was not returned. Units: 1/100 of its unit. */
export interface UsedOfOrder {
  used: number;
  left: number;
}

/** Finds what credit paid of orders in the ledger, by entry; orders without credit are absent. */
export async function findUsedCredit(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, UsedOfOrder>> {
  const lineOf = await findLinesWithCredit(reader, entry_ids);
  const uses = await findUsesOfLines(reader, [...lineOf.values()].flat());
  return new Map(
    [...lineOf].map(([entry_id, line_ids]) => {
      const own = uses.filter(({ order_line_id }) => line_ids.includes(order_line_id));
      const used = own.reduce((sum, { amount }) => sum + amount, 0);
      return [entry_id, { used, left: used - own.reduce((sum, { returned }) => sum + returned, 0) }];
    }),
  );
}

/** Implements what refunds of charges do to credit. */
export const creditReturn: CreditReturn = {
  async book(tx, refund, lines, at): Promise<RefundedCredit> {
    if (refund.is_payout) return bookPayout(tx, refund.id);
    const { entries, lots, orders } = await returnCredit(tx, lines, at);
    return {
      entries,
      lots: lots.flatMap(({ id, amount }, index) => {
        const invoiced_entry_id = orders[index];
        return invoiced_entry_id === undefined ? [] : [{ invoiced_entry_id, lot: Number(id), amount, index }];
      }),
      save: (saving, ledger_event_id) => insertLots(saving, ledger_event_id, lots),
    };
  },
  release: releasePayout,
};

async function bookPayout(tx: Tx, refund_id: Parameters<CreditReturn['release']>[1]): Promise<RefundedCredit> {
  const uses = await findPayoutUses(tx, refund_id);
  return {
    entries: uses.map(({ credit_id, provider_id, amount, unit }) =>
      paidOutEntry({ credit_id, provider_id, amount, unit, description: 'Credit paid out' }),
    ),
    lots: [],
    save: (saving, ledger_event_id) => settlePayout(saving, refund_id, ledger_event_id),
  };
}
