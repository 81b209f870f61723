import './augmentation.ts';
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
import type { NavCounter } from '../pages/navigation.ts';
import type { FindPageFacts } from '../pages/page-facts.ts';
import { colourRoutes } from '../pages/colours.ts';
import type { Terms } from '../context.ts';
import type { Site } from '../site.ts';
import type { Templates } from '../templates/templates.ts';
import type { Throttle } from '../security/throttle.ts';
import type { DecideAccess } from './guards/access.ts';
import { registerUndo } from '../pages/undo/undo-route.ts';
import type { AnyUndoType } from '../pages/undo/undo-type.ts';
import { registerApiRoot } from './reference/api-root.ts';
import { type Authenticate, makeMakeContext } from './build-context.ts';
import { compileOnce } from './compile-once.ts';
import { cookieNames, ensureVisitor } from './cookies.ts';
import { registerHooks } from './hooks.ts';
import { registerFallback } from './replies/fallback.ts';
import { registerHealth } from './replies/health.ts';
import type { RequestMaxima } from './guards/limit-requests.ts';
import { makePeekRequest, type PeekedFacts } from './memory-path.ts';
import { registerOpenApi } from './reference/openapi.ts';
import { registerPages } from './replies/pages.ts';
import { replyWithoutContext, replyWithProblem } from './replies/problem-reply.ts';
import { respondToConnect, respondToParserError, respondToExpectations } from './guards/request-framing.ts';
import { makeRequestId } from './request-id.ts';
import { findResumed } from './resumed-requests.ts';
import { watchRoutes } from './route-list.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Options of the HTTP server; everything that depends on the rooms is injected here. */
export interface HttpOptions {
  db: Db;
  clock: Clock;
  log: Logger;
  /**
   * Origin of the site for requests without a trusted Host; a function, since the port may be chosen when listening.
   */
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
  terms: Terms;
  authenticate: Authenticate;
  /** Facts in memory for requests that are served before the router. */
  peeked: PeekedFacts;
  decideAccess: DecideAccess;
  templates: Templates;
  findPageFacts: FindPageFacts;
  undo_types: readonly AnyUndoType[];
  nav_counters: readonly NavCounter[];
  isStopping: () => boolean;
}

const HEADER_BYTES_MAX = 16_384;
/** Longest value of a parameter in the path of a route. */
export const PARAM_LENGTH_MAX = 300;
const UPLOAD_BYTES_MAX = 5_242_880;

/** Builds the HTTP server: limits, authentication, access, forms, errors. src/app.ts adds the routes. */
export async function buildHttp(options: HttpOptions): Promise<App> {
  const app = makeServer(options);
  await compileOnce(app);
  respondToExpectations(app.server);
  respondToConnect(app.server);

  app.decorate('cookieNames', cookieNames(new URL(options.base_url()).protocol === 'https:'));
  app.decorate('evaluation', options.evaluation);
  app.decorate('makeContext', makeMakeContext(options, app.cookieNames));
  app.decorate('csrfKey', deriveKey(options.secret, 'csrf'));
  app.decorate('sealKey', deriveKey(options.secret, 'seal'));
  watchRoutes(app.withTypeProvider());

  await app.register(cookie);
  await app.register(formbody, { bodyLimit: options.body_bytes_max });
  await app.register(multipart, {
    limits: { fileSize: UPLOAD_BYTES_MAX, files: 5, fields: 50, fieldSize: 65_536, parts: 60 },
  });
  acceptEmptyJson(app, options.body_bytes_max);

  app.decorate('peekRequest', makePeekRequest(app, options, options.peeked));
  decorateRequests(app);
  registerPages(app, options);

  registerHooks(app, options);
  app.setErrorHandler(async (error, request, reply) => replyWithProblem(request, reply, error));

  registerHealth(app, options);
  colourRoutes(app);
  await registerOpenApi(app, options);
  registerApiRoot(app, options);
  registerUndo(app, options);
  registerFallback(app);
  return app;
}

function makeServer(options: HttpOptions): App {
  // Widened: routes use the interface, contexts the child logger.
  const loggerInstance: FastifyBaseLogger = options.log;
  return fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // Without options, which Fastify passes: pino makes such a child in a third of the time.
    childLoggerFactory: (logger, bindings) => logger.child(bindings),
    bodyLimit: options.body_bytes_max,
    trustProxy: options.trusted_proxies.length > 0 ? [...options.trusted_proxies] : false,
    genReqId: (raw) => findResumed(raw)?.id ?? makeRequestId(),
    requestIdHeader: false,
    // Stopping drains the connections (connections.ts): a request that arrives during that time is served.
    forceCloseConnections: false,
    return503OnClosing: false,
    // An upgrade to any other protocol is ignored (RFC 9110 §7.8): Node.js would treat the body as data of that
    // protocol. A missing Host is refused by `requireClearFraming`, with a body.
    http: {
      maxHeaderSize: HEADER_BYTES_MAX,
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocketHandshake,
    },
    clientErrorHandler: (error, socket) => respondToParserError(error, socket, options.log),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAM_LENGTH_MAX },
    frameworkErrors: (error, request, reply) => replyWithoutContext(request, reply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();
}

function isWebSocketHandshake({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

function decorateRequests(app: App): void {
  app.decorateRequest('ctx', null as never); // set by the first hook, before any handler reads it
  app.decorateRequest('subject', null as never); // likewise
  app.decorateRequest('hasContext', false);
  app.decorateRequest('credentials', 'none');
  app.decorateRequest('csrfTokenIssued', null);
  app.decorateRequest('pageOrigins', null);
  app.decorateRequest('refusal', null);
  app.decorateRequest('keptAt', null);
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
  app.decorateRequest('listIn', async function listIn(findTimezone) {
    const { start_at = '', ends_at = '', timezone } = isRecord(this.query) ? this.query : {};
    const is_zoned = typeof timezone === 'string' || (start_at === '' && ends_at === '');
    return this.list(is_zoned ? undefined : await findTimezone());
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

/** Parses an empty body with a JSON media type as `{}`: several operations need no body. */
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
