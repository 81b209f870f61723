import { Type } from 'typebox';
import { catalogProblems, findCoupon } from '#catalog';
import { requireRange } from '#kernel/list-range';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { listQuerystring, PageOf } from '#platform/http/schemas';
import { CartItemSchema } from '../cart/index.ts';
import { presentItems } from '../cart-items/index.ts';
import { getPayerId, getProfileById } from '../payer.ts';
import { couponUseList, listCouponUses } from './coupon-use-store.ts';

const params = Type.Object({ profile: Type.String(), coupon: Type.String({ maxLength: 200 }) });

/** The uses of a coupon, for the provider that offers it. */
export function couponUseRoutes(app: App): void {
  app.get(
    '/api/metrics/:profile/coupons/:coupon',
    {
      config: { access: { kind: 'direct', frictionless: true }, problems: [catalogProblems.coupon_unknown] },
      schema: {
        tags: ['metrics'],
        summary: 'Lists the uses of a discount code',
        description: 'Lists the ordered cart items on which a coupon of the provider was used, the newest first.',
        params,
        querystring: listQuerystring(couponUseList),
        response: { 200: PageOf(CartItemSchema) },
      },
    },
    async (request) => {
      const { ctx, listUrl } = request;
      const { payer_id: provider_id } = getPayerId(request);
      const used = { provider_id, code: request.params.coupon };
      const list = await request.listIn(async () => (await getProfileById(ctx.db, provider_id)).default_timezone);
      requireRange(list, listUrl.searchParams.get('timezone') ?? undefined);
      const [coupon, page] = await mergeReads(ctx.db, [
        (reader) => findCoupon(reader, provider_id, used.code),
        (reader) => listCouponUses(reader, used, list, listUrl),
      ]);
      if (!coupon) throw catalogProblems.coupon_unknown();
      return { ...page, results: await presentItems(ctx, page.results) };
    },
  );
}
