import type { PlanSummary } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries, presentProfileSummary } from '#profiles';
import {
  type CountedSubscription,
  listCountedSubscriptions,
  type SubscriptionPoint,
} from './counted-subscription-store.ts';

/** A subscription behind a point, as the API shows it. */
export type PresentedSubscription = Pick<CountedSubscription, 'auto_renew' | 'amount' | 'unit'> & {
  profile: ReturnType<typeof presentProfileSummary>;
  plan: PlanSummary;
  created_at: string;
  ends_at: string;
};

/** Reads the subscriptions behind a point with their subscribers. */
export async function readCountedSubscriptions(
  reader: Reader,
  point: SubscriptionPoint,
  list: ListQuery,
  url: URL,
): Promise<Page<PresentedSubscription>> {
  const page = await listCountedSubscriptions(reader, point, list, url);
  const summaries = await findProfileSummaries(
    reader,
    page.results.map(({ profile_id }) => profile_id),
  );
  const results = page.results.flatMap(({ profile_id, plan_slug, plan_title, created_at, ends_at, ...facts }) => {
    const summary = summaries.get(profile_id);
    if (!summary) return [];
    return {
      profile: presentProfileSummary(summary),
      plan: { slug: plan_slug, title: plan_title },
      created_at: created_at.toISOString(),
      ends_at: ends_at.toISOString(),
      auto_renew: facts.auto_renew,
      amount: facts.amount,
      unit: facts.unit,
    };
  });
  return { ...page, results };
}
