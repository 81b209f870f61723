import { accounts, type Entry, lockMarkerOrders, type NotedAmount } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findChargedParts } from '../records/index.ts';

/** An order that the payment of a whole balance may have paid. Units: 1/100. */
export interface PaidOrder {
  entry_id: LedgerEntryId;
  /** What other charges did not pay of it. */
  amount: number;
  invoice_id: number;
}

/**
 * Returns what a refund gives back with the orders that it reduces. A line that paid a whole balance names no order:
 * its refund reduces the newest orders of the balance that no other charge paid, each up to what its invoice still
 * states. Other amounts are returned unchanged. `invoiced` are the entries that the amounts name.
 * Locks: the invoices of these orders.
 */
export async function nameBalanceOrders(
  tx: Tx,
  amounts: readonly NotedAmount[],
  invoiced: ReadonlyMap<LedgerEntryId, Entry>,
): Promise<NotedAmount[]> {
  const markers = amounts.flatMap(({ invoiced_entry_id }) =>
    invoiced.get(invoiced_entry_id)?.orig_account === accounts.settled ? invoiced_entry_id : [],
  );
  const found = await lockMarkerOrders(tx, markers);
  if (found.length === 0) return [...amounts];
  const parts = await findChargedParts(
    tx,
    found.map(({ entry_id }) => entry_id),
  );
  const charged = (id: LedgerEntryId) =>
    parts.reduce((sum, part) => sum + (part.invoiced_entry_id === id ? part.amount + part.credit_amount : 0), 0);
  const orders = Map.groupBy(found, ({ marker_id }) => marker_id);
  const rests = new Map(found.map(({ invoice_id, invoice_rest }) => [Number(invoice_id), invoice_rest]));
  return amounts.flatMap((each) => {
    const own = orders.get(each.invoiced_entry_id);
    if (!own) return [each];
    const left = own.map((order) => ({
      ...order,
      amount: Math.max(0, order.amount - charged(order.entry_id)),
    }));
    return spreadOverOrders(each, left, rests);
  });
}

/**
 * Divides an amount over orders in their order. `rests` has what each invoice still states, and loses what is taken.
 * What no order takes is left out: no invoice states it.
 */
export function spreadOverOrders(
  amount: NotedAmount,
  orders: readonly PaidOrder[],
  rests: Map<number, number>,
): NotedAmount[] {
  const given = { credited: amount.credited ?? 0, refunded: amount.refunded ?? 0 };
  return orders.flatMap((order): NotedAmount[] => {
    const rest = rests.get(order.invoice_id) ?? 0;
    const open = Math.min(order.amount, rest);
    const credited = Math.min(given.credited, open);
    const refunded = Math.min(given.refunded, open - credited);
    if (credited + refunded === 0) return [];
    given.credited -= credited;
    given.refunded -= refunded;
    rests.set(order.invoice_id, rest - credited - refunded);
    return [{ ...amount, invoiced_entry_id: order.entry_id, credited, refunded }];
  });
}
