import type { OrderLineId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment, type Fragment } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';
import { awaitsProvider } from '#subscriptions';
import type { Coverage } from './coverage.ts';

/** Coverages of a subscription, or of order lines. */
export type CoverageChoice = { subscription_id: SubscriptionId } | { order_line_ids: readonly OrderLineId[] };

/** Columns of a coverage and of its order line, as `Coverage`. Lines without a period type are of months. */
const coverageColumns = fragment`coverage.order_line_id, coverage.rank, line.order_id, line.kind, coverage.subscription_id,
  coverage.payer_id, line.provider_id, line.beneficiary_id, line.plan_id,
  json_build_object('kind', line.subject_kind, 'id', line.subject_id, 'part', line.subject_part) as subject,
  line.ledger_entry_id, line.unit, coverage.amount, coverage.quantity, coalesce(line.period_type, 'monthly') as period_type,
  coverage.anchor_at, coverage.starts_at, coverage.ends_at, coverage.recognised, coverage.recognised_until,
  coverage.next_window_at`;

/**
 * Selects the coverages that end after `at`, FOR UPDATE, by line and rank.
 *
 * Locks: the coverages; after the subscriptions, before the subjects of the ledger.
 */
export async function lockCoverages(tx: Tx, choice: CoverageChoice, at: Date): Promise<Coverage[]> {
  // Indexes: coverages_subscription_id, primary key of coverages.
  const chosen =
    'subscription_id' in choice
      ? fragment`coverage.subscription_id = ${choice.subscription_id}`
      : fragment`coverage.order_line_id = any(${[...choice.order_line_ids]}::bigint[])`;
  return executeFragment(tx, coveragesLock(fragment`${chosen} and coverage.ends_at > ${at}`, fragment``));
}

/**
 * Part that selects up to `limit` coverages of a payer with a window that ended at or before `until`, FOR UPDATE.
 * Excludes those of requests that their provider has not accepted; after the acceptance their windows are recognised,
 * too. Excludes those of a subscription with a change or a cancellation that waits for the processor: it will close
 * them at its own instant, and income that was recognised is never reversed.
 */
export function dueCoveragesLock(payer_id: ProfileId, until: Date, limit: number): Part<Coverage[]> {
  // Indexes: coverages_due, subscription_changes_open, cancellations_open.
  const query = coveragesLock(
    fragment`coverage.payer_id = ${payer_id} and coverage.next_window_at <= ${until}
      and not ${awaitsProvider(fragment`coverage.subscription_id`)}
      and not exists (select from subscription_changes change where change.subscription_id = coverage.subscription_id
        and change.state = 'reserved' and change.effective_at < ${until})
      and not exists (select from cancellations cancellation where cancellation.subscription_id = coverage.subscription_id
        and cancellation.state = 'reserved' and cancellation.effective_at < ${until})`,
    fragment`limit ${limit}`,
  );
  return {
    query,
    read: (rows) =>
      readRows<Coverage>(rows, ['anchor_at', 'starts_at', 'ends_at', 'recognised_until', 'next_window_at']),
  };
}

function coveragesLock(condition: Fragment, bound: Fragment): Fragment<Coverage> {
  return fragment<Coverage>`
    select ${coverageColumns} from coverages coverage join order_lines line on line.id = coverage.order_line_id
    where ${condition}
    order by coverage.order_line_id, coverage.rank ${bound}
    for no key update of coverage`;
}

/** Reads the coverages of a subscription that end after `at`, by line and rank. Index: coverages_subscription_id. */
export async function findCoverages(reader: Reader, subscription_id: SubscriptionId, at: Date): Promise<Coverage[]> {
  return executeFragment(
    reader,
    fragment<Coverage>`
    select ${coverageColumns} from coverages coverage join order_lines line on line.id = coverage.order_line_id
    where coverage.subscription_id = ${subscription_id} and coverage.ends_at > ${at}
    order by coverage.order_line_id, coverage.rank`,
  );
}

/**
 * Reads which subscriptions and plans the coverages of payers have whose window ended by `until`, to name them. Index:
 * coverages_due.
 */
export async function findDueNames(
  reader: Reader,
  payer_ids: readonly ProfileId[],
  until: Date,
): Promise<Pick<Coverage, 'subscription_id' | 'plan_id'>[]> {
  return executeFragment(
    reader,
    fragment<Pick<Coverage, 'subscription_id' | 'plan_id'>>`
    select coverage.subscription_id, line.plan_id
    from coverages coverage join order_lines line on line.id = coverage.order_line_id
    where coverage.payer_id = any(${[...payer_ids]}::bigint[]) and coverage.next_window_at <= ${until}
    group by coverage.subscription_id, line.plan_id`,
  );
}

/** What an operation changes of a coverage. */
export type CoverageState = Pick<
  Coverage,
  'order_line_id' | 'rank' | 'amount' | 'ends_at' | 'recognised' | 'recognised_until' | 'next_window_at'
>;

/** Part that saves the state of locked coverages. */
export function updatedCoverages(states: readonly CoverageState[]): Part<void> {
  const rows = states.map(({ order_line_id, rank, amount, ends_at, recognised, recognised_until, next_window_at }) => ({
    order_line_id,
    rank,
    amount,
    ends_at,
    recognised,
    recognised_until,
    next_window_at,
  }));
  // Index: primary key of coverages.
  const query = fragment`update coverages set amount = state.amount, ends_at = state.ends_at, recognised = state.recognised,
      recognised_until = state.recognised_until, next_window_at = state.next_window_at
    from json_populate_recordset(null::coverages, ${JSON.stringify(rows)}::json) state
    where coverages.order_line_id = state.order_line_id and coverages.rank = state.rank`;
  return { query, read: null };
}

/** A further coverage of a line. */
export type FurtherCoverage = Pick<
  Coverage,
  | 'order_line_id'
  | 'subscription_id'
  | 'payer_id'
  | 'amount'
  | 'quantity'
  | 'anchor_at'
  | 'starts_at'
  | 'ends_at'
  | 'next_window_at'
>;

/** Part that opens further coverages of lines, after the last rank of each. The caller has locked those it closed. */
export function insertedCoverages(coverages: readonly FurtherCoverage[]): Part<void> {
  // Index: primary key of coverages.
  const query = fragment`insert into coverages (order_line_id, rank, subscription_id, payer_id, amount, quantity,
      anchor_at, starts_at, ends_at, next_window_at)
    select order_line_id, (select max(rank) from coverages last where last.order_line_id = given.order_line_id)
        + row_number() over (partition by order_line_id order by starts_at),
      subscription_id, payer_id, amount, quantity, anchor_at, starts_at, ends_at, next_window_at
    from json_populate_recordset(null::coverages, ${JSON.stringify(coverages)}::json) given`;
  return { query, read: null };
}

/** Gives the coverages of a subscription that end after `at` to another subscription. Locks: the coverages. */
export async function updateHolder(
  tx: Tx,
  { from, to, at }: { from: SubscriptionId; to: SubscriptionId; at: Date },
): Promise<void> {
  // Index: coverages_subscription_id.
  await tx
    .updateTable('coverages')
    .set({ subscription_id: to })
    .where('subscription_id', '=', from)
    .where('ends_at', '>', at)
    .execute();
}

/** Sums of the income that was recognised of the lines of each subject, for subjects with payments in other units. */
export async function sumRecognised(
  tx: Tx,
  subjects: readonly Coverage['subject'][],
): Promise<{ subject: Coverage['subject']; unit: string; amount: number }[]> {
  if (subjects.length === 0) return [];
  // Indexes: order_lines_subscription_id, order_lines_seats, primary key of coverages.
  return executeFragment(
    tx,
    fragment<{ subject: Coverage['subject']; unit: string; amount: number }>`
    with given as (
      select * from unnest(${subjects.map(({ kind }) => kind)}::text[], ${subjects.map(({ id }) => id)}::text[],
        ${subjects.map(({ part }) => part)}::text[]) as given (kind, id, part)
    ), line as (
      select line.* from given join order_lines line on line.subscription_id = case given.kind when 'sub' then given.id::bigint end where given.kind = 'sub'
        and line.subject_kind = 'sub' and line.subject_part is not distinct from given.part
      union all
      select line.* from given join order_lines line on line.subject_id = given.id and line.subject_kind = 'cpn'
        and line.subject_part is not distinct from given.part
      where given.kind = 'cpn'
    )
    select json_build_object('kind', subject_kind, 'id', subject_id, 'part', subject_part) as subject, unit,
      sum(recognised)::bigint as amount
    from line join coverages on coverages.order_line_id = line.id
    group by subject_kind, subject_id, subject_part, unit`,
  );
}
