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
      price: { amount: period_amount, unit },
      period_type,
      period_length,
      due,
      pay_url: due !== null && may_order ? paths.balance(slug, plan.slug) : null,
      may_renew: plan.is_renewable && may_order && due === null,
      change_url: may_order ? paths.changeSubscription(slug, plan.slug) : null,
    };
  });
  const next = held.find(({ is_renewable }) => is_renewable);
  return {
    held: rows,
    next_renewal: next
      ? {
          title: next.title,
          at: next.ends_at,
          price: { amount: next.period_amount, unit: next.unit },
          period_type: next.period_type,
          period_length: next.period_length,
        }
      : null,
  };
}
