import assert from 'node:assert/strict';
import { type NewEntry, subjectText } from '#ledger';
import type { CreditId, OrderLineId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { PlannedLine } from '#payments';
import {
  findOrderUses,
  type NotedCredit,
  type PlannedUse,
  planUses,
  useEntries,
  type UseOfNewLot,
} from '../credits/index.ts';
import type { Order, OrderLine } from '../records/index.ts';
import type { BookedLine } from './book-lines.ts';

/** What credit pays of a booked order. */
export interface BookedCredit {
  entries: readonly NewEntry[];
  /** Lines as a card pays them: without what credit paid, with the rest of Payable and of unpaid income. */
  charged: readonly PlannedLine[];
  /** Index of each charged line in the lines of the order. */
  places: readonly number[];
  /** Uses of lots that arise in the same event. */
  uses: readonly UseOfNewLot[];
}

/**
 * Returns the entries by which credit pays lines of an order: line by line, lots in the order of use. What the order
 * does not hold of lots is paid by the lots of `noted`, which arise in the same event. A line that credit pays whole is
 * no line of the charge.
 */
export async function bookCredit(
  tx: Tx,
  order: Order,
  booked: readonly BookedLine[],
  planned: readonly PlannedLine[],
  noted: NotedCredit | null,
): Promise<BookedCredit> {
  const lines = booked.map(({ line }) => line);
  if (lines.every(({ credit_used }) => credit_used === 0))
    return { entries: [], charged: planned, places: [...planned.keys()], uses: [] };
  const held = await findOrderUses(tx, order.id);
  const fresh = usesOfNewLots(lines, held, noted);
  const { entries, rests } = payByCredit(order, lines, planned, [...held, ...fresh]);
  const charged = rests.flatMap((line, index) =>
    line.amount === 0 && line.credit_amount > 0 ? [] : [{ line, index }],
  );
  return {
    entries,
    charged: charged.map(({ line }) => line),
    places: charged.map(({ index }) => index),
    uses: fresh.map(({ credit_id, rank, amount }) => ({ credit_id, order_line_id: idOf(lines, rank), amount })),
  };
}

function idOf(lines: readonly OrderLine[], rank: number): OrderLineId {
  const line = lines.find((each) => each.rank === rank);
  assert(line, 'a use of credit is for a line of the order');
  return line.id;
}

function usesOfNewLots(
  lines: readonly OrderLine[],
  held: readonly PlannedUse[],
  noted: NotedCredit | null,
): PlannedUse[] {
  const open = lines.map((line) => {
    const own = held.filter(({ rank }) => rank === line.rank).reduce((sum, { amount }) => sum + amount, 0);
    return { ...line, amount: line.credit_used - own };
  });
  const uses = planUses(noted?.lots ?? [], open);
  const [wanted, found] = [open, uses].map((all) => all.reduce((sum, { amount }) => sum + amount, 0));
  assert.equal(found, wanted, 'lots pay what an order uses of credit');
  return uses;
}

function payByCredit(
  order: Order,
  lines: readonly OrderLine[],
  planned: readonly PlannedLine[],
  uses: readonly (PlannedUse & { credit_id: CreditId })[],
): { entries: NewEntry[]; rests: PlannedLine[] } {
  const entries: NewEntry[] = [];
  const payables = new Map<string, number>();
  const incomes = new Map<string, number>();
  const rests = planned.map((line, index) => {
    const rank = lines[index]?.rank;
    const key = subjectText(line.subject);
    const payer_key = `${line.payer_id} ${key}`;
    for (const { credit_id, amount } of uses.filter((use) => use.rank === rank)) {
      const payable = payables.get(payer_key) ?? line.payable;
      const unpaid_income = incomes.get(key) ?? line.unpaid_income;
      const { provider_id, subject, unit } = line;
      entries.push(
        ...useEntries({
          credit_id,
          holder_id: order.profile_id,
          provider_id,
          subject,
          amount,
          unit,
          payable,
          unpaid_income,
        }),
      );
      payables.set(payer_key, payable - Math.min(amount, payable));
      incomes.set(key, unpaid_income - Math.min(amount, unpaid_income));
    }
    return line;
  });
  return {
    entries,
    rests: rests.map((line) => {
      const key = subjectText(line.subject);
      return {
        ...line,
        payable: payables.get(`${line.payer_id} ${key}`) ?? line.payable,
        unpaid_income: incomes.get(key) ?? line.unpaid_income,
      };
    }),
  };
}
