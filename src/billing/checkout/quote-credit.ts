import type { Money } from '#kernel/money';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { textField } from '#platform/http/forms';
import { creditLinesOf, findOpenLots, type OpenLot, planUses } from '../credits/index.ts';
import { buildOrderLines, chooseOptions, collectLines, type Invoicable, sumLines } from '../records/index.ts';

/** Returns what credit of the payer will pay of an order; 0 for an order in several currencies. Pure. */
export function creditOf(payer_id: ProfileId, invoicables: readonly Invoicable[], lots: readonly OpenLot[]): Money {
  const chosen = chooseOptions(invoicables, undefined) ?? invoicables;
  const total = sumLines(collectLines(chosen), 'usd');
  if (total === null) return { amount: 0, unit: 'usd' };
  const uses = planUses(lots, creditLinesOf(payer_id, buildOrderLines(total.unit, chosen)));
  return { amount: uses.reduce((sum, { amount }) => sum + amount, 0), unit: total.unit };
}

/** Loads what credit of the payer will pay of an order. */
export async function loadCredit(
  reader: Reader,
  payer_id: ProfileId,
  invoicables: readonly Invoicable[],
): Promise<Money> {
  return creditOf(payer_id, invoicables, await findOpenLots(reader, payer_id));
}

/** Reads the credit that the form showed; 0 for any other text. */
export function readCredit(body: unknown): number {
  const text = textField(body, 'credit_used', 16);
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
