import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findPlanOf, type Plan, planList } from '#catalog';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { listQuerystring } from '#platform/http/schemas';
import { findEditConflict, shownVersion } from '#platform/pages/forms/edit-version';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import type { Refusal } from '#platform/pages/forms/form';
import { findManagedProfiles } from '#subscriptions';
import { readNext } from '../order-query.ts';
import { inPlaceFields, inPlaceForm, saveInPlace } from './edit-in-place.ts';
import { findCallerPlans, loadOffers } from './load-offers.ts';
import { pricingPage } from './page-types.ts';
import { viewOffers } from './view-offers.ts';

const PLANS_MAX = 100;

/** The pricing page; its buttons post to the page of the cart. Managers of a provider edit its plans in place. */
export function offerPages(app: App): void {
  app.get(
    '/pricing/',
    {
      config: { access: { kind: 'public' }, page: true },
      schema: {
        querystring: Type.Object({
          ...listQuerystring(planList).properties,
          period: Type.Optional(Type.String({ maxLength: 10, description: 'yearly: prices of 12 months' })),
          edit: Type.Optional(Type.String({ maxLength: 60, description: 'Plan to edit in place' })),
        }),
        hide: true,
      },
    },
    async (request, reply) => {
      const { edit: slug = null, period } = request.query;
      return showPricing(request, reply, { is_yearly: period === 'yearly', slug });
    },
  );

  app.post(
    '/profile/:profile/plans/:plan/in-place/',
    {
      config: { access: { kind: 'direct' }, page: true, problems: [commonProblems.not_found] },
      schema: {
        params: Type.Object({ profile: Type.String(), plan: Type.String({ maxLength: 60 }) }),
        querystring: Type.Object({ period: Type.Optional(Type.String({ maxLength: 10 })) }),
        hide: true,
      },
    },
    async (request, reply) => {
      const { ctx, subject, params, query } = request;
      const plan = subject.profile_id && (await findPlanOf(ctx.db, subject.profile_id, params.plan));
      if (!plan) throw commonProblems.not_found();
      const is_yearly = query.period === 'yearly';
      try {
        const saved = await saveInPlace(request, plan);
        const page = paths.pricing(readNext(request), is_yearly ? 'yearly' : undefined);
        return await reply.flash('success', `${saved.title} was saved.`).redirect(page, 303);
      } catch (error) {
        const edited = { is_yearly, slug: plan.slug, error };
        return showPricing(request, reply, { ...edited, refusal: inPlaceForm.refuse(error, request.body) });
      }
    },
  );
}

interface ShownPricing {
  is_yearly: boolean;
  /** The plan that is edited in place; null for none. */
  slug: string | null;
  refusal?: Refusal;
  error?: unknown;
}

async function showPricing(request: FastifyRequest, reply: FastifyReply, shown: ShownPricing): Promise<FastifyReply> {
  const { ctx } = request;
  const list = { ...request.list(), page: 1, page_size: PLANS_MAX, start_at: null, ends_at: null };
  const [{ offers, providers, cart_count }, held, caller] = await mergeReads(ctx.db, [
    (db) => loadOffers({ actor: ctx.actor, clock: ctx.clock, db }, list, request.listUrl),
    (db) => findCallerPlans({ actor: ctx.actor, clock: ctx.clock, db }),
    (db) => findManagedProfiles(db, ctx),
  ]);
  const redeemed = offers.find(({ coupon }) => coupon !== null)?.coupon;
  const next = readNext(request);
  const view = viewOffers(offers, {
    providers,
    held,
    at: ctx.clock.now(),
    is_yearly: shown.is_yearly,
    next,
    mayEdit: ({ profile_id }) => caller.runs_site || caller.managed.has(profile_id),
  });
  const edited = view.plan_list.find(({ slug, edit_url }) => edit_url !== null && slug === shown.slug);
  const plan = edited && offers.find((offer) => offer.plan.slug === edited.slug)?.plan;
  return reply.page(
    pricingPage,
    {
      ...view,
      show_providers: new Set(view.plan_list.map((each) => each.profile.slug)).size > 1,
      redeemed: redeemed ? { code: redeemed.code } : null,
      cart_count,
      holds_plan: view.plan_list.some((each) => each.held !== null),
      ...viewEdited(request, edited && plan ? { ...shown, plan, provider: edited.profile.slug, next } : null),
    },
    shown.refusal?.status ?? 200,
  );
}

interface Edited extends ShownPricing {
  plan: Plan;
  /** Slug of the provider. */
  provider: string;
  next: string | null;
}

/** Returns the members of the page about the form in place; those of an empty form without one. */
function viewEdited({ ctx, body }: FastifyRequest, edited: Edited | null) {
  const context = { locale: ctx.lang, timezone: 'UTC', unit: edited?.plan.unit ?? 'usd' };
  if (edited === null) return { edited: null, ...inPlaceForm.view({}, context) };
  const { plan, provider, next, refusal } = edited;
  const period = edited.is_yearly ? 'yearly' : undefined;
  const conflict = refusal === undefined ? null : findEditConflict(edited.error);
  return {
    edited: {
      slug: plan.slug,
      action: paths.planInPlace(provider, plan.slug, next, period),
      cancel_url: paths.pricing(next, period),
      editor_url: paths.plan(provider, plan.slug),
      edit_version: shownVersion({ body, is_kept: refusal !== undefined && conflict === null }, inPlaceFields(plan)),
      conflict: refusal ? viewConflict(inPlaceForm, { conflict, values: plan, refusal }, context) : null,
    },
    ...inPlaceForm.view(plan, context, refusal),
    ...(conflict === null ? {} : { detail: '' }),
  };
}
