import type { Money } from '#kernel/money';
import { paths } from '#platform/http/paths';
import type { StatementBalance } from '#ledger';
import { type OwnedPlan, subscriptionIdOf } from '#subscriptions';
import type { HeldPlanRow, NextRenewal } from './held-plan-parts.ts';

/** Presents the plans of a profile with what is due for each; `may_order` is false for a caller who only reads. */
export function viewHeldPlans(
  held: readonly OwnedPlan[],
  { subjects }: Pick<StatementBalance, 'subjects'>,
  { slug, may_order }: { slug: string; may_order: boolean },
): { held: HeldPlanRow[]; next_renewal: NextRenewal } {
  const dueFor = (id: OwnedPlan['subscription_id']): Money | null => {
    const [due] = subjects.filter(({ subject, amount }) => subscriptionIdOf(subject) === id && amount > 0);
    return due === undefined ? null : { amount: due.amount, unit: due.unit };
  };
  const rows = held.map((plan) => {
    const { title, ends_at, period_amount, unit, period_type, period_length } = plan;
    const due = dueFor(plan.subscription_id);
    return {
      slug: plan.slug,
      title,
      ends_at,
      state: plan.state,
      auto_renew: plan.auto_renew,
      resumes_at: plan.state === 'paused' ? plan.resumes_at : null,
      quantity: plan.quantity,
      price: { amount: period_amount * plan.quantity, unit },
      period_type,
      period_length,
      due,
      pay_url: due !== null && may_order ? paths.balance(slug, plan.slug) : null,
      may_renew: plan.is_renewable && may_order && due === null && !['trial', 'paused'].includes(plan.state),
      change_url: may_order ? paths.changeSubscription(slug, plan.slug) : null,
      stop_url: may_order ? paths.stopSubscription(slug, plan.slug) : null,
      pause_url: may_order && mayPause(plan) ? paths.pauseSubscription(slug, plan.slug) : null,
      trial_url: plan.state === 'trial' ? paths.trial(slug, plan.slug) : null,
    };
  });
  // The charge at the end of a trial is what was promised: its page shows it.
  const next = held.find(({ is_renewable, state }) => is_renewable && state !== 'trial');
  return {
    held: rows,
    next_renewal: next
      ? {
          title: next.title,
          at: next.ends_at,
          is_automatic: next.auto_renew,
          price: { amount: next.period_amount * next.quantity, unit: next.unit },
          period_type: next.period_type,
          period_length: next.period_length,
        }
      : null,
  };
}

/** True if a page of the pause has something to show: it is paused, or the plan offers it. */
function mayPause({ state, pause_days_max }: Pick<OwnedPlan, 'state' | 'pause_days_max'>): boolean {
  return state === 'paused' || (pause_days_max > 0 && state !== 'trial' && state !== 'locked');
}
