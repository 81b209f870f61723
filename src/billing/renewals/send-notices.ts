import { findPlansByIds, type Plan, planSummary } from '#catalog';
import type { Context } from '#platform/context';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { eventsPart, type Event } from '#platform/jobs/events';
import { runTogether } from '#platform/db/together';
import { findSavedCards, type PaymentMethod } from '#payments';
import { findEndingSubscriptions, type Subscription } from '#subscriptions';
import { cardExpiresSoon, expiresSoon, paymentMethodAbsent, subscriptionUpgrade } from '../renewal-events.ts';
import { decideNotice, type EndNotice, noticeSpan } from './end-notice.ts';
import { insertNoticeMarks, type NoticeMark } from './notice-store.ts';
import { findPayers } from './renewal-store.ts';

const BATCH = 500;

interface PlannedNotice {
  mark: NoticeMark;
  event: Event;
}

/**
 * Sends the notices about subscriptions that end in so many days, each once: for each of the days, those that end
 * within the 24 hours after. A notice about a card is sent once per payer and day, for the first subscription.
 * Returns their number. Safe to run twice and on two nodes: marks and events are rows of one transaction.
 */
export async function sendEndNotices(ctx: Context, days: readonly number[], at: Date): Promise<number> {
  let count = 0;
  for (const nb_days of days) {
    let after: SubscriptionId | null = null;
    for (;;) {
      const batch: Subscription[] = await findEndingSubscriptions(ctx.db, noticeSpan(at, nb_days), {
        after,
        limit: BATCH,
      });
      count += await sendBatch(ctx, await planNotices(ctx, batch, nb_days, at), at);
      after = batch.at(-1)?.id ?? null;
      if (batch.length < BATCH) break;
    }
  }
  return count;
}

async function planNotices(
  { db }: Context,
  subscriptions: readonly Subscription[],
  nb_days: number,
  at: Date,
): Promise<PlannedNotice[]> {
  const plans = await findPlansByIds(
    db,
    subscriptions.map(({ plan_id }) => plan_id),
  );
  const payers = await findPayers(
    db,
    subscriptions.map(({ id }) => id),
  );
  const payerOf = ({ id, profile_id, auto_renew }: Subscription) =>
    auto_renew ? (payers.get(id) ?? profile_id) : profile_id;
  const cards = await findSavedCards(db, [...new Set(subscriptions.map(payerOf))]);
  return subscriptions.flatMap((subscription) => {
    const plan = plans.get(subscription.plan_id);
    const payer_id = payerOf(subscription);
    const card = cards.get(payer_id) ?? null;
    const kind = plan && decideNotice(subscription, plan, card);
    if (!plan || !kind) return [];
    return {
      mark: markOf(kind, subscription, { payer_id, nb_days, at }),
      event: eventOf(kind, subscription, { plan, payer_id, card, nb_days }),
    };
  });
}

/** Returns what makes a notice unique: the card of a payer on a day, or the end of a subscription. */
function markOf(
  kind: EndNotice,
  { id, ends_at }: Subscription,
  { payer_id, nb_days, at }: { payer_id: ProfileId; nb_days: number; at: Date },
): NoticeMark {
  const is_about_card = kind === 'payment_method_absent' || kind === 'card_expires_soon';
  return is_about_card
    ? { kind, subject_id: payer_id, occurrence: `${nb_days} ${at.toISOString().slice(0, 10)}` }
    : { kind, subject_id: id, occurrence: `${nb_days} ${ends_at.toISOString()}` };
}

function eventOf(
  kind: EndNotice,
  { id, plan_id, ends_at }: Subscription,
  { plan, payer_id, card, nb_days }: { plan: Plan; payer_id: ProfileId; card: PaymentMethod | null; nb_days: number },
): Event {
  const facts = {
    profile_id: payer_id,
    provider_id: plan.profile_id,
    subscription_id: id,
    plan_id,
    plan: planSummary(plan),
    ends_at: ends_at.toISOString(),
    nb_days,
  };
  switch (kind) {
    case 'expires_soon':
      return expiresSoon(facts);
    case 'subscription_upgrade':
      return subscriptionUpgrade(facts);
    case 'payment_method_absent':
      return paymentMethodAbsent(facts);
    case 'card_expires_soon':
      return cardExpiresSoon({ ...facts, last4: card?.last4 ?? '', exp_date: card?.exp_date ?? '' });
  }
}

/** Emits the notices that were not sent before. */
async function sendBatch({ db }: Context, planned: readonly PlannedNotice[], at: Date): Promise<number> {
  if (planned.length === 0) return 0;
  return inTransaction(db, async (tx) => {
    const marked = await insertNoticeMarks(
      tx,
      planned.map(({ mark }) => mark),
      at,
    );
    const fresh = new Set(marked.map(keyOf));
    const events = planned.flatMap(({ mark, event }) => (fresh.delete(keyOf(mark)) ? [{ event, at }] : []));
    if (events.length > 0) await runTogether(tx, { events: eventsPart(events) });
    return events.length;
  });
}

function keyOf({ kind, subject_id, occurrence }: NoticeMark): string {
  return `${kind} ${subject_id} ${occurrence}`;
}
