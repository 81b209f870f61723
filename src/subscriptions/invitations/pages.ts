import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { planSummary } from '#catalog';
import { type Profile, findProfileSummaries } from '#profiles';
import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { withNext } from '#platform/http/next';
import { paths } from '#platform/http/paths';
import { SlugParam } from '#platform/http/schemas';
import type { ProfileId } from '#platform/db/db-schema';
import { viewProfile } from '../page-schemas.ts';
import { subscriptionProblems } from '../problems.ts';
import { getCallerId, getSubjectId, getSubjectProfile } from '../route-subject.ts';
import { acceptGrant, acceptRequest, getGrant, getRequest, type PlanSubscription } from './accept-subscription.ts';
import { acceptPage } from './page-types.ts';

const KeyParams = Type.Object({ profile: SlugParam, key: Type.String({ maxLength: 100 }) });

/** The pages to which e-mails about grants and requests link. GET changes nothing; the button accepts. */
export function grantPages(app: App): void {
  acceptGrantPage(app);
  acceptRequestPage(app);
}

function acceptGrantPage(app: App): void {
  const url = '/profile/:profile/subscriptions/accept/:key/';
  const options = {
    config: {
      // `getGrant` checks the access instead: the user invited to manage the profile has no role on it yet.
      access: { kind: 'active' },
      page: true,
      problems: [subscriptionProblems.subscription_key_unknown],
    },
    schema: { hide: true, params: KeyParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const { profile, ...grant } = await getGrant(request.ctx, getCallerId(request.ctx), request.params.key);
    return showWaiting(request, reply, grant, { profile, other_id: grant.plan.profile_id });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const { profile } = await getGrant(ctx, getCallerId(ctx), request.params.key);
    try {
      const { plan } = await acceptGrant(ctx, profile.id, request.params.key);
      reply.flash('success', `You are subscribed to ${plan.title}.`);
    } catch (error) {
      const { detail, location } = problemToForm(error);
      reply.flash('error', detail);
      if (location !== null) return reply.redirect(withNext(location, request.url), 303);
    }
    return reply.redirect(paths.subscriptions(profile.slug), 303);
  });
}

function acceptRequestPage(app: App): void {
  const url = '/profile/:profile/subscribers/accept/:key/';
  const options = {
    config: { access: { kind: 'direct' }, page: true },
    schema: { hide: true, params: KeyParams },
  } as const;
  app.get(url, options, async (request, reply) => {
    const waiting = await getRequest(request.ctx, getSubjectId(request.subject), request.params.key);
    const profile = await getSubjectProfile(request.ctx, request.subject);
    return showWaiting(request, reply, waiting, {
      profile,
      other_id: waiting.subscription.profile_id,
      is_request: true,
    });
  });
  app.post(url, options, async (request, reply) => {
    const { ctx } = request;
    const provider = await getSubjectProfile(ctx, request.subject);
    try {
      const { plan } = await acceptRequest(ctx, provider.id, request.params.key);
      reply.flash('success', `There is a new subscriber to ${plan.title}.`);
    } catch (error) {
      reply.flash('error', problemToForm(error).detail);
    }
    return reply.redirect(paths.subscribers(provider.slug), 303);
  });
}

async function showWaiting(
  request: FastifyRequest,
  reply: FastifyReply,
  { subscription, plan }: PlanSubscription,
  { profile, other_id, ...extra }: { profile: Profile; other_id: ProfileId; is_request?: true },
): Promise<FastifyReply> {
  const { ctx } = request;
  const summaries = await findProfileSummaries(ctx.db, [profile.id, other_id]);
  return reply.page(acceptPage, {
    profile: viewProfile(summaries, profile.id),
    other: viewProfile(summaries, other_id),
    plan: planSummary(plan),
    subscription: { created_at: subscription.created_at, ends_at: subscription.ends_at },
    cancel_url: extra.is_request ? paths.subscribers(profile.slug) : paths.subscriptions(profile.slug),
    ...extra,
  });
}
