import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { App } from '#platform/http/app';
import { METHODS } from '#platform/http/hooks';
import { serveFirst } from '#platform/http/memory-path';
import type { Context } from '#platform/context';
import type { Db } from '#platform/db/database';
import type { Facts } from '#platform/facts/facts';
import { isByCookie, isCrossSite } from '#platform/http/guards/csrf';
import type { Room } from '#platform/room';
import { callerFact, type FactSettings, makeFactMemory } from './callers/index.ts';
import { consolePages, consolePageTypes } from './console/index.ts';
import { engagementPage, engagementPages, engagementRoutes, makeEngagementRecorder } from './engagements/index.ts';
import {
  findPendingUpgrade,
  findRefusedStreams,
  forwardRequest,
  type ForwardingParts,
  hasBody,
  makeForwarder,
  makeOpenConnections,
  makeOpenStreams,
  makeUpstreamShares,
  routeUpgrades,
  type StreamCheckParts,
} from './forwarding/index.ts';
import { sendLocalPage } from './local-pages.ts';
import { makeMemoryPath, type MemoryPath } from './memory-path.ts';
import { makeOwnPaths, type OwnPaths, sendOwnPath } from './own-routes.ts';
import { gatewayPageTypes } from './page-types.ts';
import { passRules, type PipelineParts } from './pipeline.ts';
import { gatewayProblems } from './problems.ts';
import { makeRuleBook, parseRequestTarget, ruleDeletionUndo, ruleRoutes } from './rules/index.ts';
import { makeSessionCarriers, sessionRoutes } from './sessions/index.ts';
import { upstreamRoutes } from './upstream/index.ts';

export interface GatewayOptions extends FactSettings, Pick<StreamCheckParts, 'stillSignedIn'> {
  readonly db: Db;
  readonly log: Logger;
  readonly facts: Facts;
  /** The master key of the deployment. */
  readonly secret: string;
  readonly upstream: UpstreamOptions;
  readonly private_addresses_allowed: boolean;
  readonly hasTemplate: (name: string) => boolean;
}

/** The `UPSTREAM_…` settings. */
export interface UpstreamOptions {
  readonly upstream_timeout_ms: number;
  readonly upstream_requests_max: number;
  readonly upstream_requests_per_caller_max: number;
  readonly upstream_streams_max: number;
  readonly upstream_streams_per_caller_max: number;
  readonly upstream_idle_ms: number;
  readonly upstream_session_bytes_max: number;
  /** Names of request headers that reach the upstream in addition to the standard ones. */
  readonly forwarded_headers: readonly string[];
}

export interface Gateway extends Room {
  routes(http: App): void;
  /** Registers the route of all paths that no other route matches; must be called after all other routes. */
  registerCatchAll(http: App): Promise<void>;
  close(): Promise<void>;
}

const connect_timeout_ms = 5000;

/** Makes the gateway of a site: the API of its settings, and the access rules for all paths without a route. */
export function makeGateway(options: GatewayOptions): Gateway {
  const parts = makePipelineParts(options);
  const forwarding = makeForwardingParts(options, parts);
  return {
    name: 'gateway',
    page_types: [...gatewayPageTypes, ...consolePageTypes, engagementPage],
    undo_types: [ruleDeletionUndo],
    routes(http) {
      // A change by a request (of a subscription, a role, a rule) may end access of open streams.
      http.addHook('onSend', (request, _reply, payload, done) => {
        const { method } = request;
        const is_change = method !== 'GET' && method !== 'HEAD' && request.routeOptions.config.passthrough !== true;
        if (is_change) forwarding.streams.checkSoon();
        done(null, payload);
      });
      const session_bytes_max = options.upstream.upstream_session_bytes_max;
      upstreamRoutes(http, options);
      sessionRoutes(http, { ...options, memory: parts.memory, session_bytes_max });
      ruleRoutes(http);
      engagementRoutes(http);
    },
    pages(http) {
      engagementPages(http);
      const { secret, private_addresses_allowed } = options;
      const own = makeOwnPaths(http);
      consolePages(http, { parts, own, secret, private_addresses_allowed, session_bytes_max: parts.session_bytes_max });
    },
    async registerCatchAll(http) {
      routeUpgrades(http);
      const own = makeOwnPaths(http);
      const memory_path = makeMemoryPath(http, { parts, forwarding, own });
      http.addHook('preClose', async () => forwarding.open.drain());
      await catchAllRoute(http, async (request, reply) =>
        handleRequest(request, reply, { options, parts, forwarding, own, memory_path }),
      );
      serveFirst(http, memory_path.serve);
    },
    async close() {
      forwarding.streams.close();
      await parts.engagement.close();
      await forwarding.forwarder.close();
    },
  };
}

function makePipelineParts(options: GatewayOptions): PipelineParts {
  return {
    rules: makeRuleBook(),
    memory: makeFactMemory(options.facts),
    facts: options,
    engagement: makeEngagementRecorder(options.db, options.log),
    carriers: makeSessionCarriers(options.secret),
    session_bytes_max: options.upstream.upstream_session_bytes_max,
  };
}

function makeForwardingParts(options: GatewayOptions, { rules }: PipelineParts): ForwardingParts {
  const { upstream } = options;
  return {
    forwarder: makeForwarder({
      headers_timeout_ms: upstream.upstream_timeout_ms,
      connect_timeout_ms,
      idle_ms: upstream.upstream_idle_ms,
      private_addresses_allowed: options.private_addresses_allowed,
    }),
    open: makeOpenConnections(),
    streams: makeOpenStreams(
      async (list) => findRefusedStreams({ ...options, rules, facts: options }, list),
      options.log,
    ),
    shares: makeUpstreamShares({
      requests_max: upstream.upstream_requests_max,
      requests_per_caller_max: upstream.upstream_requests_per_caller_max,
      streams_max: upstream.upstream_streams_max,
      streams_per_caller_max: upstream.upstream_streams_per_caller_max,
    }),
    further: new Set(upstream.forwarded_headers.map((name) => name.toLowerCase())),
  };
}

interface RequestParts {
  readonly options: GatewayOptions;
  readonly parts: PipelineParts;
  readonly forwarding: ForwardingParts;
  readonly own: OwnPaths;
  readonly memory_path: MemoryPath;
}

async function handleRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { options, parts, forwarding, own, memory_path }: RequestParts,
): Promise<FastifyReply> {
  const { ctx, method } = request;
  const target = parseRequestTarget(request.raw.url ?? '');
  if (typeof target === 'string') throw gatewayProblems.path_refused({ detail: target });
  const methods = own.findMethods(target);
  if (methods.length > 0) return sendOwnPath(reply, { method, segments: target.segments, methods });
  const upgrade = findPendingUpgrade(request.raw);
  const is_preflight = isPreflight(request);
  const is_safe = method === 'GET' || method === 'HEAD' || is_preflight;
  const is_cross_site = (!is_safe || upgrade !== null) && isByCookie(request) && isCrossSite(request);
  const granted = await passRules({ ctx, method, target, is_preflight, is_cross_site }, parts);
  const failure = memory_path.findFailure(request.raw);
  if (granted.match.rule.is_forward) return forwardRequest(forwarding, request, reply, granted, { upgrade, failure });
  const findCaller = async ({ actor }: Context) =>
    actor.kind === 'user' ? parts.memory.get(callerFact(ctx, actor.user_id)) : null;
  return sendLocalPage(request, reply, granted, { hasTemplate: options.hasTemplate, findCaller });
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Registers a route for all methods and paths that does not parse bodies: forwarded bodies are streamed. */
async function catchAllRoute(http: App, handler: Handler): Promise<void> {
  await http.register(async (scope) => {
    // Without a media type every body passes the parser below. `rawHeaders`, which is forwarded, keeps the media type.
    scope.addHook('onRequest', async ({ raw }) => {
      delete raw.headers['content-type'];
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.route({
      method: [...METHODS],
      url: '/*',
      exposeHeadRoute: false,
      config: { access: { kind: 'public' }, passthrough: true, problems: Object.values(gatewayProblems) },
      schema: { hide: true },
      handler,
    });
  });
}

/** True for a CORS preflight, which has no body and no credentials. */
function isPreflight(request: FastifyRequest): boolean {
  const { method, headers } = request;
  if (method !== 'OPTIONS' || !headers.origin || hasBody(request.raw)) return false;
  return /^[-\w]+$/.test(headers['access-control-request-method'] ?? '');
}
