import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { catalogProblems, type Coupon, findCoupon, findUnitOf, writeDiscountText } from '#catalog';
import type { ListQuery } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { backToList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { type Profile, profileName } from '#profiles';
import { presentItemsWithAddresses, presentItems } from '../cart-items/index.ts';
import { getPayerId, getProfileById } from '../payer.ts';
import { listCouponUses } from './coupon-use-store.ts';
import { couponUsesList, couponUsesPage } from './page-types.ts';

const params = Type.Object({ profile: Type.String(), coupon: Type.String({ maxLength: 200 }) });

/** Page of the uses of a coupon with its download, for the provider that offers it. */
export function couponUsePages(app: App): void {
  const config = {
    access: { kind: 'direct', frictionless: true },
    page: true,
    problems: [catalogProblems.coupon_unknown],
  } as const;
  const options = { config, schema: { hide: true, params } };
  const url = '/metrics/:profile/coupons/:coupon/';
  app.get(url, options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { provider, coupon, unit } = await loadCoupon(request, request.params.coupon);
    const asked = askList(request, couponUsesList, provider.default_timezone);
    const page = await listCouponUses(ctx.db, { provider_id: provider.id, code: coupon.code }, asked.list, listUrl);
    const items = await presentItems(ctx, page.results);
    return reply.page(couponUsesPage, {
      profile: { slug: provider.slug, printable_name: profileName(provider) },
      code: coupon.code,
      discount_type: coupon.discount_type,
      discount_value: coupon.discount_value,
      unit,
      crumbs: [{ label: 'Coupons', href: backToList(request, paths.coupons(provider.slug)) }],
      coupon_url: request.subject.is_manager ? paths.coupon(provider.slug, coupon.code) : null,
      uses: items.map(({ user, plan, full_name, sync_on, created_at }) => ({
        user: user?.printable_name ?? '',
        plan: plan.title,
        beneficiary: full_name || sync_on,
        created_at,
      })),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.couponUsesDownload(provider.slug, coupon.code),
        empty: { title: 'Orders with this code will be listed here', text: 'No order has this code yet.' },
      }),
    });
  });

  app.get(`${url}download/`, options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { provider, coupon } = await loadCoupon(request, request.params.coupon);
    const used = { provider_id: provider.id, code: coupon.code };
    const read = async (list: ListQuery) => {
      const page = await listCouponUses(ctx.db, used, list, listUrl);
      return { ...page, results: await presentItemsWithAddresses(ctx, page.results) };
    };
    const asked = askList(request, couponUsesList, provider.default_timezone);
    return sendCsv(reply, csvOfPages(asked, { name: coupon.code, columns: columnsOf(coupon), read }));
  });
}

/** @throws not_found (404), coupon_unknown (404) */
async function loadCoupon(
  request: FastifyRequest,
  code: string,
): Promise<{ provider: Profile; coupon: Coupon; unit: string }> {
  const { payer_id } = getPayerId(request);
  const [provider, coupon, unit] = await mergeReads(request.ctx.db, [
    (reader) => getProfileById(reader, payer_id),
    (reader) => findCoupon(reader, payer_id, code),
    (reader) => findUnitOf(reader, payer_id),
  ]);
  if (!coupon) throw catalogProblems.coupon_unknown();
  return { provider, coupon, unit: unit ?? 'usd' };
}

type Row = Awaited<ReturnType<typeof presentItemsWithAddresses>>[number];

/** @see docs/decisions/0064-downloads-of-lists.md */
function columnsOf(coupon: Coupon): CsvColumn<Row>[] {
  return [
    { heading: 'Used at', kind: 'day', value: ({ item }) => new Date(item.created_at) },
    { heading: 'Code', kind: 'text', value: () => coupon.code },
    { heading: 'Discount type', kind: 'text', value: () => coupon.discount_type },
    {
      heading: 'Amount',
      kind: 'text',
      value: () => writeDiscountText(coupon.discount_type, coupon.discount_value, 'en'),
    },
    { heading: 'Name', kind: 'text', value: ({ item }) => item.user?.printable_name ?? '' },
    { heading: 'Email', kind: 'text', value: ({ email }) => email },
    { heading: 'Plan', kind: 'text', value: ({ item }) => item.plan.slug },
  ];
}
