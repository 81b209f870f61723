import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import type { App, HttpOptions } from './app.ts';
import { buildContext, peekContext, requireValidCredentials } from './build-context.ts';
import { noSubject } from './guards/access.ts';
import { authorize } from './guards/authorize.ts';
import { limitBodyTime } from './guards/body-time.ts';
import { findCsrfFailure, isByCookie, requireSameOrigin } from './guards/csrf.ts';
import { encodeHeaders } from './guards/header-value.ts';
import { claimIdempotencyKey, storeResponse } from './guards/idempotency.ts';
import { limitRequests } from './guards/limit-requests.ts';
import { normalizePathParams } from './guards/path-params.ts';
import { requireClearFraming } from './guards/request-framing.ts';
import { requireStorableBody, requireStorableUrl } from './guards/unstorable-text.ts';
import { httpProblems } from './problems.ts';
import { isSignInNeeded, keepForCaller, keepForSignIn, mayKeepPost } from '../pages/forms/kept-post.ts';
import { logRequest } from './request-log.ts';
import { findResumed } from './resumed-requests.ts';
import { securityHeaders } from './replies/security-headers.ts';

const URL_LENGTH_MAX = 8192;
/** Methods of routes and of forwarded requests. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const served_methods: ReadonlySet<string> = new Set(METHODS);
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Registers the steps of every request, in this order: context, limits, access, body, CSRF, idempotency, headers, log.
 *
 * long: the order of the steps stands in one place
 */
export function registerHooks(app: App, options: HttpOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    request.subject = noSubject;
    request.started_at_ms = findResumed(request.raw)?.started_at_ms ?? performance.now();
    reply.header('x-request-id', request.id);
    requireClearFraming(request.raw);
    if (!served_methods.has(request.method)) {
      reply.header('allow', METHODS.join(', '));
      throw httpProblems.method_not_allowed();
    }
    if (request.url.length > URL_LENGTH_MAX) throw httpProblems.address_too_long();
    if (request.routeOptions.config.passthrough !== true) limitBodyTime(request.raw, options.body_ms_max);
    if (request.routeOptions.config.bare === true) return;
    if (!peekContext(options, request)) await buildContext(options, request);
    limitRequests(options.requests, request, reply);
    requireValidCredentials(request);
    if (request.routeOptions.config.passthrough !== true) {
      requireStorableUrl(request);
      normalizePathParams(request);
      // First check: a page of another origin must not learn anything about the request.
      if (UNSAFE.has(request.method) && isByCookie(request)) requireSameOrigin(request);
    }
    await authorize(options, request).catch((error: unknown) => {
      if (!isSignInNeeded(error) || !mayKeepPost(request)) throw error;
      request.refusal = error; // thrown when the body was read and kept
    });
  });
  // These hooks wait for nothing in nearly every request: they return a promise only if they must.
  app.addHook('preValidation', (request, reply, done) => {
    if (request.routeOptions.config.passthrough !== true) requireStorableBody(request);
    if (request.refusal !== null) return keepThenRefuse(request, reply);
    done();
    return undefined;
  });
  app.addHook('preHandler', (request, reply, done) => {
    const { bare, passthrough, page, csrf } = request.routeOptions.config;
    if (!UNSAFE.has(request.method) || bare === true || passthrough === true) {
      done();
      return undefined;
    }
    const { actor } = request.ctx;
    const bySession = actor.kind === 'user' && actor.via === 'cookie';
    const failure = (page === true || bySession) && csrf !== false ? findCsrfFailure(request) : null;
    if (failure !== null) return showOutdatedForm(request, reply, failure);
    return claimIdempotencyKey(request, reply);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    securityHeaders(request, reply);
    encodeHeaders(reply);
    if (request.idempotency) {
      // The response is sent in any case: its key is then released like that of an interrupted request.
      return storeResponse(request, reply, payload).catch((error: unknown) => {
        request.log.error({ err: error }, 'response of an idempotency key not stored');
      });
    }
    done(null, payload);
    return undefined;
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { config, url: route } = request.routeOptions;
    logRequest(request.log, config.bare === true ? 'debug' : 'info', {
      method: request.method,
      route,
      status: reply.statusCode,
      started_at_ms: request.started_at_ms,
      actor: request.hasContext ? request.ctx.actor : undefined,
    });
    done();
  });
}

/** Keeps the form of a caller without a session, then refuses the request. */
async function keepThenRefuse(request: FastifyRequest, reply: FastifyReply): Promise<never> {
  if (await keepForSignIn(request, reply)) request.keptAt = request.url;
  throw request.refusal;
}

/**
 * Redirects to the page of a form whose CSRF token is outdated, which shows it as it was sent.
 *
 * @throws csrf_failed (403) when the form cannot be shown again
 */
async function showOutdatedForm(request: FastifyRequest, reply: FastifyReply, failure: Problem): Promise<FastifyReply> {
  if (!mayKeepPost(request) || !(await keepForCaller(request, reply))) throw failure;
  return reply.redirect(request.url, 303);
}
