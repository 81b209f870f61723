import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { changeProxy, type ConnectionCheck, putRule, rotateSessionKey, testConnection } from '#gateway';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { type FormProblem, problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { presentProfileSummary, findProfileSummaries } from '#profiles';
import { createFirstPlan, listedCurrencies, planPeriods } from './create-first-plan.ts';
import { loadSetUpFacts } from './load-facts.ts';
import { nameSite } from './name-site.ts';
import { setUpPage } from './page-types.ts';
import { chooseRule, defaultPaths } from './rule-patterns.ts';
import { readSessionSamples } from './session-samples.ts';
import { setUpSteps } from './steps.ts';

export interface FirstRunNeeds {
  secret: string;
  private_addresses_allowed: boolean;
  /** Address of a site for which no setting names one. */
  default_email: string;
}

/** Result of a step. */
interface StepResult {
  /** Message of the next page, which is then a redirect; null when the result is part of this page. */
  message: string | null;
  check?: ConnectionCheck;
  session_key?: string;
}

type Request = FastifyRequest<{ Params: { profile: string } }>;
type RunStep = (request: Request, needs: FirstRunNeeds) => Promise<StepResult>;

const config = { access: { kind: 'broker' }, page: true } as const;
const schema = { hide: true, params: Type.Object({ profile: Type.String({ maxLength: 150 }) }) } as const;

/** The page on which a manager sets up the site, step by step. */
export function firstRunPages(app: App, needs: FirstRunNeeds): void {
  app.get('/metrics/:profile/setup/', { config, schema }, async (request: Request, reply) =>
    showSetUp(request, reply, needs, {}),
  );

  app.post('/metrics/:profile/setup/', { config, schema }, async (request: Request, reply) => {
    requireBroker(request);
    const step = textField(request.body, 'step', 20);
    const run = Object.hasOwn(runs, step) ? runs[step] : undefined;
    if (!run) throw commonProblems.not_found();
    try {
      const result = await run(request, needs);
      if (result.message === null) return await showSetUp(request, reply, needs, { step, result });
      reply.flash('success', result.message);
      return await reply.redirect(paths.setUp(request.ctx.site.slug), 303);
    } catch (error) {
      return showSetUp(request, reply, needs, { step, problem: problemToForm(error) });
    }
  });
}

const runs: Readonly<Record<string, RunStep>> = {
  async name({ ctx, body, subject }) {
    await nameSite(ctx, { title: textField(body, 'title', 200), email: textField(body, 'email', 254) }, subject);
    return { message: 'The name and the address of your site are saved.' };
  },
  async plan({ ctx, body }) {
    await createFirstPlan(ctx, {
      title: textField(body, 'plan_title', 200),
      price: textField(body, 'price', 20),
      unit: textField(body, 'unit', 3),
      period_type: textField(body, 'period_type', 20),
    });
    return { message: 'Your plan is on the pricing page.' };
  },
  async application({ ctx, body }, needs) {
    const entry_point = textField(body, 'entry_point', 500);
    if (textField(body, 'do', 10) !== 'test') {
      await changeProxy(ctx, { entry_point }, needs);
      return { message: 'The address of your application is saved.' };
    }
    return { message: null, check: await testConnection(ctx, entry_point, needs) };
  },
  async rule({ ctx, body }) {
    const rule = chooseRule({
      pattern: textField(body, 'pattern', 20),
      path: textField(body, 'path', 255),
      plan: textField(body, 'plan', 50),
    });
    await putRule(ctx, rule);
    return { message: `Requests for ${rule.path} that the rule grants are forwarded to your application.` };
  },
  async key({ ctx }, needs) {
    return { message: null, session_key: await rotateSessionKey(ctx, needs.secret) };
  },
};

function requireBroker({ ctx, params }: Request): void {
  if (params.profile.toLowerCase() !== ctx.site.slug.toLowerCase()) throw commonProblems.not_found();
}

interface PageState {
  step?: string;
  problem?: FormProblem;
  result?: StepResult;
}

async function showSetUp(
  request: Request,
  reply: FastifyReply,
  needs: FirstRunNeeds,
  { step = '', problem, result }: PageState,
): Promise<FastifyReply> {
  requireBroker(request);
  const { ctx, body, subject } = request;
  const { facts, broker, plans } = await loadSetUpFacts(ctx, needs.default_email);
  const summary = (await findProfileSummaries(ctx.db, [broker.id])).get(broker.id);
  const steps = setUpSteps(facts);
  const readPosted = (name: string, fallback: string) =>
    step === '' ? fallback : textField(body, name, 500) || fallback;
  const entry_point = step === 'application' ? textField(body, 'entry_point', 500) : (facts.entry_point ?? '');
  reply.header('cache-control', 'no-store');
  return reply.page(
    setUpPage,
    {
      profile: summary ? presentProfileSummary(summary) : { slug: broker.slug, printable_name: broker.full_name },
      can_change: subject.is_manager,
      steps: Object.fromEntries(steps.map((one) => [one.name, one])),
      done_count: steps.filter(({ state }) => state === 'done').length,
      step_count: steps.length,
      facts,
      open_step: step === '' ? (steps.find(({ state }) => state === 'current')?.name ?? '') : step,
      form: {
        title: step === 'name' ? textField(body, 'title', 200) : facts.title,
        email: step === 'name' ? textField(body, 'email', 254) : facts.email,
        plan_title: readPosted('plan_title', ''),
        price: readPosted('price', ''),
        unit: readPosted('unit', 'usd'),
        period_type: readPosted('period_type', 'monthly'),
        entry_point,
        pattern: readPosted('pattern', 'subscribers'),
        path: readPosted('path', ''),
        plan: readPosted('plan', ''),
      },
      default_paths: defaultPaths,
      plans: plans.map(({ slug, title }) => ({ value: slug, label: title })),
      currencies: listedCurrencies().map((code) => ({ value: code, label: code.toUpperCase() })),
      periods: planPeriods.map((period) => ({ value: period, label: periodLabels[period] })),
      private_addresses_allowed: needs.private_addresses_allowed,
      check: result?.check ?? null,
      session_key: result?.session_key ?? null,
      samples: readSessionSamples(),
      errors: problem?.errors ?? {},
      detail: problem?.detail ?? '',
    },
    problem?.status ?? 200,
  );
}

const periodLabels: Readonly<Record<(typeof planPeriods)[number], string>> = {
  monthly: 'per month',
  yearly: 'per year',
  weekly: 'per week',
};
