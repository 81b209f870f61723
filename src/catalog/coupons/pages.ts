import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ListQuery } from '#kernel/page';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import { findEditConflict, sentVersion, shownVersion } from '#platform/pages/forms/edit-version';
import type { FormContext } from '#platform/pages/forms/field';
import type { Refusal } from '#platform/pages/forms/form';
import { askList } from '#platform/pages/lists/ask-list';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { addressOfList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction, postAction } from '#platform/pages/lists/row-actions';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { findProfileById, type Profile, profileName } from '#profiles';
import { writeDiscountText } from '../discount-text.ts';
import { findPlanNamesOf, findPlansByIds, findUnitOf, type Plan } from '../plans/index.ts';
import { catalogProblems } from '../problems.ts';
import { getProviderId } from '../provider.ts';
import { ProfileParams } from '../schemas.ts';
import { ALL_PLANS, couponForm, couponValues, readCouponForm } from './coupon-form.ts';
import { countCouponStates, findCouponWithPlan, listCoupons } from './coupon-store.ts';
import { type Coupon, couponState } from './coupon.ts';
import { createCoupon } from './create-coupon.ts';
import { deleteCoupon } from './delete-coupon.ts';
import { couponPage, type CouponRow, couponsList, couponsPage } from './page-types.ts';
import { CouponParams } from './schemas.ts';
import { switchCoupon } from './switch-coupon.ts';
import { couponFields, updateCoupon } from './update-coupon.ts';

const config = { access: { kind: 'direct' }, page: true } as const;
const one = {
  access: { kind: 'direct', manages: true },
  page: true,
  problems: [catalogProblems.coupon_unknown],
} as const;
const of_coupon = { hide: true, params: CouponParams } as const;

/** The coupons of a provider: the list with the form of a new one, the editor, and the page that deletes one. */
export function couponPages(app: App): void {
  const schema = { hide: true, params: ProfileParams };
  const url = '/billing/:profile/coupons/';
  app.get(url, { config, schema }, async (request, reply) => showList(request, reply, null));
  app.post(url, { config, schema }, async (request, reply) => {
    const loaded = await loadProvider(request);
    try {
      const { text, undo } = await runPosted(request, loaded);
      reply.flash('success', text, undo === null ? {} : { undo });
    } catch (error) {
      return showList(request, reply, couponForm.refuse(error, request.body));
    }
    const { pathname: path, searchParams: params } = request.listUrl;
    return reply.redirect(addressOfList({ path, params }), 303);
  });
  app.get(`${url}download/`, { config, schema }, async (request, reply) => sendList(request, reply));
  editorPages(app, `${url}:coupon/`);
  deletePages(app, `${url}:coupon/delete/`);
}

interface Loaded {
  provider: Profile;
  plans: { slug: string; title: string }[];
  unit: string;
}

async function loadProvider({ ctx, subject }: FastifyRequest): Promise<Loaded> {
  const id = getProviderId(subject);
  const [provider, plans, unit] = await mergeReads(ctx.db, [
    (together) => findProfileById(together, id),
    (together) => findPlanNamesOf(together, id),
    (together) => findUnitOf(together, id),
  ]);
  if (!provider) throw new Error('the guard of this route found the profile');
  return { provider, plans, unit: unit ?? 'usd' };
}

function contextOf({ ctx }: FastifyRequest, { provider, plans }: Loaded): FormContext {
  const all = { value: ALL_PLANS, label: 'All plans' };
  const each = plans.map(({ slug, title }) => ({ value: slug, label: title }));
  return { locale: ctx.lang, timezone: provider.default_timezone, choices: { plan: [all, ...each] } };
}

function viewProvider(provider: Profile) {
  return { slug: provider.slug, printable_name: profileName(provider), picture: provider.picture };
}

async function runPosted(request: FastifyRequest, loaded: Loaded) {
  const { ctx, body } = request;
  const { provider } = loaded;
  const action = textField(body, 'action', 20);
  if (action === 'on' || action === 'off') {
    const target = { provider_id: provider.id, provider_slug: provider.slug, code: textField(body, 'coupon', 200) };
    const { coupon, undo } = await switchCoupon(ctx, target, action);
    return { text: action === 'on' ? `${coupon.code} is active.` : `${coupon.code} is no longer active.`, undo };
  }
  const input = readCouponForm(body, contextOf(request, loaded));
  const coupon = await createCoupon(ctx, { id: provider.id, timezone: provider.default_timezone }, input);
  return { text: `The code ${coupon.code} was created.`, undo: null };
}

async function showList(request: FastifyRequest, reply: FastifyReply, refusal: Refusal | null): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const loaded = await loadProvider(request);
  const { provider, unit } = loaded;
  const asked = askList(request, couponsList, provider.default_timezone);
  const at = ctx.clock.now();
  const [page, counts] = await mergeReads(ctx.db, [
    (together) => listCoupons(together, provider.id, asked.list, request.listUrl, { state: asked.tab, at }),
    (together) => countCouponStates(together, provider.id, asked.list, at),
  ]);
  const plan_ids = page.results.flatMap(({ plan_id }) => plan_id ?? []);
  const plans = await findPlansByIds(ctx.db, plan_ids);
  const may_edit = subject.is_manager;
  const list = viewList(asked, {
    count: page.count,
    tab_counts: { '': counts.all, active: counts.active, ended: counts.all - counts.active },
    csv_path: paths.couponsDownload(provider.slug),
    empty: { title: 'Your discount codes will be listed here', text: 'A code lowers the price of your plans.' },
  });
  return reply.page(
    couponsPage,
    {
      profile: viewProvider(provider),
      coupons: page.results.map((coupon, index) => {
        const plan = coupon.plan_id === null ? undefined : plans.get(coupon.plan_id);
        return viewRow(coupon, plan, { index, unit, provider: provider.slug, may_edit, at });
      }),
      may_edit,
      is_creating: refusal !== null && textField(request.body, 'action', 20) === '',
      list,
      ...couponForm.view({ plan: ALL_PLANS, discount_type: 'percentage' }, contextOf(request, loaded), refusal),
    },
    refusal?.status ?? 200,
  );
}

interface RowFacts {
  index: number;
  unit: string;
  provider: string;
  may_edit: boolean;
  at: Date;
}

function viewRow(coupon: Coupon, plan: Plan | undefined, { index, unit, provider, may_edit, at }: RowFacts): CouponRow {
  const { code, discount_type, discount_value, created_at, ends_at, nb_attempts } = coupon;
  const state = couponState(coupon, at);
  const href = paths.coupon(provider, code);
  const switching =
    state === 'ended'
      ? postAction('Switch on', { action: 'on', coupon: code })
      : postAction('Switch off', { action: 'off', coupon: code });
  return {
    id: `row-${index}`,
    code,
    href: may_edit ? href : paths.couponUses(provider, code),
    discount_type,
    discount_value,
    unit: plan?.unit ?? unit,
    state,
    plan: plan?.title ?? null,
    created_at,
    ends_at,
    nb_attempts,
    description: coupon.description ?? '',
    actions: may_edit
      ? [
          linkAction('Edit', href),
          linkAction('Uses', paths.couponUses(provider, code)),
          switching,
          linkAction('Delete', paths.couponDelete(provider, code), { is_danger: true }),
        ]
      : [linkAction('Uses', paths.couponUses(provider, code))],
  };
}

async function sendList(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx } = request;
  const { provider } = await loadProvider(request);
  const asked = askList(request, couponsList, provider.default_timezone);
  const filter = { state: asked.tab, at: ctx.clock.now() };
  const file = csvOfPages<Coupon>(asked, {
    name: 'coupons',
    columns: [
      { heading: 'Created at', kind: 'day', value: ({ created_at }) => created_at },
      { heading: 'Code', kind: 'text', value: ({ code }) => code },
      { heading: 'Discount type', kind: 'text', value: ({ discount_type }) => discount_type },
      {
        heading: 'Amount',
        kind: 'text',
        value: ({ discount_type, discount_value }) => writeDiscountText(discount_type, discount_value, 'en'),
      },
    ],
    read: (list: ListQuery) => listCoupons(ctx.db, provider.id, list, request.listUrl, filter),
  });
  return sendCsv(reply, file);
}

function editorPages(app: App, url: string): void {
  app.get(url, { config: one, schema: of_coupon }, async (request, reply) =>
    showEditor(request, reply, request.params.coupon, null),
  );
  app.post(url, { config: one, schema: of_coupon }, async (request, reply) => {
    const { ctx, body, params } = request;
    const loaded = await loadProvider(request);
    const { provider } = loaded;
    try {
      const { plan: slug, ...input } = readCouponForm(body, contextOf(request, loaded));
      const { plan } = await getCoupon(request, params.coupon);
      // The verb refuses an inactive plan: one that stays is left out.
      const limit = slug === (plan?.slug ?? null) || slug === undefined ? {} : { plan: slug };
      const target = { provider_id: provider.id, code: params.coupon, version: sentVersion(body) };
      const coupon = await updateCoupon(ctx, target, { ...input, ...limit }, provider.default_timezone);
      reply.flash('success', `The code ${coupon.code} was saved.`);
    } catch (error) {
      return showEditor(request, reply, params.coupon, error);
    }
    return reply.redirect(paths.coupons(provider.slug), 303);
  });
}

/** @throws coupon_unknown (404) */
async function getCoupon(request: FastifyRequest, code: string): Promise<{ coupon: Coupon; plan: Plan | undefined }> {
  const found = await findCouponWithPlan(request.ctx.db, getProviderId(request.subject), code);
  if (!found) throw catalogProblems.coupon_unknown();
  return found;
}

async function showEditor(
  request: FastifyRequest,
  reply: FastifyReply,
  code: string,
  error: unknown,
): Promise<FastifyReply> {
  const refusal = error === null ? null : couponForm.refuse(error, request.body);
  const loaded = await loadProvider(request);
  const { coupon, plan } = await getCoupon(request, code);
  const context = contextOf(request, loaded);
  const values = couponValues(coupon, plan?.slug ?? null, context);
  const conflict = refusal && findEditConflict(error);
  const is_kept = refusal !== null && conflict === null;
  return reply.page(
    couponPage,
    {
      profile: viewProvider(loaded.provider),
      code: coupon.code,
      uses_url: paths.couponUses(loaded.provider.slug, coupon.code),
      crumbs: [{ label: 'Coupons', href: paths.coupons(loaded.provider.slug) }],
      edit_version: shownVersion({ body: request.body, is_kept }, couponFields(coupon)),
      ...couponForm.view(values, context, refusal),
      ...(conflict === null ? {} : { detail: '' }),
      conflict: refusal && viewConflict(couponForm, { conflict, values, refusal }, context),
    },
    refusal?.status ?? 200,
  );
}

function deletePages(app: App, url: string): void {
  app.get(url, { config: one, schema: of_coupon }, async (request, reply) =>
    showDelete(request, reply, request.params.coupon, ''),
  );
  app.post(url, { config: one, schema: of_coupon }, async (request, reply) => {
    const { ctx, subject, params } = request;
    const { coupon } = await getCoupon(request, params.coupon);
    try {
      await deleteCoupon(ctx, { provider_id: getProviderId(subject), code: coupon.code });
    } catch (error) {
      return showDelete(request, reply, params.coupon, problemToForm(error).detail);
    }
    const { provider } = await loadProvider(request);
    return reply
      .flash('success', `The code ${coupon.code} no longer works.`)
      .redirect(paths.coupons(provider.slug), 303);
  });
}

async function showDelete(request: FastifyRequest, reply: FastifyReply, code: string, detail: string) {
  const { provider } = await loadProvider(request);
  const { coupon } = await getCoupon(request, code);
  const confirm = {
    title: `Delete ${coupon.code}`,
    subject: 'A code that was used is switched off instead, because reports count its uses.',
    effect: [
      { label: 'The code', value: 'no longer works' },
      { label: 'Carts with the code', value: 'lose the discount' },
      { label: 'What was bought with it', value: 'stays' },
    ],
    undo: 'Deleting cannot be undone. Switching it off can.',
    keep_label: 'Keep the code',
    keep_url: paths.coupons(provider.slug),
    action_label: `Delete ${coupon.code}`,
    hidden: [],
    typed_name: null,
  };
  return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail }, detail === '' ? 200 : 409);
}
