import { type RawBuilder, sql } from 'kysely';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { TextMatch } from '#platform/lists/list-search';
import { selectProfileNames } from '#profiles';
import { parsePlanSlug } from './plan-store.ts';
import type { PlanSummary } from './plan.ts';

/** Returns a query for the columns by which lists of other rooms search and sort plans, to be joined. */
export function selectPlanNames(reader: Reader) {
  return reader.selectFrom('plans').select(['id', 'slug', 'title', 'profile_id']);
}

/** Returns a query for the names and list prices of plans, to be joined. Units: 1/100 of `unit`. */
export function selectPlanPrices(reader: Reader) {
  return reader
    .selectFrom('plans')
    .select(['id', 'slug', 'title', 'profile_id', 'period_amount', 'unit', 'period_type', 'period_length'])
    .select('pause_days_max')
    .select(
      sql<boolean>`plans.is_active and not plans.is_not_priced and plans.renewal_type <> 'one-time'`.as('is_renewable'),
    );
}

/** Returns a query for the ids of all plans of a provider, or of its plan with this slug. */
export function selectPlanIds(reader: Reader, provider_id: ProfileId, slug?: string) {
  const plans = reader.selectFrom('plans').select('plans.id').where('plans.profile_id', '=', provider_id);
  return slug === undefined ? plans : plans.where('plans.slug', '=', parsePlanSlug(slug));
}

/** Finds slug and title of all plans of a provider, inactive ones included, by title. */
export async function findPlanNamesOf(reader: Reader, provider_id: ProfileId): Promise<PlanSummary[]> {
  return reader
    .selectFrom('plans')
    .select(['slug', 'title'])
    .where('profile_id', '=', provider_id)
    .orderBy('title')
    .execute();
}

/** Finds the slugs of the providers of plans, by plan. */
export async function findProviderSlugs(reader: Reader, ids: readonly PlanId[]): Promise<Map<PlanId, string>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('plans')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'plans.profile_id')
    .select(['plans.id', 'provider.slug'])
    .where('plans.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

/** Selects the ids of the plans whose slug or title contains a term. */
export function selectNamedPlans(matches: TextMatch): RawBuilder<unknown> {
  return sql`select plans.id from plans where ${matches(sql`plans.slug || ' ' || plans.title`)} offset 0`;
}

/** The plans by slug and by title, for lists that sort by them (`SortKeys`). */
export const plan_keys = {
  slug: sql`(select plans.id, plans.slug as value from plans)`,
  title: sql`(select plans.id, plans.title as value from plans)`,
} as const;
