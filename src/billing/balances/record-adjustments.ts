import { type Entry, type NewEntry, postEvents } from '#ledger';
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

/** Returns a text of a caller with the name of the caller: `Off-line payment (alice)`. */
export function withUsername({ actor }: Context, text: string): string {
  return actor.kind === 'user' ? `${text} (${actor.username})` : text;
}
