import { findPlanNamesOf, findPlansByIds, type PlanSummary, selectPlanIds } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileById, findProfileViews, type Profile } from '#profiles';
import {
  assertFound,
  countByState,
  findTermsWith,
  type ListedSpan,
  listSubscriptions,
  type StateCounts,
} from '../records/index.ts';
import type { Subscriber } from './subscriber-row.ts';

/** Which subscriptions of a provider a page lists. */
export interface SubscribersAsked {
  provider_id: ProfileId;
  /** Slug of the only plan; null for all plans of the provider. */
  plan: string | null;
  tab: '' | 'active' | 'ended' | 'requested';
  list: ListQuery;
}

/** Finds the provider of the page and the names of its plans. */
export async function loadProvider(
  ctx: Context,
  provider_id: ProfileId,
): Promise<{ provider: Profile; plans: PlanSummary[] }> {
  const [provider, plans] = await mergeReads(ctx.db, [
    (together) => findProfileById(together, provider_id),
    (together) => findPlanNamesOf(together, provider_id),
  ]);
  if (!provider) throw new Error('the guard of this route found the profile');
  return { provider, plans };
}

/** Reads one page of subscriptions with their plans and subscribers. */
export async function loadSubscribers(ctx: Context, asked: SubscribersAsked, url: URL): Promise<Page<Subscriber>> {
  const at = ctx.clock.now();
  return withNames(ctx.db, asked.provider_id, await listAsked(ctx.db, asked, at, url));
}

/** Reads one page of subscriptions as `loadSubscribers`, and the number of subscriptions in each state. */
export async function loadSubscriberPage(
  ctx: Context,
  asked: SubscribersAsked,
  url: URL,
): Promise<{ page: Page<Subscriber>; counts: StateCounts }> {
  const at = ctx.clock.now();
  const [page, counts] = await mergeReads(ctx.db, [
    (together) => listAsked(together, asked, at, url),
    (together) => {
      const plans = selectPlanIds(together, asked.provider_id, asked.plan ?? undefined);
      return countByState(together, plans, at, asked.list);
    },
  ]);
  return { page: await withNames(ctx.db, asked.provider_id, page), counts };
}

function listAsked(reader: Reader, { provider_id, plan, tab, list }: SubscribersAsked, at: Date, url: URL) {
  const plans = selectPlanIds(reader, provider_id, plan ?? undefined);
  return listSubscriptions(reader, { plans }, spanOf(tab, list, at), list, url);
}

/** The dates of a list bound the beginning of what runs, the end of what ended, and else the time of a subscription. */
function spanOf(tab: SubscribersAsked['tab'], { ends_at }: ListQuery, at: Date): ListedSpan {
  if (tab === '') return { span: 'all', at };
  if (tab === 'ended') return { span: 'ended', at };
  return { span: 'active', at, begun_before: ends_at, is_requested: tab === 'requested' };
}

async function withNames(
  reader: Reader,
  provider_id: ProfileId,
  page: Awaited<ReturnType<typeof listSubscriptions>>,
): Promise<Page<Subscriber>> {
  const plan_ids = page.results.map(({ plan_id }) => plan_id);
  const profile_ids = page.results.map(({ profile_id }) => profile_id);
  const [plans, profiles, terms] = await mergeReads(reader, [
    (together) => findPlansByIds(together, plan_ids),
    (together) => findProfileViews(together, profile_ids),
    (together) => findTermsWith(together, provider_id, profile_ids),
  ]);
  const results = page.results.map((subscription) => ({
    subscription,
    plan: assertFound(plans.get(subscription.plan_id), subscription),
    profile: assertFound(profiles.get(subscription.profile_id), subscription),
    terms: terms.get(subscription.profile_id) ?? [],
  }));
  return { ...page, results };
}
