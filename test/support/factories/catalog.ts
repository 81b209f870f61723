import type { Insertable } from 'kysely';
import { createPlan, findPlansByIds, type Coupon, type Plan } from '#catalog';
import type { CouponsTable, ProfileId } from '#platform/db/db-schema';
import type { Db } from '#platform/db/database';
import type { TestContext } from '../context.ts';
import { next } from '../factories.ts';

type PlanSample = Partial<Parameters<typeof createPlan>[2]> & { provider_id?: ProfileId };

/** Makes a profile a provider, as the broker does. */
export async function allowToSell(db: Db, id: ProfileId): Promise<void> {
  await db.updateTable('profiles').set({ is_provider: true }).where('id', '=', id).execute();
}

/** Makes an active plan of the broker, by default 20.00 a month. */
export async function makePlan(ctx: TestContext, sample: PlanSample = {}): Promise<Plan> {
  const { provider_id = ctx.site.broker_id, ...fields } = sample;
  await allowToSell(ctx.db, provider_id);
  const title = fields.title ?? next('plan');
  const input = { is_active: true, period_amount: 2000, period_type: 'monthly' as const, ...fields, title };
  return createPlan(ctx, provider_id, input, 'broker');
}

/** Reads a plan again. */
export async function reread(db: Db, plan: Plan): Promise<Plan | undefined> {
  return (await findPlansByIds(db, [plan.id])).get(plan.id);
}

/** Makes a coupon of the broker, by default 50 % off without an end. */
export async function makeCoupon(ctx: TestContext, sample: Partial<Insertable<CouponsTable>> = {}): Promise<Coupon> {
  return ctx.db
    .insertInto('coupons')
    .values({
      profile_id: ctx.site.broker_id,
      code: next('CODE'),
      discount_type: 'percentage',
      discount_value: 5000,
      created_at: ctx.clock.now(),
      ...sample,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}
