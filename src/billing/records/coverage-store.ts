import type { Insertable } from 'kysely';
import { periodContaining } from '#kernel/period';
import { windowEnd } from '#kernel/position';
import type { CoveragesTable } from '#platform/db/db-schema';
import { fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { OrderLine } from './order.ts';

/** Time that a booked line pays for, from its first coverage on. That of a fee or of uses has no length. */
export interface NewCoverage extends Omit<
  Insertable<CoveragesTable>,
  'rank' | 'payer_id' | 'recognised' | 'recognised_until' | 'next_window_at'
> {
  kind: OrderLine['kind'];
  anchor_at: Date;
  starts_at: Date;
  ends_at: Date;
}

/**
 * Returns the part that opens the first coverages of booked lines; null without lines. The free line of a claimed seat
 * opens the coverages of the lines that paid for the seat, its fees and uses included.
 */
export function openedCoverages(coverages: readonly NewCoverage[]): Part<void> | null {
  if (coverages.length === 0) return null;
  const rows = coverages.map((coverage) => ({ ...coverage, ...firstWindows(coverage) }));
  // Indexes: primary keys, order_lines_claim_id.
  const query = fragment`insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity,
      anchor_at, starts_at, ends_at, next_window_at)
    select booked.id, 0, given.subscription_id, orders.profile_id, coalesce(paid.amount, given.amount),
      coalesce(paid.quantity, given.quantity), given.anchor_at, given.starts_at,
      case when paid.kind in ('setup', 'use') then given.starts_at else given.ends_at end,
      case when coalesce(paid.amount, given.amount) = 0 then null
        else case coalesce(paid.kind, given.kind)
          when 'setup' then given.starts_at when 'use' then given.month_ends_at else given.window_ends_at end end
    from json_to_recordset(${JSON.stringify(rows)}::json) as given (order_line_id bigint, subscription_id bigint,
      kind text, amount bigint, quantity integer, anchor_at timestamptz, starts_at timestamptz, ends_at timestamptz,
      month_ends_at timestamptz, window_ends_at timestamptz)
    left join lateral (
      select distinct on (case when paid.kind <> 'period' then paid.id end) paid.id, paid.kind, paid.amount,
        greatest(paid.quantity, 1) as quantity
      from order_lines line join cart_items item on item.id = line.cart_item_id
      join order_lines paid on paid.claim_id = item.claim_id and paid.plan_id = line.plan_id
      where line.id = given.order_line_id and given.amount = 0 and paid.claim_email is not null
        and (paid.kind = 'period' or (paid.kind in ('setup', 'use') and paid.amount > 0))
      order by case when paid.kind <> 'period' then paid.id end, paid.id
    ) paid on true
    join order_lines booked on booked.id = coalesce(paid.id, given.order_line_id)
    join orders on orders.id = booked.order_id
    on conflict (order_line_id, rank) do nothing`;
  return { query, read: null };
}

/**
 * Returns the ends of the calendar month of the subscription in which a coverage begins, and of its first recognition
 * window.
 */
function firstWindows({ anchor_at, starts_at, ends_at }: NewCoverage): { month_ends_at: Date; window_ends_at: Date } {
  return {
    month_ends_at: periodContaining(anchor_at, 'monthly', 1, starts_at).ends_at,
    window_ends_at: windowEnd({ anchor_at, starts_at, ends_at }, starts_at) ?? ends_at,
  };
}
