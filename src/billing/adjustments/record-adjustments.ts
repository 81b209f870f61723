import { accounts, type Entry, type InvoicedOrder, issueInvoices, type NewEntry, postEvents } from '#ledger';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { randomKey40 } from '#platform/security/crypto';
import { insertAdjustments } from './adjustment-store.ts';
import type { Adjustment, AdjustmentKind } from './adjustment.ts';

/** An adjustment to record. Units: `amount` in 1/100 of `unit`. */
export interface NewAdjustment {
  kind: AdjustmentKind;
  profile_id: ProfileId;
  provider_id: ProfileId;
  amount: number;
  unit: string;
  description: string;
  /** Instant of the ledger event. */
  at: Date;
  request_key: string | null;
  entries: readonly NewEntry[];
}

/** Key of the ledger event of an adjustment. */
export const adjustmentEventKey = ({ kind, key }: Pick<Adjustment, 'kind' | 'key'>): string => `${kind}:${key}`;

/**
 * Records adjustments and posts their ledger events. Returns each with its entries, in the given order. Two statements
 * for any number of adjustments.
 */
export async function recordAdjustments(
  ctx: Context,
  tx: Tx,
  adjustments: readonly NewAdjustment[],
): Promise<{ adjustment: Adjustment; entries: Entry[] }[]> {
  if (adjustments.length === 0) return [];
  const created_by = actorId(ctx);
  const recorded_at = ctx.clock.now();
  const keyed = adjustments.map((each) => ({ ...each, key: randomKey40() }));
  const rows = await insertAdjustments(
    tx,
    keyed.map(({ entries: _, at, ...row }) => ({ ...row, created_by, created_at: at, recorded_at })),
  );
  const posted = await postEvents(
    tx,
    keyed.map((each) => ({
      key: adjustmentEventKey(each),
      kind: each.kind,
      at: each.at,
      entries: each.entries,
    })),
  );
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return keyed.flatMap(({ key }, index) => {
    const adjustment = byKey.get(key);
    return adjustment ? [{ adjustment, entries: posted[index] ?? [] }] : [];
  });
}

/**
 * Issues the invoices of imported sales, one for each: their first ledger event is the import. The last statements of
 * the transaction.
 */
export async function invoiceImports(
  tx: Tx,
  recorded: readonly { adjustment: Adjustment; entries: readonly Entry[] }[],
): Promise<void> {
  const orders = recorded.flatMap(({ adjustment, entries }): InvoicedOrder[] => {
    const order = findOrder(entries);
    if (!order) return [];
    const { id, ledger_event_id, dest_amount, dest_unit, description, created_at } = order;
    const line = { provider_id: adjustment.provider_id, kind: 'period' as const, ledger_entry_id: id, description };
    const amounts = { full_amount: dest_amount, amount: dest_amount, covers_from: null, covers_to: null };
    const lines = [{ ...line, ...amounts }];
    return [{ payer_id: adjustment.profile_id, ledger_event_id, unit: dest_unit, at: created_at, lines }];
  });
  await issueInvoices(tx, orders);
}

/** Finds the order among the entries of an imported sale. */
export function findOrder<E extends Pick<Entry, 'orig_account' | 'dest_account'>>(
  entries: readonly E[],
): E | undefined {
  return entries.find(
    ({ orig_account, dest_account }) => orig_account === accounts.receivable && dest_account === accounts.payable,
  );
}

/** Returns a text of a caller with the name of the caller: `Off-line payment (alice)`. */
export function withUsername({ actor }: Context, text: string): string {
  return actor.kind === 'user' ? `${text} (${actor.username})` : text;
}

/** Subject of a payment that was received outside of the site. */
export const makeCheckSubject = () => ({ kind: 'check', id: randomKey40().slice(6), part: null });
