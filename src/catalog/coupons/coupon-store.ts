import { type Insertable, sql } from 'kysely';
import type { CouponId, CouponsTable, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, fragment, type Ids } from '#platform/db/fragment';
import { part, type Part, readRows, readTogether } from '#platform/db/together';
import type { ListQuery, Page } from '#kernel/page';
import { defineList, filterRows, listPage } from '#platform/db/list';
import { normalizeCode } from '#kernel/text';
import { selectProfileNames } from '#profiles';
import { type Plan, planPart, readPlan, selectPlans } from '../plans/index.ts';
import { GROUP_BUY_PREFIX, type Coupon } from './coupon.ts';

/** Finds a coupon of a provider by its code; ignores case and blanks. Index: coupons_code. */
export async function findCoupon(reader: Reader, provider_id: ProfileId, code: string): Promise<Coupon | undefined> {
  return (await findCouponWithPlan(reader, provider_id, code))?.coupon;
}

/** Returns the form of a typed code in which codes are compared: without blanks, in lower case. */
export function comparedCode(code: string): string {
  return normalizeCode(code).toLowerCase();
}

/** Selects the coupon of a provider with this compared code (`comparedCode`). Index: coupons_code. */
export function selectCoupon(reader: Reader, provider_id: ProfileId, code: string) {
  return reader
    .selectFrom('coupons')
    .where('profile_id', '=', provider_id)
    .where((eb) => eb(eb.fn<string>('lower', ['code']), '=', code));
}

const withPlan = readTogether((reader, provider_id: ProfileId, code: string) => {
  const coupons = selectCoupon(reader, provider_id, code);
  return {
    coupons: part(coupons.selectAll(), { created_at: true, ends_at: true }),
    plans: planPart(
      selectPlans(reader).where('plans.id', 'in', coupons.select('plan_id').$castTo<{ plan_id: PlanId }>()),
    ),
  };
});

/** Finds a coupon as `findCoupon` does, with the plan that it is limited to. */
export async function findCouponWithPlan(
  reader: Reader,
  provider_id: ProfileId,
  code: string,
): Promise<{ coupon: Coupon; plan: Plan | undefined } | undefined> {
  const { coupons, plans } = await withPlan(reader, provider_id, comparedCode(code));
  const [coupon] = coupons;
  const [plan] = plans;
  return coupon && { coupon, plan: plan && readPlan(plan) };
}

/** Finds the coupons of the providers with one of the codes; ignores case and blanks. */
export async function findCouponsByCodes(
  reader: Reader,
  provider_ids: readonly ProfileId[],
  codes: readonly string[],
): Promise<Coupon[]> {
  if (provider_ids.length === 0 || codes.length === 0) return [];
  return reader
    .selectFrom('coupons')
    .selectAll()
    .where('profile_id', 'in', [...new Set(provider_ids)])
    .where((eb) =>
      eb(
        eb.fn<string>('lower', ['code']),
        'in',
        codes.map((code) => comparedCode(code)),
      ),
    )
    .execute();
}

/**
 * Finds the coupons of the providers that have one of the codes, or the code of one of the coupons `ids`; ignores case
 * and blanks.
 */
export async function findOfferedCoupons(
  reader: Reader,
  provider_ids: readonly ProfileId[],
  { codes, ids }: { codes: readonly string[]; ids: readonly CouponId[] },
): Promise<Coupon[]> {
  if (provider_ids.length === 0 || (codes.length === 0 && ids.length === 0)) return [];
  const typed = codes.map((code) => comparedCode(code));
  return reader
    .selectFrom('coupons')
    .selectAll()
    .where('profile_id', 'in', [...new Set(provider_ids)])
    .where(sql<boolean>`lower(code) in (
      select unnest(${typed}::text[]) union all select lower(code) from coupons where id = any(${[...ids]}::bigint[]))`)
    .execute();
}

/** Finds the coupons of all providers with a code, at most 100. Index: coupons_code_any. */
export async function findCouponsByCode(reader: Reader, code: string): Promise<Coupon[]> {
  return reader
    .selectFrom('coupons')
    .selectAll()
    .where((eb) => eb(eb.fn<string>('lower', ['code']), '=', comparedCode(code)))
    .orderBy('id')
    .limit(100)
    .execute();
}

/** Selects coupons FOR UPDATE, in id order, so that their terms cannot change before the order commits. */
export async function lockCoupons(tx: Tx, ids: readonly CouponId[]): Promise<Map<CouponId, Coupon>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectFrom('coupons')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .orderBy('id')
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Finds coupons by id, in one query. */
export async function findCouponsByIds(reader: Reader, ids: readonly CouponId[]): Promise<Map<CouponId, Coupon>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('coupons')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Part that finds coupons by id, like `findCouponsByIds`. */
export function couponsById(ids: Ids<CouponId>): Part<Map<CouponId, Coupon>> {
  const query = fragment`select * from coupons where id = ${anyOf(ids)}`;
  return {
    query,
    read: (rows) => new Map(readRows<Coupon>(rows, ['created_at', 'ends_at']).map((row) => [row.id, row])),
  };
}

/** Selects a coupon FOR UPDATE; serializes updates and deletes. */
export async function lockCoupon(tx: Tx, id: CouponId): Promise<Coupon | undefined> {
  return tx.selectFrom('coupons').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
}

/**
 * Counts one redemption of each coupon, in the transaction of the order that uses them; returns those with one left.
 * One statement checks and counts, so that two concurrent orders cannot both use the last redemption.
 */
export async function countRedemptions(tx: Tx, ids: readonly CouponId[]): Promise<Set<CouponId>> {
  if (ids.length === 0) return new Set();
  const rows = await tx
    .updateTable('coupons')
    .set((eb) => ({ nb_attempts: eb('nb_attempts', '-', 1) }))
    .where('id', 'in', [...ids])
    .where((eb) => eb.or([eb('nb_attempts', 'is', null), eb('nb_attempts', '>', 0)]))
    .returning('id')
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Releases a redemption that was counted for an order whose payment was refused. */
export async function releaseRedemption(tx: Tx, id: CouponId): Promise<void> {
  await tx
    .updateTable('coupons')
    .set((eb) => ({ nb_attempts: eb('nb_attempts', '+', 1) }))
    .where('id', '=', id)
    .where('nb_attempts', 'is not', null)
    .execute();
}

export const couponList = defineList({
  search: {
    code: 'coupons.code',
    description: 'coupons.description',
    discount_type: 'coupons.discount_type',
    amount: 'coupons.discount_value',
    profile: 'provider.slug',
    profile__full_name: 'provider.full_name',
  },
  sort: {
    profile: 'provider.slug',
    profile__full_name: 'provider.full_name',
    code: 'coupons.code',
    description: 'coupons.description',
    discount_type: 'coupons.discount_type',
    amount: 'coupons.discount_value',
    created_at: 'coupons.created_at',
    ends_at: 'coupons.ends_at',
  },
  default_order: [{ column: 'coupons.ends_at', descending: false }],
  tie_breaker: 'coupons.id',
  date: 'coupons.created_at',
});

/** Selection of coupons that work at `at`, or of the others; '' for all. */
export interface CouponFilter {
  state: '' | 'active' | 'ended';
  at: Date;
}

/** Lists the coupons of a provider, excluding those that orders of group buyers created. */
export async function listCoupons(
  reader: Reader,
  profile_id: ProfileId,
  list: ListQuery,
  url: URL,
  filter: CouponFilter | null = null,
): Promise<Page<Coupon>> {
  let query = selectOwn(reader, profile_id).selectAll('coupons');
  if (filter?.state === 'active') query = query.where(works(filter.at));
  if (filter?.state === 'ended') query = query.where(sql<boolean>`not (${works(filter.at)})`);
  return listPage(reader, query, couponList, list, url);
}

/** Counts the coupons of `listCoupons`: all, and those that work at `at`. */
export async function countCouponStates(
  reader: Reader,
  profile_id: ProfileId,
  list: ListQuery,
  at: Date,
): Promise<{ all: number; active: number }> {
  return filterRows(selectOwn(reader, profile_id), couponList, list)
    .select([sql<number>`count(*)`.as('all'), sql<number>`count(*) filter (where ${works(at)})`.as('active')])
    .executeTakeFirstOrThrow();
}

/** As `couponState`. */
const works = (at: Date) => sql<boolean>`(coupons.ends_at is null or coupons.ends_at > ${at})
  and (coupons.nb_attempts is null or coupons.nb_attempts > 0)`;

function selectOwn(reader: Reader, profile_id: ProfileId) {
  return reader
    .selectFrom('coupons')
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'coupons.profile_id')
    .where('coupons.profile_id', '=', profile_id)
    .where((eb) => eb.not(eb.fn<boolean>('starts_with', [eb.fn('lower', ['code']), eb.val(GROUP_BUY_PREFIX)])));
}

export type NewCoupon = Insertable<CouponsTable>;
export type CouponChange = Partial<Omit<NewCoupon, 'id' | 'profile_id' | 'created_at'>>;

export async function insertCoupon(tx: Tx, coupon: NewCoupon): Promise<Coupon> {
  return tx.insertInto('coupons').values(coupon).returningAll().executeTakeFirstOrThrow();
}

export async function updateCouponRow(tx: Tx, id: CouponId, change: CouponChange): Promise<Coupon> {
  return tx.updateTable('coupons').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

export async function deleteCouponRow(tx: Tx, id: CouponId): Promise<void> {
  await tx.deleteFrom('coupons').where('id', '=', id).execute();
}

/** Counts the coupons of a provider. Index: coupons_code. */
export async function countCoupons(reader: Reader, profile_id: ProfileId): Promise<number> {
  const row = await reader
    .selectFrom('coupons')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .executeTakeFirstOrThrow();
  return row.count;
}
