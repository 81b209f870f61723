import type { Insertable } from 'kysely';
import type { CoveragesTable } from '#platform/db/db-schema';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';

/** Time that a booked line pays for, from its first coverage on. */
export type NewCoverage = Omit<Insertable<CoveragesTable>, 'rank'>;

/**
 * Returns the part that opens the first coverage of booked lines; null without lines. The free line of a claimed seat
 * opens the coverage of the line that paid for the seat.
 */
export function openedCoverages(coverages: readonly NewCoverage[]): Part<void> | null {
  if (coverages.length === 0) return null;
  // Indexes: primary keys, order_lines_claim_id.
  const query = fragment`insert into coverages
      (order_line_id, rank, subscription_id, amount, quantity, anchor_at, starts_at, ends_at)
    select coalesce(paid.id, given.order_line_id), 0, given.subscription_id, coalesce(paid.amount, given.amount),
      coalesce(paid.quantity, given.quantity), given.anchor_at, given.starts_at, given.ends_at
    from json_populate_recordset(null::coverages, ${JSON.stringify(coverages)}::json) given
    left join lateral (
      select paid.id, paid.amount, greatest(paid.quantity, 1) as quantity
      from order_lines line join cart_items item on item.id = line.cart_item_id
      join order_lines paid on paid.claim_id = item.claim_id and paid.plan_id = line.plan_id
      where line.id = given.order_line_id and given.amount = 0 and paid.kind = 'period' and paid.claim_email is not null
      order by paid.id limit 1
    ) paid on true
    on conflict (order_line_id, rank) do nothing`;
  return { query, read: null };
}
