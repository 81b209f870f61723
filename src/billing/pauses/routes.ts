import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { commonProblems } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { sellersSeenBy } from '#platform/http/guards/access';
import { SlugParam } from '#platform/http/schemas';
import { subscriptionProblems } from '#subscriptions';
import { getProfileById } from '../payer.ts';
import { billingProblems } from '../problems.ts';
import { movePause, type PauseState, pauseSubscription, resumeSubscription } from './pause-subscription.ts';

const tags = ['subscriptions'];
const access = { kind: 'provider', frictionless: true } as const;
const url = '/api/profile/:profile/subscriptions/:subscribed_plan/pause';
const PauseParams = Type.Object({ profile: SlugParam, subscribed_plan: SlugParam });
const Instant = Type.String({ maxLength: 64, description: 'ISO 8601' });
const NullableInstant = Type.Union([Type.String({ format: 'date-time' }), Type.Null()]);
const PauseSchema = Type.Object({
  state: Type.Enum(['paused', 'pause_pending', 'running']),
  paused_at: NullableInstant,
  resumes_at: NullableInstant,
  ends_at: Type.String({ format: 'date-time', description: 'End of what is paid, moved by the pause' }),
});

const refusals = [
  subscriptionProblems.subscription_unknown,
  subscriptionProblems.subscription_protected,
  billingProblems.subscription_not_agreed,
];

/** Routes that pause and resume a subscription, for the subscriber and the provider of the plan. */
export function pauseRoutes(app: App): void {
  app.post(
    url,
    {
      config: {
        access,
        problems: [
          ...refusals,
          billingProblems.pause_not_offered,
          billingProblems.pause_used,
          billingProblems.subscription_paused,
          billingProblems.balance_due,
          billingProblems.charge_pending,
        ],
      },
      schema: {
        tags,
        summary: 'Pauses a subscription',
        description:
          'Stops a subscription now or at the end of what is paid: no access, no renewal and no charge until it resumes. Paid time is kept.',
        params: PauseParams,
        body: Type.Object({
          at: Type.Optional(Type.Enum(['now', 'period_end'])),
          resumes_at: Type.Optional(Instant),
          reason: Type.Optional(Type.String({ maxLength: 1000 })),
        }),
        response: { 200: PauseSchema },
      },
    },
    async (request) => {
      const { target, timezone } = await readTarget(request, request.params.subscribed_plan);
      const { at = 'now', resumes_at, reason } = request.body;
      return present(await pauseSubscription(request.ctx, target, { at, resumes_at, reason }, timezone));
    },
  );
  changeRoutes(app);
}

function changeRoutes(app: App): void {
  putAndPatch(
    app,
    url,
    {
      config: { access, problems: [...refusals, billingProblems.pause_unknown] },
      schema: {
        tags,
        summary: 'Moves the end of a pause',
        description: 'Changes the day on which a paused subscription resumes.',
        params: PauseParams,
        body: Type.Object({ resumes_at: Instant }),
        response: { 200: PauseSchema },
      },
    },
    async (request) => {
      const { target, timezone } = await readTarget(request, request.params.subscribed_plan);
      return present(await movePause(request.ctx, target, request.body.resumes_at, timezone));
    },
  );

  app.delete(
    url,
    {
      config: { access, problems: [...refusals, billingProblems.pause_unknown, billingProblems.charge_pending] },
      schema: {
        tags,
        summary: 'Resumes a subscription',
        description: 'Resumes a paused subscription now, or withdraws a pause that is planned.',
        params: PauseParams,
        response: { 200: PauseSchema },
      },
    },
    async (request) => {
      const { target } = await readTarget(request, request.params.subscribed_plan);
      return present(await resumeSubscription(request.ctx, target));
    },
  );
}

/** Reads the subscription in the path, and the zone in which the caller writes days. */
async function readTarget(request: FastifyRequest, plan: string) {
  const { ctx, subject } = request;
  if (subject.profile_id === null) throw commonProblems.not_found();
  const profile = await getProfileById(ctx.db, subject.profile_id);
  const target = { profile_id: profile.id, plan, sellers: sellersSeenBy(subject) };
  return { target, timezone: profile.default_timezone };
}

function present({ state, paused_at, resumes_at, ends_at }: PauseState) {
  const text = (at: Date | null) => at && at.toISOString();
  return { state, paused_at: text(paused_at), resumes_at: text(resumes_at), ends_at: ends_at.toISOString() };
}
