import type { LedgerEntryId, OrderId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { insertion } from '#platform/db/insertion';
import { type Part, readRows, runTogether, together } from '#platform/db/together';
import { plansById } from '#catalog';
import { type LedgerSubject, statementBalance, toSubjectColumns } from '#ledger';
import { savedCards, unresolvedCharge } from '#payments';
import { profilesById } from '#profiles';
import { unparkedRows } from '../parked/index.ts';
import { lockedRenewals, type Subscription } from '#subscriptions';
import { heldCredit, openLotsLock, type PlannedUse } from '../credits/index.ts';
import { type NewOrderLine, type Order, type OrderLine, ordersInFlight, readOrderLines } from '../records/index.ts';

/**
 * Finds the payers of subscriptions: those of their newest coverages. A subscription without a coverage is absent.
 * Indexes: coverages_subscription_id, primary keys.
 */
export async function findPayers(
  reader: Reader,
  ids: readonly SubscriptionId[],
): Promise<Map<SubscriptionId, ProfileId>> {
  const rows = await executeFragment(
    reader,
    fragment<{ id: SubscriptionId; payer_id: ProfileId }>`
    select given.id, newest.profile_id as payer_id from unnest(${[...ids]}::bigint[]) given (id) cross join lateral (
      select orders.profile_id from coverages join order_lines line on line.id = coverages.order_line_id
        join orders on orders.id = line.order_id
      where coverages.subscription_id = given.id order by coverages.ends_at desc, line.id desc limit 1
    ) newest`,
  );
  return new Map(rows.map(({ id, payer_id }) => [id, payer_id]));
}

/**
 * Finds which of the subscriptions have a period ahead that a renewal ordered already, up to an instant: their end was
 * set back since. Index: order_lines_renewal.
 */
export async function findOrderedAhead(
  reader: Reader,
  subscriptions: readonly Pick<Subscription, 'id' | 'ends_at'>[],
  until: Date,
): Promise<Set<SubscriptionId>> {
  const given = subscriptions.map(({ id, ends_at }) => ({ id, ends_at }));
  const rows = await executeFragment(
    reader,
    fragment<{ id: SubscriptionId }>`
    select distinct given.id from json_to_recordset(${JSON.stringify(given)}::json) as given
        (id bigint, ends_at timestamptz)
      join order_lines line on line.subscription_id = given.id
    where line.renews_from >= given.ends_at and line.renews_from <= ${until}`,
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Part that finds which of the subscriptions are not renewed: a change is being paid, or takes the place of the
 * renewal.
 */
function changingSubscriptions(ids: readonly SubscriptionId[]): Part<Set<SubscriptionId>> {
  // Indexes: subscription_changes_open, primary key of pending_changes.
  const query = fragment`select subscription_id from subscription_changes
      where subscription_id = any(${[...ids]}::bigint[]) and state = 'reserved'
    union select subscription_id from pending_changes where subscription_id = any(${[...ids]}::bigint[])`;
  return {
    query,
    read: (rows) =>
      new Set(readRows<{ subscription_id: SubscriptionId }>(rows, []).map(({ subscription_id }) => subscription_id)),
  };
}

/** Statement that locks those of the subscriptions that are due, and loads what their renewal needs. */
export function renewalFacts(
  payer_id: ProfileId,
  ids: readonly SubscriptionId[],
  { span, at }: { span: Parameters<typeof lockedRenewals>[1]; at: Date },
) {
  return together({
    due_subscriptions: lockedRenewals(ids, span),
    changing: changingSubscriptions(ids),
    renewed_plans: plansById(fragment`select plan_id from due_subscriptions`),
    parties: profilesById(fragment`select profile_id from due_subscriptions union select ${payer_id}::bigint
      union select profile_id from renewed_plans`),
    due: statementBalance(payer_id, at),
    lots: openLotsLock(payer_id),
    in_flight: ordersInFlight(payer_id, []),
    is_charging: unresolvedCharge(payer_id),
    cards: savedCards(payer_id),
    parked: {
      query: fragment`select 1 as parked where not ${unparkedRows(fragment`${payer_id}::bigint`, 'renew_subscriptions')}`,
      read: (rows: readonly object[]) => rows.length > 0,
    },
  });
}

const line_columns = [
  'rank',
  'kind',
  'provider_id',
  'beneficiary_id',
  'claim_email',
  'claim_full_name',
  'plan_id',
  'subscription_id',
  'quantity',
  'periods_count',
  'period_type',
  'covers_from',
  'covers_to',
  'full_amount',
  'amount',
  'recurring_amount',
  'recurring_periods',
  'unit',
  'broker_fee_percent',
  'description',
  'description_suffix',
  'subject_kind',
  'subject_id',
  'subject_part',
  'renews_from',
  'credit_used',
] as const;

export type RenewalLine = Pick<NewOrderLine, (typeof line_columns)[number]>;

/**
 * Inserts a renewal order, settled at once, with its lines, and holds the credit that they use. The unique index
 * order_lines_renewal refuses a second renewal of a period.
 */
export async function insertRenewalOrder(
  tx: Tx,
  order: Pick<Order, 'profile_id' | 'cart_version' | 'amount' | 'unit'>,
  { lines, uses }: { lines: readonly RenewalLine[]; uses: readonly PlannedUse[] },
  at: Date,
): Promise<{ order: Order; lines: OrderLine[] }> {
  const { profile_id, cart_version, amount, unit } = order;
  const { new_order, new_lines } = await runTogether(tx, {
    new_order: {
      query: fragment`insert into orders (profile_id, state, cart_version, amount, unit, created_at, closed_at)
        values (${profile_id}, 'settled', ${cart_version}, ${amount}, ${unit}, ${at}, ${at}) returning *`,
      read: (rows) => readRows<Order>(rows, ['created_at', 'closed_at']),
    },
    new_lines: {
      query: fragment`${insertion('order_lines', line_columns, lines, { order_id: fragment`(select id from new_order)` })} returning *`,
      read: readOrderLines,
    },
    ...heldCredit(uses, at),
  });
  const [inserted] = new_order;
  if (!inserted) throw new Error('a renewal order was not inserted');
  return { order: inserted, lines: new_lines.toSorted((a, b) => a.rank - b.rank) };
}

/** Part that names the ledger entries of the lines of a renewal order. */
export function postedLines(
  order_id: OrderId,
  lines: readonly { rank: number; ledger_entry_id: LedgerEntryId; subject: LedgerSubject }[],
): Part<void> {
  const rows = lines.map(({ subject, ...line }) => ({ ...line, ...toSubjectColumns(subject) }));
  // Index: order_lines_order_id_rank_key.
  const query = fragment`update order_lines line set ledger_entry_id = posted.ledger_entry_id
    from json_populate_recordset(null::order_lines, ${JSON.stringify(rows)}::json) posted
    where line.order_id = ${order_id} and line.rank = posted.rank`;
  return { query, read: null };
}
