import { Type } from 'typebox';
import { endListAt } from '#kernel/page';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring } from '#platform/http/schemas';
import { quotaProblems } from '#platform/security/quota';
import { couponList, findCouponWithPlan, listCoupons } from './coupon-store.ts';
import { createCoupon } from './create-coupon.ts';
import { deleteCoupon } from './delete-coupon.ts';
import { presentCoupon, presentCoupons, presentCouponWithPlan } from './present-coupon.ts';
import { catalogProblems } from '../problems.ts';
import { getProviderId, findTimezone } from '../provider.ts';
import { CouponChangeBody, CouponPage, CouponParams, CouponSchema, NewCouponBody } from './schemas.ts';
import { ProfileParams } from '../schemas.ts';
import { updateCoupon } from './update-coupon.ts';

const managing = { kind: 'direct' } as const;

/** The coupons of a provider. */
export function couponRoutes(app: App): void {
  couponsRoutes(app);
  oneCouponRoutes(app);
}

function couponsRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/coupons',
    {
      config: { access: managing },
      schema: {
        tags: ['billing'],
        summary: 'Lists discount codes',
        description: 'Lists the coupons of a provider with the number of their redemptions.',
        params: ProfileParams,
        querystring: listQuerystring(couponList),
        response: { 200: CouponPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const provider_id = getProviderId(request.subject);
      const list = endListAt(await request.listIn(() => findTimezone(ctx, provider_id)), ctx.clock.now());
      const page = await listCoupons(ctx.db, provider_id, list, request.listUrl);
      return { ...page, results: await presentCoupons(ctx.db, page.results) };
    },
  );

  app.post(
    '/api/billing/:profile/coupons',
    {
      config: { access: managing, problems: [quotaProblems.quota_exceeded] },
      schema: {
        tags: ['billing'],
        summary: 'Creates a discount code',
        description:
          'Creates a coupon: a percentage, an amount or free periods, until a date and up to a number of uses.',
        params: ProfileParams,
        body: NewCouponBody,
        response: { 201: CouponSchema },
      },
    },
    async (request, reply) => {
      const { ctx } = request;
      const id = getProviderId(request.subject);
      const coupon = await createCoupon(ctx, { id, timezone: await findTimezone(ctx, id) }, request.body);
      return reply.status(201).send(await presentCoupon(ctx.db, coupon));
    },
  );
}

// long: the operations on one coupon
function oneCouponRoutes(app: App): void {
  app.get(
    '/api/billing/:profile/coupons/:coupon',
    {
      config: { access: managing, problems: [catalogProblems.coupon_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Retrieves a discount code',
        description: 'Returns a coupon of a provider.',
        params: CouponParams,
        response: { 200: CouponSchema },
      },
    },
    async (request) => {
      const { coupon: code } = request.params;
      const found = await findCouponWithPlan(request.ctx.db, getProviderId(request.subject), code);
      if (!found) throw catalogProblems.coupon_unknown();
      return presentCouponWithPlan(found.coupon, found.plan);
    },
  );

  putAndPatch(
    app,
    '/api/billing/:profile/coupons/:coupon',
    {
      config: { access: managing, problems: [catalogProblems.coupon_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Updates a discount code',
        description:
          'Changes a coupon. If a cart already showed the discount, its owner must confirm the new price before payment.',
        params: CouponParams,
        body: CouponChangeBody,
        response: { 200: CouponSchema },
      },
    },
    async (request) => {
      const { ctx } = request;
      const provider_id = getProviderId(request.subject);
      const target = { provider_id, code: request.params.coupon };
      const coupon = await updateCoupon(ctx, target, request.body, await findTimezone(ctx, provider_id));
      return presentCoupon(ctx.db, coupon);
    },
  );

  app.delete(
    '/api/billing/:profile/coupons/:coupon',
    {
      config: { access: managing, problems: [catalogProblems.coupon_unknown] },
      schema: {
        tags: ['billing'],
        summary: 'Deletes a discount code',
        description: 'Deletes a coupon that no order used; a coupon that was used is deactivated instead.',
        params: CouponParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const target = { provider_id: getProviderId(request.subject), code: request.params.coupon };
      await deleteCoupon(request.ctx, target);
      return reply.status(204).send(null);
    },
  );
}
