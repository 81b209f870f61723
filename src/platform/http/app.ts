import './augmentation.ts';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import type { Logger } from 'pino';
import { parseInstant } from '#kernel/instant';
import { parseListQuery } from '#kernel/page';
import type { Clock } from '../clock.ts';
import { deriveKey, randomToken } from '../security/crypto.ts';
import type { Db } from '../db/database.ts';
import type { RequestLimit } from '../security/request-limit.ts';
import type { Site } from '../site.ts';
import type { Templates } from '../templates/templates.ts';
import type { Throttle } from '../security/throttle.ts';
import { type DecideAccess, noSubject } from './guards/access.ts';
import { registerApiRoot } from './reference/api-root.ts';
import { authorize } from './guards/authorize.ts';
import { limitBodyTime } from './guards/body-time.ts';
import { NAMES_KEYWORD } from './schemas.ts';
import { type Authenticate, buildContext, refuseInvalidCredentials } from './build-context.ts';
import { cookieNames, ensureVisitor } from './cookies.ts';
import { isByCookie, requireCsrf, requireSameOrigin } from './guards/csrf.ts';
import { registerFallback } from './replies/fallback.ts';
import { encodeHeaders } from './guards/header-value.ts';
import { registerHealth } from './replies/health.ts';
import { claimIdempotencyKey, keepAnswer } from './guards/idempotency.ts';
import { jsonSizeKeyword } from './guards/json-size.ts';
import { limitRequests, type RequestMaxima } from './guards/limit-requests.ts';
import { registerOpenApi } from './reference/openapi.ts';
import { type PageContext, registerPages } from './replies/pages.ts';
import { normalizePathParams } from './guards/path-params.ts';
import { replyBarely, replyWithProblem } from './replies/problem-reply.ts';
import { httpProblems } from './problems.ts';
import {
  answerConnect,
  answerParserError,
  answerUnmetExpectations,
  requireClearFraming,
} from './guards/request-framing.ts';
import { watchRoutes } from './route-list.ts';
import { securityHeaders } from './replies/security-headers.ts';
import { refuseUnstorableBody, refuseUnstorableUrl } from './guards/unstorable-text.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the platform must be told to serve: everything that it may not know about the rooms comes in here. */
export interface HttpOptions {
  db: Db;
  clock: Clock;
  log: Logger;
  /** Where people reach the site when the request does not say so credibly; a function, as a port may be chosen late. */
  base_url: () => string;
  allowed_hosts: readonly string[];
  trusted_proxies: readonly string[];
  secret: string;
  requests: { limit: RequestLimit; maxima: RequestMaxima };
  throttle: Throttle;
  body_bytes_max: number;
  body_ms_max: number;
  development: boolean;
  /** Rejects unless the database responds; see `Database.probe`. */
  probeDatabase: () => Promise<void>;
  /** Marks every page with a banner. */
  evaluation: boolean;
  version: string;
  site: () => Promise<Site>;
  authenticate: Authenticate;
  decideAccess: DecideAccess;
  templates: Templates;
  pageContext: PageContext;
  isStopping: () => boolean;
}

const HEADER_BYTES_MAX = 16_384;
const URL_LENGTH_MAX = 8192;
/** Longest value of a parameter in the path of a route. */
export const PARAM_LENGTH_MAX = 300;
const UPLOAD_BYTES_MAX = 5_242_880;
/** Methods of routes and of forwarded requests. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Builds the HTTP side: limits, identity of the caller, access, forms, errors. Routes are added by src/app.ts. */
export async function buildHttp(options: HttpOptions): Promise<App> {
  // Widened: routes see the interface, contexts get the child back.
  const loggerInstance: FastifyBaseLogger = options.log;
  const app: App = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.body_bytes_max,
    trustProxy: options.trusted_proxies.length > 0 ? [...options.trusted_proxies] : false,
    // Node keeps random bytes in store for UUIDs and for nothing else.
    genReqId: () => randomUUID().replaceAll('-', '').slice(8),
    requestIdHeader: false,
    // Stopping drains the connections (connections.ts): a request that arrives meanwhile is served.
    forceCloseConnections: false,
    return503OnClosing: false,
    // Any other protocol that is offered is left alone (RFC 9110 §7.8): Node would take the body for that protocol's.
    // A missing Host is refused by `requireClearFraming`, with a body.
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocketHandshake,
    },
    clientErrorHandler: (error, socket) => answerParserError(error, socket, options.log),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_LENGTH_MAX },
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: true,
        allErrors: true,
        keywords: [jsonSizeKeyword, NAMES_KEYWORD],
      },
    },
    frameworkErrors: (error, request, reply) => replyBarely(request, reply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();
  answerUnmetExpectations(app.server);
  answerConnect(app.server);

  app.decorate('cookieNames', cookieNames(new URL(options.base_url()).protocol === 'https:'));
  app.decorate('evaluation', options.evaluation);
  app.decorate('csrfKey', deriveKey(options.secret, 'csrf'));
  app.decorate('sealKey', deriveKey(options.secret, 'seal'));
  watchRoutes(app.withTypeProvider());

  await app.register(cookie);
  await app.register(formbody, { bodyLimit: options.body_bytes_max });
  await app.register(multipart, {
    limits: { fileSize: UPLOAD_BYTES_MAX, files: 5, fields: 50, fieldSize: 65_536, parts: 60 },
  });
  acceptEmptyJson(app, options.body_bytes_max);

  decorateRequests(app);
  registerPages(app, options);

  app.addHook('onRequest', async (request, reply) => {
    request.subject = noSubject;
    request.started_at_ms = performance.now();
    reply.header('x-request-id', request.id);
    requireClearFraming(request.raw);
    if (!METHODS.some((method) => method === request.method)) {
      reply.header('allow', METHODS.join(', '));
      throw httpProblems.method_not_allowed();
    }
    if (request.url.length > URL_LENGTH_MAX) throw httpProblems.address_too_long();
    if (request.routeOptions.config.passthrough !== true) limitBodyTime(request.raw, options.body_ms_max);
    if (request.routeOptions.config.bare === true) return;
    await buildContext(options, request);
    limitRequests(options.requests, request, reply);
    refuseInvalidCredentials(request);
    if (request.routeOptions.config.passthrough !== true) {
      refuseUnstorableUrl(request);
      normalizePathParams(request);
      // Before anything is told about the request: what it lacks is no business of another site.
      if (UNSAFE.has(request.method) && isByCookie(request)) requireSameOrigin(request);
    }
    await authorize(options, request);
  });
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.config.passthrough !== true) refuseUnstorableBody(request);
  });
  app.addHook('preHandler', async (request, reply) => {
    const { bare, passthrough, page, csrf } = request.routeOptions.config;
    if (!UNSAFE.has(request.method) || bare === true || passthrough === true) return;
    const { actor } = request.ctx;
    const bySession = actor.kind === 'user' && actor.via === 'cookie';
    if ((page === true || bySession) && csrf !== false) requireCsrf(request);
    return claimIdempotencyKey(request, reply);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    securityHeaders(request, reply);
    encodeHeaders(reply);
    if (request.idempotency) await keepAnswer(request, reply, payload);
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    const { bare } = request.routeOptions.config;
    const actor = request.hasContext ? request.ctx.actor : undefined;
    request.log[bare === true ? 'debug' : 'info'](
      {
        event: 'http_request',
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        duration_ms: Math.round((performance.now() - request.started_at_ms) * 10) / 10,
        ...(actor?.kind === 'user' ? { user: actor.username } : {}),
      },
      'request',
    );
  });
  app.setErrorHandler(async (error, request, reply) => replyWithProblem(request, reply, error));

  registerHealth(app, options);
  await registerOpenApi(app, options);
  registerApiRoot(app, options);
  registerFallback(app);
  return app;
}

function isWebSocketHandshake({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

function decorateRequests(app: App): void {
  app.decorateRequest('ctx', null as never); // set by the first hook before anybody can read it
  app.decorateRequest('subject', null as never); // likewise
  app.decorateRequest('hasContext', false);
  app.decorateRequest('credentials', 'none');
  app.decorateRequest('csrfTokenIssued', null);
  app.decorateRequest('idempotency', null);
  app.decorateRequest('started_at_ms', 0);
  app.decorateRequest('cspNonceIssued', null);
  app.decorateRequest('csp_nonce', {
    getter() {
      return (this.cspNonceIssued ??= randomToken(16));
    },
  });
  app.decorateRequest('list', function list(timezone = 'UTC') {
    const query = isRecord(this.query) ? this.query : {};
    const zone = typeof query['timezone'] === 'string' ? query['timezone'] : timezone;
    return parseListQuery(query, (text) => parseInstant(text, zone));
  });
  app.decorateRequest('listUrl', {
    getter() {
      return new URL(this.url, this.ctx.origin);
    },
  });
  app.decorateReply('ensureVisitor', function ensure() {
    return ensureVisitor(this.request, this);
  });
}

/** `POST` without a body but with a JSON content type is a POST of `{}`: several operations take none. */
function acceptEmptyJson(app: App, body_bytes_max: number): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string', bodyLimit: body_bytes_max },
    (request, body, done) => {
      if (body.trim() === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}

function isRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null;
}
