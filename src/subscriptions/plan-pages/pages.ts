import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  countPlansOnSale,
  createPlan,
  defaultTerms,
  deletePlan,
  findPlanOf,
  listPlans,
  type Plan,
  planFields,
  offersTrial,
  presentPlans,
  splitDescription,
  updatePlan,
  type PlanInput,
} from '#catalog';
import { Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { mergeReads } from '#platform/db/merge-reads';
import { viewConflict } from '#platform/pages/forms/conflict-view';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import { shownVersion, findEditConflict, sentVersion } from '#platform/pages/forms/edit-version';
import type { FormContext } from '#platform/pages/forms/field';
import { requireTypedName } from '#platform/pages/forms/typed-name';
import { askList } from '#platform/pages/lists/ask-list';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction } from '#platform/pages/lists/row-actions';
import { type Profile, profileName } from '#profiles';
import { subscriptionProblems } from '../problems.ts';
import { countActiveByPlan } from '../records/index.ts';
import { getSubjectId, getSubjectProfile } from '../route-subject.ts';
import { PlanParams, ProfileParams } from '../schemas.ts';
import { plansList, plansPage, planPage, type PlanRow } from './page-types.ts';
import { downloadPlans } from './download-plans.ts';
import { effectOf, previewOf } from './preview-plan.ts';
import {
  addedRow,
  type AddedRow,
  makePlanForm,
  readPlanForm,
  shapeOf,
  toPlanFormProblem,
  valuesOf,
} from './plan-form.ts';

const access = { kind: 'direct', frictionless: true } as const;
const config = { access, page: true } as const;
/** Of the pages that a reader has no use for: the new plan and the confirmation. */
const changing = { access: { ...access, manages: true }, page: true } as const;
const planned = { ...config, problems: [subscriptionProblems.plan_not_provided] } as const;
const deleting = { ...changing, problems: [subscriptionProblems.plan_not_provided] } as const;
const of_plan = { hide: true, params: PlanParams } as const;

/** The plans of a provider: the list, the editor, and the page that deletes one. */
export function planPages(app: App): void {
  const schema = { hide: true, params: ProfileParams };
  app.get('/profile/:profile/plans/', { config, schema }, showList);
  app.get('/profile/:profile/plans/download/', { config, schema }, downloadPlans);
  const created = { config: changing, schema };
  app.get('/profile/:profile/plans/new/', created, async (request, reply) => showEditor(request, reply, null));
  app.post('/profile/:profile/plans/new/', created, async (request, reply) => save(request, reply, null));
  const url = '/profile/:profile/plans/:plan/';
  app.get(url, { config: planned, schema: of_plan }, async (request, reply) =>
    showEditor(request, reply, await getPlan(request, request.params.plan)),
  );
  app.post(url, { config: planned, schema: of_plan }, async (request, reply) =>
    save(request, reply, await getPlan(request, request.params.plan)),
  );
  deletePages(app, `${url}delete/`);
}

/** @throws plan_not_provided (404) */
async function getPlan({ ctx, subject }: FastifyRequest, slug: string): Promise<Plan> {
  const plan = await findPlanOf(ctx.db, getSubjectId(subject), slug);
  if (!plan) throw subscriptionProblems.plan_not_provided();
  return plan;
}

async function showList(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, subject } = request;
  const provider = await getSubjectProfile(ctx, subject);
  const asked = askList(request, plansList, provider.default_timezone);
  const filter = { profile_id: provider.id, ...(asked.tab === '' ? {} : { is_active: asked.tab === 'true' }) };
  const [page, counts] = await mergeReads(ctx.db, [
    (together) => listPlans(together, filter, asked.list, request.listUrl),
    (together) => countPlansOnSale(together, provider.id, asked.list),
  ]);
  const ids = page.results.map(({ id }) => id);
  const subscribers = await countActiveByPlan(ctx.db, ids, ctx.clock.now());
  const new_url = subject.is_manager ? paths.planNew(provider.slug) : null;
  const { all, on_sale } = counts;
  const list = viewList(asked, {
    count: page.count,
    tab_counts: { '': all, true: on_sale, false: all - on_sale },
    csv_path: paths.plansDownload(provider.slug),
    empty: {
      title: 'Your plans will be listed here',
      text: 'A plan is what a subscriber buys: a name, a price and a period.',
      ...(new_url === null ? {} : { href: new_url, action: 'Create a plan' }),
    },
  });
  const plans = page.results.map((plan) => viewRow(plan, provider.slug, subscribers.get(plan.id) ?? 0));
  return reply.page(plansPage, { profile: viewProvider(provider), plans, list, new_url });
}

function viewRow(plan: Plan, provider: string, subscribers_count: number): PlanRow {
  const { slug, title, is_active, is_not_priced, period_amount, unit, period_type, period_length, created_at } = plan;
  const href = paths.plan(provider, slug);
  const subscribers_href = paths.planSubscribers(provider, slug);
  return {
    slug,
    title,
    is_active,
    is_not_priced,
    period_amount,
    unit,
    period_type,
    period_length,
    created_at,
    href,
    subscribers_count,
    subscribers_href,
    actions: [linkAction('Edit', href), linkAction('Subscribers', subscribers_href)],
  };
}

function viewProvider(provider: Profile) {
  return { slug: provider.slug, printable_name: profileName(provider), picture: provider.picture };
}

/** What a posted form shows again: why it was refused, what it would change, or one row more. */
interface Shown {
  error?: unknown;
  preview?: PlanInput;
  /** Row that was added to the form. */
  added?: AddedRow;
}

async function save(request: FastifyRequest, reply: FastifyReply, plan: Plan | null): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const shape = shapeOf(plan, body, subject.relation === 'broker');
  const added = addedRow(body);
  if (added !== null) return showEditor(request, reply, plan, { added });
  const context = { locale: ctx.lang, timezone: 'UTC' };
  const provider_id = getSubjectId(subject);
  let saved: Plan;
  try {
    const held = plan?.use_charges ?? [];
    const input = readPlanForm(makePlanForm(shape), body, context, { shape, held });
    if (textField(body, 'action', 20) === 'preview') return await showEditor(request, reply, plan, { preview: input });
    const version = sentVersion(body);
    saved =
      plan === null
        ? await createPlan(ctx, provider_id, input, subject.relation)
        : await updatePlan(ctx, { provider_id, slug: plan.slug, relation: subject.relation, version }, input);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return showEditor(request, reply, plan, { error: toPlanFormProblem(error, body) });
  }
  const { slug } = await getSubjectProfile(ctx, subject);
  reply.flash('success', plan === null ? `${saved.title} was created.` : `${saved.title} was saved.`);
  return reply.redirect(paths.plan(slug, saved.slug), 303);
}

// long: the data of one page
async function showEditor(
  request: FastifyRequest,
  reply: FastifyReply,
  plan: Plan | null,
  { error, preview, added = null }: Shown = {},
): Promise<FastifyReply> {
  const { ctx, subject, body } = request;
  const is_broker = subject.relation === 'broker';
  const [provider, counts] = await mergeReads(ctx.db, [
    (together) => getSubjectProfile({ ...ctx, db: together as typeof ctx.db }, subject),
    (together) => countActiveByPlan(together, plan === null ? [] : [plan.id], ctx.clock.now()),
  ]);
  const is_posted = error !== undefined || preview !== undefined || added !== null;
  const shape = shapeOf(plan, is_posted ? body : null, is_broker);
  const form = makePlanForm(shape);
  const context: FormContext = { locale: ctx.lang, timezone: provider.default_timezone, unit: plan?.unit ?? 'usd' };
  const values = plan === null ? new_values : valuesOf(plan, context);
  const refusal = error === undefined ? null : form.refuse(error, body);
  const is_unsaved = is_posted && refusal === null;
  const shown = is_unsaved ? { ...no_problem, texts: form.refuse(not_refused, body).texts } : refusal;
  const conflict = refusal && findEditConflict(error);
  const shown_plan = plan === null && preview === undefined ? null : previewOf(plan, preview, provider);
  const offer = shown_plan && {
    plan: shown_plan,
    discounted_period_amount: shown_plan.period_amount,
    is_cart_item: false,
    trial_available: offersTrial(shown_plan),
  };
  const [card] = offer === null ? [] : await presentPlans(ctx.db, [offer]);
  const subscribers_count = plan === null ? 0 : (counts.get(plan.id) ?? 0);
  return reply.page(
    planPage,
    {
      profile: viewProvider(provider),
      plan: card ? viewCard(card) : null,
      is_new: plan === null,
      is_preview: preview !== undefined,
      added,
      crumbs: [{ label: 'Plans', href: paths.plans(provider.slug) }],
      discount_rows: Array.from({ length: shape.discounts_count }, (_, index) => index),
      use_rows: Array.from({ length: shape.uses_count }, (_, index) => index),
      is_broker,
      may_edit: subject.is_manager,
      subscribers_count,
      subscribers_url: plan && paths.planSubscribers(provider.slug, plan.slug),
      delete_url:
        subject.is_manager && plan?.first_subscribed_at === null ? paths.planDelete(provider.slug, plan.slug) : null,
      effect: shown_plan === null ? [] : effectOf(shown_plan, plan, subscribers_count),
      edit_version: plan === null ? '' : shownVersion({ body, is_kept: is_unsaved }, planFields(plan)),
      ...form.view(values, context, shown),
      ...(conflict === null ? {} : { detail: '' }),
      conflict: refusal && viewConflict(form, { conflict: named(conflict), values, refusal }, context),
    },
    refusal?.status ?? 200,
  );
}

function viewCard(plan: Awaited<ReturnType<typeof presentPlans>>[number]) {
  const price = { amount: plan.period_amount, full_amount: plan.period_amount };
  return { ...plan, price, ...splitDescription(plan.description) };
}

const new_values = {
  ...defaultTerms,
  period_length: 1,
  period_type: 'monthly',
  renewal_type: 'repeat',
  unit: 'USD',
  broker_fee_percent: 0,
} as const;
const not_refused = subscriptionProblems.plan_not_provided();
const no_problem = { status: 200, code: '', detail: '', errors: {}, location: null };

/** Rows of a plan are edited by fields of their own: a conflict names the first row. */
function named(conflict: ReturnType<typeof findEditConflict>): ReturnType<typeof findEditConflict> {
  const rows: Record<string, string> = { advance_discounts: 'discount_0_length', use_charges: 'use_0_title' };
  return conflict && { names: conflict.names.map((name) => rows[name] ?? name) };
}

function deletePages(app: App, url: string): void {
  app.get(url, { config: deleting, schema: of_plan }, async (request, reply) =>
    showDelete(request, reply, await getPlan(request, request.params.plan), null),
  );
  app.post(url, { config: deleting, schema: of_plan }, async (request, reply) => {
    const { ctx, subject, body } = request;
    const plan = await getPlan(request, request.params.plan);
    try {
      requireTypedName(body, plan.title);
      await deletePlan(ctx, { provider_id: getSubjectId(subject), slug: plan.slug });
    } catch (error) {
      return showDelete(request, reply, plan, problemToForm(error));
    }
    const { slug } = await getSubjectProfile(ctx, subject);
    return reply.flash('success', `${plan.title} was deleted.`).redirect(paths.plans(slug), 303);
  });
}

async function showDelete(
  request: FastifyRequest,
  reply: FastifyReply,
  plan: Plan,
  problem: FormProblem | null,
): Promise<FastifyReply> {
  const provider = await getSubjectProfile(request.ctx, request.subject);
  const confirm = {
    title: `Delete ${plan.title}`,
    subject: 'Only a plan that never had a subscription can be deleted.',
    effect: [
      { label: 'The pricing page', value: 'no longer shows it' },
      { label: 'Carts that hold it', value: 'lose it' },
    ],
    undo: 'This cannot be undone.',
    keep_label: 'Keep the plan',
    keep_url: paths.plan(provider.slug, plan.slug),
    action_label: `Delete ${plan.title}`,
    hidden: [],
    typed_name: plan.title,
  };
  const form = { typed_name: problem === null ? '' : textField(request.body, 'typed_name', 300) };
  const errors = Object.fromEntries(Object.entries(problem?.errors ?? {}).map(([name, texts]) => [name, [...texts]]));
  return reply.page(confirmPage, { confirm, form, errors, detail: problem?.detail ?? '' }, problem?.status ?? 200);
}
