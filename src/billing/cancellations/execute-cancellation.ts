import { type Entry, issueCreditNotes, moveAmount, type NewEntry, postEvent, accounts } from '#ledger';
import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import type { HeldRefund } from '#payments';
import {
  emitSubscriptionEnded,
  type EndingReason,
  recordEndings,
  subscriptionSubject,
  updatePause,
  updateSubscription,
} from '#subscriptions';
import { noteCredit, notedAmounts, saveNotedCredit, type WantedNote } from '../credits/index.ts';
import type { RunningTerm } from '../pauses/index.ts';
import { closeCoverages, closeFrozen, resumeCoverages } from '../recognition/index.ts';
import { deletePendingChange, releaseRenewals } from './cancellation-store.ts';
import { subscriptionCancelled } from './events.ts';
import type { CancelPlan } from './plan-cancellation.ts';

/** Who cancels, why, and the refunds that a processor made. */
export interface Execution {
  /** Makes the key of the ledger event unique. */
  key: string;
  at: Date;
  reason: EndingReason | null;
  comment: string | null;
  created_by: UserId | null;
  /** True for the provider of the plan, which ends a subscription of another profile. */
  by_provider: boolean;
  refunds: readonly HeldRefund[];
}

/**
 * Executes a cancellation in one ledger event: income up to its instant, the debt that shrinks and the credit that
 * arises, the refunds that were made, and what they take out of Backlog. Then ends the subscription.
 *
 * Locks: as `closeCoverages`, then the order lines. The caller has locked the subscription.
 */
export async function executeCancellation(
  tx: Tx,
  running: RunningTerm,
  plan: CancelPlan,
  execution: Execution,
): Promise<void> {
  const { subscription } = running;
  const { at, created_by } = execution;
  const entries: NewEntry[] = [];
  if (plan.closes === 'all')
    entries.push(...(await closeCoverages(tx, { subscription_id: subscription.id }, at)).entries);
  if (plan.closes === 'ahead' || plan.closes === 'frozen') {
    const order_line_ids = plan.lines.map(({ order_line_id }) => order_line_id);
    entries.push(...(await closeCoverages(tx, { order_line_ids }, at)).entries);
    if (plan.closes === 'ahead') await releaseRenewals(tx, order_line_ids);
    else await closeFrozen(tx, subscription.id, at);
  }
  // Time that is neither served nor given back is earned as if it ran on.
  if (plan.closes === 'none' && plan.at === 'now') await resumeCoverages(tx, subscription.id, at);
  const noted = await noteCredit(tx, wantedNotes(plan), { holder_id: subscription.profile_id, created_by, at });
  const noted_from = entries.length;
  entries.push(...noted.entries);
  const refunded_from = entries.length;
  entries.push(...execution.refunds.flatMap((refund) => refund.entries), ...backlogEntries(running, plan));
  if (entries.length > 0) {
    const posted = await postEvent(tx, { key: `cancel:${execution.key}`, kind: 'cancellation', at, entries });
    const own = posted.slice(noted_from, refunded_from);
    await saveNotedCredit(tx, noted, own, { at });
    await endSubscription(tx, running, plan, execution);
    await issueNotes(tx, posted, {
      at,
      amounts: [...notedAmounts(noted, own), ...notesOf(execution, posted, refunded_from)],
    });
    return;
  }
  await endSubscription(tx, running, plan, execution);
}

/** The part of each line that no card gets back: the debt, and what becomes credit. */
function wantedNotes({ lines }: CancelPlan): WantedNote[] {
  return lines.map(({ order_line_id, due, credit, covers_from, covers_to }) => ({
    order_line_id,
    amount: due + credit,
    decided: { due, credit },
    kind: 'unused_time',
    covers_from,
    covers_to,
  }));
}

/**
 * Refunds of unused time, and the shares of earlier refunds and lost disputes, leave Backlog of the order: a change of
 * the plan without money hands its time to another subscription, and its entries stay with the first.
 */
function backlogEntries({ subscription, plan: { profile_id } }: RunningTerm, { lines, unit }: CancelPlan): NewEntry[] {
  const own_subject = subscriptionSubject(subscription.id);
  return lines.flatMap(({ unused, share, chargeback_share = 0, subject = own_subject }) => {
    const taken = [
      { account: accounts.refund, amount: unused + share - chargeback_share },
      { account: accounts.chargeback, amount: chargeback_share },
    ];
    return taken.flatMap(({ account, amount }) =>
      amount === 0
        ? []
        : moveAmount({
            from: { profile_id, account },
            to: { profile_id, account: accounts.backlog },
            amount,
            unit,
            subject,
            description: 'Keep a balanced ledger',
          }),
    );
  });
}

function notesOf({ refunds }: Execution, posted: readonly Entry[], from: number) {
  let next = from;
  return refunds.flatMap((refund) => {
    const own = posted.slice(next, next + refund.entries.length);
    next += refund.entries.length;
    return refund.notesOf(own);
  });
}

async function issueNotes(
  tx: Tx,
  posted: readonly Entry[],
  { at, amounts }: { at: Date; amounts: Parameters<typeof issueCreditNotes>[2] },
): Promise<void> {
  const [first] = posted;
  if (first && amounts.length > 0) await issueCreditNotes(tx, { ledger_event_id: first.ledger_event_id, at }, amounts);
}

async function endSubscription(
  tx: Tx,
  { subscription, plan: sold }: RunningTerm,
  plan: CancelPlan,
  { at, reason, comment, created_by, by_provider }: Execution,
): Promise<void> {
  if (plan.pause)
    await updatePause(
      tx,
      plan.pause.id,
      plan.pause.state === 'planned' ? { state: 'withdrawn' } : { state: 'ended', resumed_at: at },
    );
  await deletePendingChange(tx, subscription.id);
  const is_repeated = isPlannedBefore(subscription, plan);
  const stopped = plan.at === 'now' ? { paused_at: null, resumes_at: null, suspended_at: null } : {};
  const { ends_at } = plan;
  const ended = await updateSubscription(tx, subscription.id, {
    ...stopped,
    ends_at,
    auto_renew: false,
    cancelled_at: is_repeated ? subscription.cancelled_at : at,
  });
  await recordEndings(tx, [
    {
      subscription_id: subscription.id,
      kind: by_provider ? 'by_provider' : 'cancelled',
      reason,
      comment,
      ends_at,
      created_by,
      created_at: at,
    },
  ]);
  const facts = {
    subscription_id: subscription.id,
    profile_id: subscription.profile_id,
    plan: { id: sold.id, slug: sold.slug, title: sold.title },
    provider_id: sold.profile_id,
    originated_by: created_by,
    ends_at: ends_at.toISOString(),
    refund_amount: plan.refund_amount,
    credit_amount: plan.credit_amount,
    unit: plan.unit,
  };
  if (!is_repeated) await emit(tx, subscriptionCancelled(facts), at);
  if (plan.at === 'now') await emitSubscriptionEnded(tx, ended, sold, { at, originated_by: created_by });
}

/** True if the subscription was cancelled before, and ends at the same instant without anything given back. */
function isPlannedBefore(
  { auto_renew, cancelled_at, ends_at }: RunningTerm['subscription'],
  plan: CancelPlan,
): boolean {
  const is_cancelled = cancelled_at !== null && !auto_renew;
  return (
    is_cancelled && plan.at === 'period_end' && plan.closes === 'none' && plan.ends_at.getTime() === ends_at.getTime()
  );
}
