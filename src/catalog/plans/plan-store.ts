import { normalizeCode } from '#kernel/text';
import { canonicalName } from '#kernel/slug';
import { type Insertable, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { AdvanceDiscountsTable, PlanId, PlansTable, ProfileId, UseChargesTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { ListQuery, Page } from '#kernel/page';
import { anyOf, fragment, type Ids, queryFragment } from '#platform/db/fragment';
import { part, type Part, readRows, readTogether } from '#platform/db/together';
import { defineList, listPage } from '#platform/db/list';
import {
  profileSummaryPart,
  type ProfileSummary,
  selectProfileNames,
  selectProfileSummaries,
  summarizeProfile,
} from '#profiles';
import type { Plan } from './plan.ts';

/** Finds a plan by its slug; ignores case, blanks and invisible characters. */
export async function findPlanBySlug(reader: Reader, slug: string): Promise<Plan | undefined> {
  const row = await selectPlans(reader).where('plans.slug', '=', parsePlanSlug(slug)).executeTakeFirst();
  return row && readPlan(row);
}

/** Finds a plan of one provider by its slug; compares slugs like `findPlanBySlug`. */
export async function findPlanOf(reader: Reader, provider_id: ProfileId, slug: string): Promise<Plan | undefined> {
  const plan = await findPlanBySlug(reader, slug);
  return plan?.profile_id === provider_id ? plan : undefined;
}

const planWithProvider = readTogether((reader, slug: string, provider_id: ProfileId) => ({
  plans: planPart(selectPlans(reader).where('plans.slug', '=', slug).where('plans.profile_id', '=', provider_id)),
  providers: profileSummaryPart(selectProfileSummaries(reader).where('profiles.id', '=', provider_id)),
}));

/** Finds a plan of one provider together with the public facts of the provider. */
export async function findPlanWithProvider(
  reader: Reader,
  provider_id: ProfileId,
  slug: string,
): Promise<{ plan: Plan; provider: ProfileSummary } | undefined> {
  const { plans, providers } = await planWithProvider(reader, parsePlanSlug(slug), provider_id);
  const [plan] = plans;
  const [provider] = providers;
  return plan && provider && { plan: readPlan(plan), provider: summarizeProfile(provider) };
}

/** Finds plans by id, in one query. */
export async function findPlansByIds(reader: Reader, ids: readonly PlanId[]): Promise<Map<PlanId, Plan>> {
  if (ids.length === 0) return new Map();
  const rows = await selectPlans(reader)
    .where('plans.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, readPlan(row)]));
}

/** Finds plans by slug, in one query; compares slugs like `findPlanBySlug`. The keys are the slugs as passed. */
export async function findPlansBySlugs(reader: Reader, slugs: readonly string[]): Promise<Map<string, Plan>> {
  if (slugs.length === 0) return new Map();
  const rows = await selectPlans(reader)
    .where('plans.slug', 'in', [...new Set(slugs.map(parsePlanSlug))])
    .execute();
  const found = new Map(rows.map((row) => [row.slug, readPlan(row)]));
  return new Map(
    slugs.flatMap((slug) => {
      const plan = found.get(parsePlanSlug(slug));
      return plan ? [[slug, plan]] : [];
    }),
  );
}

/** Selects a plan FOR UPDATE; serializes updates and deletes. */
export async function lockPlan(tx: Tx, id: PlanId): Promise<Plan | undefined> {
  const row = await selectPlans(tx).where('plans.id', '=', id).forUpdate('plans').executeTakeFirst();
  return row && readPlan(row);
}

/** Finds the ids of all plans of a provider, inactive ones included. */
export async function findPlanIds(reader: Reader, provider_id: ProfileId): Promise<PlanId[]> {
  const rows = await reader.selectFrom('plans').select('id').where('profile_id', '=', provider_id).execute();
  return rows.map(({ id }) => id);
}

/** Finds the currency of a provider's first plan. */
export async function findUnitOf(reader: Reader, provider_id: ProfileId): Promise<string | undefined> {
  const row = await reader
    .selectFrom('plans')
    .select('unit')
    .where('profile_id', '=', provider_id)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row?.unit;
}

export const planList = defineList({
  search: {
    slug: 'plans.slug',
    title: 'plans.title',
    description: 'plans.description',
    profile: 'provider.slug',
    profile__full_name: 'provider.full_name',
  },
  sort: {
    title: 'plans.title',
    period_amount: 'plans.period_amount',
    is_active: 'plans.is_active',
    created_at: 'plans.created_at',
  },
  default_order: [{ column: 'plans.period_amount', descending: false }],
  tie_breaker: 'plans.id',
  date: 'plans.created_at',
});

/** Lists plans with their use charges and discounts. */
export async function listPlans(
  reader: Reader,
  filter: { profile_id?: ProfileId; is_active?: boolean },
  list: ListQuery,
  url: URL,
): Promise<Page<Plan>> {
  let query = selectPlans(reader).innerJoin(
    selectProfileNames(reader).as('provider'),
    'provider.id',
    'plans.profile_id',
  );
  if (filter.profile_id !== undefined) query = query.where('plans.profile_id', '=', filter.profile_id);
  if (filter.is_active !== undefined) query = query.where('plans.is_active', '=', filter.is_active);
  const page = await listPage(reader, query, planList, list, url);
  return { ...page, results: page.results.map(readPlan) };
}

export type NewPlan = Insertable<PlansTable>;
/** The columns that a provider may set. */
export type PlanColumns = Partial<Omit<NewPlan, 'id' | 'profile_id' | 'slug' | 'created_at' | 'first_subscribed_at'>>;

/** Inserts the row of a plan without its use charges and discounts. */
export async function insertPlanRow(tx: Tx, plan: NewPlan): Promise<PlanId> {
  const { id } = await tx
    .insertInto('plans')
    .values({ ...plan, slug: canonicalName(plan.slug) })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export async function updatePlanRow(tx: Tx, id: PlanId, change: PlanColumns & { slug?: string }): Promise<void> {
  if (Object.keys(change).length === 0) return;
  const named = change.slug === undefined ? change : { ...change, slug: canonicalName(change.slug) };
  await tx.updateTable('plans').set(named).where('id', '=', id).execute();
}

/** Deactivates all plans of a provider; subscriptions to them are unchanged. */
export async function deactivatePlansOf(tx: Tx, provider_id: ProfileId): Promise<void> {
  await tx.updateTable('plans').set({ is_active: false }).where('profile_id', '=', provider_id).execute();
}

/** Records the beginning of the first subscription to a plan; does nothing when there was one before. */
export async function recordFirstSubscription(tx: Tx, id: PlanId, at: Date): Promise<void> {
  await tx
    .updateTable('plans')
    .set({ first_subscribed_at: at })
    .where('id', '=', id)
    .where('first_subscribed_at', 'is', null)
    .execute();
}

/** Part that records the beginning of the first subscription to plans, like `recordFirstSubscription`. */
export function firstSubscriptions(ids: readonly PlanId[], at: Date): Part<void> {
  const query = fragment`update plans set first_subscribed_at = ${at}
    where id = any(${[...ids]}::bigint[]) and first_subscribed_at is null`;
  return { query, read: null };
}

export async function deletePlanRow(tx: Tx, id: PlanId): Promise<void> {
  await tx.deleteFrom('plans').where('id', '=', id).execute();
}

export type NewAdvanceDiscount = Omit<Insertable<AdvanceDiscountsTable>, 'plan_id'>;

/** Replaces all advance discounts of a plan. */
export async function replaceAdvanceDiscounts(
  tx: Tx,
  plan_id: PlanId,
  discounts: readonly NewAdvanceDiscount[],
): Promise<void> {
  await tx.deleteFrom('advance_discounts').where('plan_id', '=', plan_id).execute();
  if (discounts.length === 0) return;
  await tx
    .insertInto('advance_discounts')
    .values(discounts.map((discount) => ({ ...discount, plan_id })))
    .execute();
}

export type NewUseCharge = Omit<Insertable<UseChargesTable>, 'plan_id'>;

/** Replaces all use charges of a plan. A use charge whose slug already exists keeps its id and `created_at`. */
export async function replaceUseCharges(tx: Tx, plan_id: PlanId, uses: readonly NewUseCharge[]): Promise<void> {
  let removed = tx.deleteFrom('use_charges').where('plan_id', '=', plan_id);
  const slugs = uses.map(({ slug }) => slug);
  if (slugs.length > 0) removed = removed.where('slug', 'not in', slugs);
  await removed.execute();
  for (const { created_at, slug, ...fields } of uses) {
    await tx
      .insertInto('use_charges')
      .values({ ...fields, slug, plan_id, created_at })
      .onConflict((conflict) => conflict.columns(['plan_id', 'slug']).doUpdateSet(fields))
      .execute();
  }
}

/** Selects plans with their use charges and discounts, in one statement. */
export function selectPlans(reader: Reader) {
  return reader
    .selectFrom('plans')
    .selectAll('plans')
    .select((eb) => [
      jsonArrayFrom(
        eb
          .selectFrom('advance_discounts')
          .select(['advance_discounts.id', 'discount_type', 'discount_value', 'length'])
          .whereRef('advance_discounts.plan_id', '=', 'plans.id')
          .orderBy('length')
          .orderBy('advance_discounts.id'),
      ).as('advance_discounts'),
      jsonArrayFrom(
        eb
          .selectFrom('use_charges')
          .selectAll('use_charges')
          .whereRef('use_charges.plan_id', '=', 'plans.id')
          .orderBy('use_charges.id'),
      ).as('use_charges'),
    ]);
}

const plansOfSlugs = queryFragment((reader, slugs: readonly string[]) =>
  selectPlans(reader).where('plans.slug', '=', sql<string>`any(${slugs})`),
);

/** Part that finds plans by slug, like `findPlansBySlugs`. */
export function plansBySlug(reader: Reader, slugs: readonly string[]): Part<Map<string, Plan>> {
  return {
    query: plansOfSlugs(reader, [...new Set(slugs.map(parsePlanSlug))]),
    read(rows) {
      const plans = readRows<PlanRow>(rows, ['created_at', 'first_subscribed_at']).map(readPlan);
      return new Map(
        slugs.flatMap((slug) => {
          const plan = plans.find((each) => each.slug === parsePlanSlug(slug));
          return plan ? [[slug, plan]] : [];
        }),
      );
    },
  };
}

/** Part that finds plans by id, like `findPlansByIds`. */
export function plansById(ids: Ids<PlanId>): Part<Map<PlanId, Plan>> {
  const query = fragment`select plans.*,
      (select coalesce(json_agg(discount order by length, id), '[]') from (
        select id, discount_type, discount_value, length from advance_discounts where plan_id = plans.id
      ) discount) as advance_discounts,
      (select coalesce(json_agg(use order by id), '[]') from use_charges use where plan_id = plans.id) as use_charges
    from plans where id = ${anyOf(ids)}`;
  return {
    query,
    read: (rows) =>
      new Map(readRows<PlanRow>(rows, ['created_at', 'first_subscribed_at']).map((row) => [row.id, readPlan(row)])),
  };
}

type PlanRow = Awaited<ReturnType<ReturnType<typeof selectPlans>['execute']>>[number];

/** Makes the part that reads plans; `readPlan` converts its rows. */
export function planPart(query: ReturnType<typeof selectPlans>) {
  return part<PlanRow>(query, { created_at: true, first_subscribed_at: true });
}

/** Converts a row to a plan; parses the instants of JSON arrays, which are text. */
export function readPlan(row: PlanRow): Plan {
  return { ...row, use_charges: row.use_charges.map((use) => ({ ...use, created_at: new Date(use.created_at) })) };
}

/** Counts the plans of a provider. */
export async function countPlans(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('plans')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Returns the slug that a caller typed. */
export function parsePlanSlug(typed: string): string {
  return canonicalName(normalizeCode(typed));
}
