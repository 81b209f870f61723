import { type PlanPeriods, restPrice } from '#kernel/position';

/** A subscription row that shared the running period, with the free uses of its plan. */
export interface QuotaRow {
  /** When a change entered the plan in this period; null if the row has the period from its beginning. */
  entered_at: Date | null;
  uses: readonly RowUse[];
}

/** Uses of one use charge by one row in the running period. */
export interface RowUse {
  slug: string;
  /** Free uses of a full period. */
  quota: number;
  /** Free uses that the change gave the row; null if it was not entered by a change in this period. */
  given: number | null;
  /** Free uses left; null if none was taken in this period. */
  left: number | null;
  /** Uses bought in advance that are left. */
  bought: number;
}

/** Free uses of one use charge of the plan entered. */
export interface EnteredQuota {
  use: string;
  before: number;
  after: number;
  /** Uses bought in advance that go over. */
  bought: number;
}

/** How the allowance of the plan entered is computed. */
export type QuotaRule = 'accrued' | 'whole' | 'less_uses';

/**
 * Returns the free uses of the plan entered. In a period that is kept the allowance is weighted by time, like the
 * price: what the rows of the period accrued, and the rest of the new quota, less the free uses of the period.
 *
 * Why: changing back and forth gives no free uses. `rows` are oldest first; the last one is the row that is left.
 */
export function enterQuotas(
  uses: readonly { slug: string; quota: number }[],
  rows: readonly QuotaRow[],
  { rule, periods, at }: { rule: QuotaRule; periods: PlanPeriods; at: Date },
): EnteredQuota[] {
  const left = rows.at(-1);
  return uses.map(({ slug, quota }): EnteredQuota => {
    const { accrued, taken } = sumRows(slug, rows, periods, at);
    const old = left?.uses.find((use) => use.slug === slug);
    const after = {
      accrued: () => Math.max(0, accrued + restPrice(quota, periods, at) - taken),
      less_uses: () => Math.max(0, quota - taken),
      whole: () => quota,
    }[rule]();
    return { use: slug, before: old ? (old.left ?? old.given ?? old.quota) : 0, after, bought: old?.bought ?? 0 };
  });
}

/** Returns the uses bought in advance that no use charge of the plan entered takes over. */
export function lostUses(
  uses: readonly { slug: string }[],
  old: readonly Pick<RowUse, 'slug' | 'bought'>[],
): { use: string; quantity: number }[] {
  const kept = new Set(uses.map(({ slug }) => slug));
  return old.flatMap(({ slug: use, bought: quantity }) => (quantity > 0 && !kept.has(use) ? [{ use, quantity }] : []));
}

/** Returns the allowance of a use charge that the rows of a period accrued, and the free uses that they took. */
function sumRows(slug: string, rows: readonly QuotaRow[], periods: PlanPeriods, at: Date) {
  let accrued = 0;
  let taken = 0;
  for (const [index, { entered_at, uses }] of rows.entries()) {
    const use = uses.find((each) => each.slug === slug);
    if (!use) continue;
    const entered = entered_at === null ? use.quota : restPrice(use.quota, periods, entered_at);
    const given = use.given ?? Math.max(0, accrued + entered - taken);
    taken += Math.max(0, given - (use.left ?? given));
    accrued += entered - restPrice(use.quota, periods, rows[index + 1]?.entered_at ?? at);
  }
  return { accrued, taken };
}
