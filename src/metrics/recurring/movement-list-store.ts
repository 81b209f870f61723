import { type Expression, sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import type { OrderLineId, ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import {
  type Movement,
  type MovementKind,
  type MovementTotal,
  selectMovements,
  selectMovementTotal,
} from './recurring-store.ts';

/** Movements behind a point of a report of recurring revenue. */
export interface MovementPoint {
  provider_id: ProfileId;
  unit: string;
  kinds: readonly MovementKind[];
  /** False: movements by a pause are left out. */
  with_pauses: boolean;
  /** Inclusive; null for all movements before `ends_at`. */
  start_at: Date | null;
  /** Exclusive. */
  ends_at: Date;
  /** Restricts the list to subscribers whose revenue began in this period. */
  cohort: { start_at: Date; ends_at: Date } | null;
}

export const movementList = defineList({
  search: { profile: 'subscriber.slug', profile__full_name: 'subscriber.full_name' },
  sort: { at: 'movement.at', amount: 'movement.amount', profile__full_name: 'subscriber.full_name' },
  default_order: [{ column: 'movement.at', descending: true }],
  tie_breaker: 'movement.profile_id',
});

/**
 * Lists the movements behind a point, with their sum. Without a cohort, the sums by day have both their number and
 * their amount. Indexes: recurring_movements_at, recurring_movements_began_at.
 */
export async function listMovements(
  reader: Reader,
  point: MovementPoint,
  list: ListQuery,
  url: URL,
): Promise<{ page: Page<Movement>; amount: number }> {
  const total = point.cohort === null ? selectMovementTotal(point) : null;
  const [page, [sum]] = await mergeReads(reader, [
    (together) =>
      listPage(
        together,
        selectPoint(together, point).selectAll('movement'),
        movementList,
        { ...list, start_at: null, ends_at: null },
        url,
        {
          count: total && sql<{ count: number }>`select movements_count as count from (${total}) as counted`,
          ...partsInOrder(together, point, list),
        },
      ),
    (together) =>
      total
        ? together
            .selectFrom(sql<MovementTotal>`(${total})`.as('counted'))
            .select('counted.amount')
            .execute()
        : selectPoint(together, point)
            .select(sql<number>`coalesce(sum(movement.amount), 0)::bigint`.as('amount'))
            .execute(),
  ]);
  return { page, amount: sum?.amount ?? 0 };
}

function selectPoint(reader: Reader, point: MovementPoint, cut = sql``) {
  const { provider_id, unit, kinds, with_pauses, start_at, ends_at, cohort } = point;
  const conditions = [
    sql`unit = ${unit} and kind = any(${[...kinds]}::text[]) and at < ${ends_at}`,
    ...(start_at ? [sql`at >= ${start_at}`] : []),
    ...(with_pauses ? [] : [sql`cause <> 'pause'`]),
    ...(cohort ? [sql`began_at >= ${cohort.start_at} and began_at < ${cohort.ends_at}`] : []),
  ];
  return reader
    .selectFrom(selectMovements(provider_id, sql.join(conditions, sql` and `), cut).as('movement'))
    .innerJoin(selectProfileNames(reader).as('subscriber'), 'subscriber.id', 'movement.profile_id');
}

/** The first and the last movements of a list by instant, read from the index in its order. */
function partsInOrder(reader: Reader, point: MovementPoint, { order, page, page_size, terms }: ListQuery) {
  const [first = { field: 'at', descending: true }, ...others] = order;
  if (first.field !== 'at' || others.length > 0 || terms.length > 0) return {};
  const select = (descending: boolean, count: Expression<number>) => {
    const direction = sql.raw(descending ? 'desc' : 'asc');
    return selectPoint(reader, point, sql`order by at ${direction}, profile_id ${direction} limit ${count}`).selectAll(
      'movement',
    );
  };
  return {
    first: select(first.descending, sql.lit(page * page_size)),
    last: (rows_count: Expression<number>) => select(!first.descending, rows_count),
  };
}

/** An order line behind a movement. */
export interface MovementLine {
  id: OrderLineId;
  description: string;
  plan: string | null;
  created_at: Date;
  recurring_amount: number | null;
  recurring_periods: number | null;
  period_type: string | null;
}

/** Finds order lines by id. Index: order_lines_pkey. */
export async function findMovementLines(
  reader: Reader,
  ids: readonly OrderLineId[],
): Promise<Map<OrderLineId, MovementLine>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('order_lines as line')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .leftJoin('plans', 'plans.id', 'line.plan_id')
    .select(['line.id', 'line.description', 'plans.slug as plan', 'orders.created_at'])
    .select(['line.recurring_amount', 'line.recurring_periods', 'line.period_type'])
    .where('line.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}
