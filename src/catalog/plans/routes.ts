import { Type } from 'typebox';
import { endListAt } from '#kernel/page';
import { invalidInput } from '#kernel/problem';
import { quotaProblems } from '#platform/security/quota';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { makePlainOffer } from './plan-offer.ts';
import { createPlan } from './create-plan.ts';
import { deletePlan } from './delete-plan.ts';
import { findPlanWithProvider, listPlans } from './plan-store.ts';
import { presentOffer, presentPlan, presentPlans } from './present-plan.ts';
import { catalogProblems } from '../problems.ts';
import { getProviderId, findTimezone } from '../provider.ts';
import { NewPlanBody, PlanChangeBody, PlanPage, PlanParams, PlanSchema, PlansQuerystring } from './schemas.ts';
import { ProfileParams } from '../schemas.ts';
import { updatePlan } from './update-plan.ts';

const browsing = { kind: 'direct', frictionless: true } as const;

/** The plans of a provider. */
export function planRoutes(app: App): void {
  plansRoutes(app);
  onePlanRoutes(app);
}

function plansRoutes(app: App): void {
  app.get(
    '/api/profile/:profile/plans',
    {
      config: { access: browsing },
      schema: {
        tags: ['subscriptions'],
        summary: 'Lists a provider plans',
        description: 'Lists the plans of a provider, inactive ones included.',
        params: ProfileParams,
        querystring: PlansQuerystring,
        response: { 200: PlanPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const provider_id = getProviderId(request.subject);
      const is_active = readActive(request.query.active);
      const page = await listPlans(
        ctx.db,
        { profile_id: provider_id, ...(is_active === undefined ? {} : { is_active }) },
        endListAt(await request.listIn(() => findTimezone(ctx, provider_id)), ctx.clock.now()),
        request.listUrl,
      );
      return { ...page, results: await presentPlans(ctx.db, page.results.map(makePlainOffer)) };
    },
  );

  app.post(
    '/api/profile/:profile/plans',
    {
      config: {
        access: browsing,
        problems: [
          catalogProblems.broker_fee_protected,
          catalogProblems.provider_required,
          quotaProblems.quota_exceeded,
        ],
      },
      schema: {
        tags: ['subscriptions'],
        summary: 'Creates a plan',
        description:
          'Creates a plan. Prices are integers in 1/100 of the currency; the plan is not for sale until `is_active` is true.',
        params: ProfileParams,
        body: NewPlanBody,
        response: { 201: PlanSchema },
      },
    },
    async (request, reply) => {
      const { ctx, subject } = request;
      const plan = await createPlan(ctx, getProviderId(subject), request.body, subject.relation);
      return reply.status(201).send(await presentPlan(ctx.db, plan));
    },
  );
}

// long: the operations on one plan
function onePlanRoutes(app: App): void {
  app.get(
    '/api/profile/:profile/plans/:plan',
    {
      config: { access: browsing, problems: [catalogProblems.plan_unknown] },
      schema: {
        tags: ['subscriptions'],
        summary: 'Retrieves a plan',
        description: 'Returns a plan with its discounts for payment in advance and its use charges.',
        params: PlanParams,
        response: { 200: PlanSchema },
      },
    },
    async (request) => {
      const found = await findPlanWithProvider(request.ctx.db, getProviderId(request.subject), request.params.plan);
      if (!found) throw catalogProblems.plan_unknown();
      return presentOffer(makePlainOffer(found.plan), found.provider);
    },
  );

  putAndPatch(
    app,
    '/api/profile/:profile/plans/:plan',
    {
      config: {
        access: browsing,
        problems: [
          catalogProblems.plan_unknown,
          catalogProblems.use_charge_in_use,
          catalogProblems.broker_fee_protected,
        ],
      },
      schema: {
        tags: ['subscriptions'],
        summary: 'Updates a plan',
        description:
          'Changes a plan. Running subscriptions keep their paid periods. If a cart already showed the plan at another price, its owner must confirm the new price.',
        params: PlanParams,
        body: PlanChangeBody,
        response: { 200: PlanSchema },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const target = { provider_id: getProviderId(subject), slug: request.params.plan, relation: subject.relation };
      const plan = await updatePlan(ctx, target, request.body);
      const detail = `Successfully updated plan titled '${plan.title}'.`;
      return { ...(await presentPlan(ctx.db, plan)), detail };
    },
  );

  app.delete(
    '/api/profile/:profile/plans/:plan',
    {
      config: {
        access: browsing,
        problems: [catalogProblems.plan_unknown, catalogProblems.plan_has_subscribers, catalogProblems.plan_in_use],
      },
      schema: {
        tags: ['subscriptions'],
        summary: 'Deletes a plan',
        description: 'Deletes a plan that never had a subscriber.',
        params: PlanParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const target = { provider_id: getProviderId(request.subject), slug: request.params.plan };
      await deletePlan(request.ctx, target);
      return reply.status(204).send(null);
    },
  );
}

function readActive(text: string | undefined): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  throw invalidInput({ active: ['Use true or false.'] });
}
