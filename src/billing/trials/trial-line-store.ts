import type { CouponId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { TrialLine } from './conversion.ts';

/** Finds the newest trial line of each of the subscriptions. Index: order_lines_trials. */
export async function findTrialLines(
  reader: Reader,
  ids: readonly SubscriptionId[],
): Promise<Map<SubscriptionId, TrialLine & { coupon_id: CouponId | null }>> {
  const rows = await executeFragment(
    reader,
    fragment<TrialLine & { subscription_id: SubscriptionId }>`
    select distinct on (subscription_id) subscription_id, quantity, coupon_id, promised_amount, promised_setup_amount,
      covers_to
    from order_lines where subscription_id = any(${[...ids]}::bigint[]) and kind = 'trial'
    order by subscription_id, id desc`,
  );
  return new Map(rows.map(({ subscription_id, ...line }) => [subscription_id, line]));
}

/** True if a change of a subscription is being paid or takes the place of its conversion. */
export async function isChanging(tx: Tx, id: SubscriptionId): Promise<boolean> {
  // Indexes: subscription_changes_open, primary key of pending_changes.
  const rows = await executeFragment(
    tx,
    fragment`select from subscription_changes where subscription_id = ${id} and state = 'reserved'
    union all select from pending_changes where subscription_id = ${id}`,
  );
  return rows.length > 0;
}

/** Finds those of the subscriptions for which a notice of a kind was sent, with its occurrence. */
export async function findTrialNotices(
  reader: Reader,
  kind: string,
  ids: readonly SubscriptionId[],
): Promise<Set<string>> {
  // Index: primary key.
  const rows = await executeFragment(
    reader,
    fragment<{ key: string }>`select subject_id || ' ' || occurrence as key from sent_notices
      where kind = ${kind} and subject_id = any(${[...ids]}::bigint[])`,
  );
  return new Set(rows.map(({ key }) => key));
}
