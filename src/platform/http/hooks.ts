import type { App, HttpOptions } from './app.ts';
import { buildContext, peekContext, requireValidCredentials } from './build-context.ts';
import { noSubject } from './guards/access.ts';
import { authorize } from './guards/authorize.ts';
import { limitBodyTime } from './guards/body-time.ts';
import { isByCookie, requireCsrf, requireSameOrigin } from './guards/csrf.ts';
import { encodeHeaders } from './guards/header-value.ts';
import { claimIdempotencyKey, storeResponse } from './guards/idempotency.ts';
import { limitRequests } from './guards/limit-requests.ts';
import { normalizePathParams } from './guards/path-params.ts';
import { requireClearFraming } from './guards/request-framing.ts';
import { requireStorableBody, requireStorableUrl } from './guards/unstorable-text.ts';
import { httpProblems } from './problems.ts';
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
    await authorize(options, request);
  });
  // These hooks wait for nothing in nearly every request: they return a promise only if they must.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.config.passthrough !== true) requireStorableBody(request);
    done();
  });
  app.addHook('preHandler', (request, reply, done) => {
    const { bare, passthrough, page, csrf } = request.routeOptions.config;
    if (!UNSAFE.has(request.method) || bare === true || passthrough === true) {
      done();
      return undefined;
    }
    const { actor } = request.ctx;
    const bySession = actor.kind === 'user' && actor.via === 'cookie';
    if ((page === true || bySession) && csrf !== false) requireCsrf(request);
    return claimIdempotencyKey(request, reply);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    securityHeaders(request, reply);
    encodeHeaders(reply);
    if (request.idempotency) return storeResponse(request, reply, payload);
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
