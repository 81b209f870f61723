import { paths } from '#platform/http/paths';
import type { Reader } from '#platform/db/database';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { balanceValues, flowsOf, flowValues, linkPeriods, type Report, type Series } from '../series.ts';
import { countByPlan } from './plan-count-store.ts';

export const plans_definition =
  'Subscriptions to each plan that run at the instant: both sides agreed to them, they began, and their end is later. ' +
  'Churn: subscriptions that ended in the period, also when another one followed.';

/** A plan with the number of its subscriptions. */
export interface PlanSeries extends Series {
  is_active: boolean;
  /** Page of the plan. */
  location: string;
}

export interface PlansReport extends Report {
  results: PlanSeries[];
  extra: Series[];
}

/** Reports the active subscriptions to each plan of a provider, and their churn. */
export async function reportPlans(
  reader: Reader,
  { provider }: Pick<Reported, 'provider'>,
  { bounds, before }: ReportPeriods,
): Promise<PlansReport> {
  const plans = await countByPlan(reader, provider.id, bounds);
  const churn = (slug: string, title: string, ended: readonly number[], plan?: string): Series => ({
    slug,
    title,
    values: flowValues(bounds, flowsOf(ended)),
    links: linkPeriods([before, ...bounds], bounds, ({ start_at, ends_at }) =>
      rowsOf('subscriptions', { state: 'ended', plan, start_at, ends_at }),
    ),
  });
  const all = bounds.map((_, index) => plans.reduce((sum, { ended }) => sum + (ended[index] ?? 0), 0));
  return {
    title: 'Active Subscribers',
    definition: plans_definition,
    results: plans.map(({ slug, title, is_active, active }) => ({
      slug,
      title,
      is_active,
      location: paths.plan(provider.slug, slug),
      values: balanceValues(bounds, active),
      links: bounds.map((ends_at) => rowsOf('subscriptions', { state: 'active', plan: slug, ends_at })),
    })),
    extra: [
      churn('churn', 'Churn', all),
      ...plans.map(({ slug, title, ended }) => churn(`churn-${slug}`, `Churn of ${title}`, ended, slug)),
    ],
  };
}
