import type { Static } from 'typebox';
import { findPlansByIds, planSummary } from '#catalog';
import type { Context } from '#platform/context';
import { presentCharge } from '#payments';
import { findSubscriptionsByIds } from '#subscriptions';
import type { PendingChange } from './pending-change-store.ts';
import type { ChangeOutcome } from './request-change.ts';
import type { ChangedSchema, PendingChangeSchema, PendingPaymentSchema } from './schemas.ts';
import { readStoredTerms, type StoredTerms } from './stored-terms.ts';

type Presented =
  | { status: 200; body: Static<typeof ChangedSchema> }
  | { status: 202; body: Static<typeof PendingPaymentSchema> };

/** Presents the outcome of a change. */
export async function presentOutcome(ctx: Context, outcome: ChangeOutcome): Promise<Presented> {
  const { change } = outcome;
  const terms = readStoredTerms(change.terms);
  const { shown } = terms;
  if (outcome.state === 'payment_pending') {
    const charge = {
      processor_key: outcome.processor_key,
      amount: shown.charge_amount,
      unit: shown.unit,
      state: 'created',
    };
    const detail = `The payment is being processed. You keep ${shown.subscription.title} until it is decided.`;
    return { status: 202, body: { state: 'payment_pending', charge, lines: shown.lines, detail } };
  }
  const id = change.new_subscription_id ?? change.subscription_id;
  const subscription = (await findSubscriptionsByIds(ctx.db, [id])).get(id);
  const plan = subscription && (await findPlansByIds(ctx.db, [subscription.plan_id])).get(subscription.plan_id);
  if (!subscription || !plan) throw new Error(`the subscription of change ${change.id} is missing`);
  const { created_at, ends_at, auto_renew, quantity } = subscription;
  return {
    status: 200,
    body: {
      subscription: {
        plan: planSummary(plan),
        created_at: created_at.toISOString(),
        ends_at: ends_at.toISOString(),
        auto_renew,
        quantity,
      },
      charge: outcome.charge && presentCharge(outcome.charge),
      lines: shown.lines,
      credit_after: shown.credit_after,
      detail: describeOutcome(terms),
    },
  };
}

/** Returns the sentence about an executed or planned change. */
export function describeOutcome({ shown, at, quantity }: StoredTerms): string {
  const { subscription, to, effective_at } = shown;
  const is_same_plan = subscription.slug === to.slug;
  const what = is_same_plan ? `${to.title} for ${quantity.to}` : to.title;
  if (at === 'now')
    return is_same_plan ? `You now have ${what}.` : `You changed from ${subscription.title} to ${what}.`;
  return `${what} begins on ${effective_at.slice(0, 10)}. Until then you keep ${subscription.title}.`;
}

/** Presents a pending change. */
export async function presentPending(
  ctx: Context,
  pending: PendingChange,
): Promise<Static<typeof PendingChangeSchema>> {
  const plan = (await findPlansByIds(ctx.db, [pending.plan_id])).get(pending.plan_id);
  if (!plan) throw new Error('a pending change has a plan');
  return {
    to: planSummary(plan),
    quantity: pending.quantity,
    at: 'period_end',
    effective_at: pending.effective_at.toISOString(),
    amount: pending.amount + pending.setup_amount,
    unit: pending.unit,
    created_at: pending.created_at.toISOString(),
  };
}
