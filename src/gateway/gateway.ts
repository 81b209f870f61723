import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { App } from '#platform/http/app';
import { METHODS } from '#platform/http/hooks';
import type { Db } from '#platform/db/database';
import { isByCookie, isCrossSite } from '#platform/http/guards/csrf';
import {
  findRefusedStreams,
  forwardRequest,
  hasBody,
  makeForwarder,
  makeOpenConnections,
  makeOpenStreams,
  makeUpstreamShares,
  findPendingUpgrade,
  routeUpgrades,
  type StreamCheckParts,
} from './forwarding/index.ts';
import { type FactSettings, makeKnownCallers } from './callers/index.ts';
import { answerLocally } from './local-pages.ts';
import { answerOwnPath, makeOwnMethods, type OwnMethods } from './own-routes.ts';
import { type Passed, passRules, type PipelineParts } from './pipeline.ts';
import { gatewayProblems } from './problems.ts';
import { engagementRoutes, makeEngagementRecorder } from './engagements/index.ts';
import { makeRuleBook, parseRequestTarget, ruleRoutes } from './rules/index.ts';
import { upstreamRoutes } from './upstream/index.ts';
import { makeSessionCarriers, sessionRoutes } from './sessions/index.ts';

export interface GatewayOptions extends FactSettings, Pick<StreamCheckParts, 'stillSignedIn'> {
  readonly db: Db;
  readonly log: Logger;
  /** The master key of the deployment. */
  readonly secret: string;
  readonly upstream: UpstreamOptions;
  readonly private_addresses_allowed: boolean;
  readonly hasTemplate: (name: string) => boolean;
  /** The site or its rules were changed by this process: what is held of it is out of date. */
  readonly onSiteChanged: () => void;
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
  /** Names of request headers that reach the upstream beside the standard ones. */
  readonly forwarded_headers: readonly string[];
}

export interface Gateway {
  registerRoutes(app: App): void;
  /** What no route takes belongs to the rules. To be registered last. */
  registerCatchAll(app: App): Promise<void>;
  close(): Promise<void>;
}

const connect_timeout_ms = 5000;

/** Makes the gateway of a site: its settings as API, and everything that is not ours behind the rules. */
export function makeGateway(options: GatewayOptions): Gateway {
  const { upstream } = options;
  const callers = makeKnownCallers();
  const parts: PipelineParts = {
    rules: makeRuleBook(),
    callers,
    facts: options,
    engagement: makeEngagementRecorder(options.db, options.log),
    carriers: makeSessionCarriers(options.secret),
    session_bytes_max: upstream.upstream_session_bytes_max,
  };
  const forwarder = makeForwarder({
    headers_timeout_ms: upstream.upstream_timeout_ms,
    connect_timeout_ms,
    idle_ms: upstream.upstream_idle_ms,
    private_addresses_allowed: options.private_addresses_allowed,
  });
  const pages = {
    hasTemplate: options.hasTemplate,
    callerOf: async (ctx: Passed['ctx']) => (ctx.actor.kind === 'user' ? callers.get(ctx, ctx.actor.user_id) : null),
  };

  const open = makeOpenConnections();
  const streams = makeOpenStreams(
    async (list) => findRefusedStreams({ ...options, rules: parts.rules, facts: options }, list),
    options.log,
  );
  const shares = makeUpstreamShares({
    requests_max: upstream.upstream_requests_max,
    requests_per_caller_max: upstream.upstream_requests_per_caller_max,
    streams_max: upstream.upstream_streams_max,
    streams_per_caller_max: upstream.upstream_streams_per_caller_max,
  });
  const further = new Set(upstream.forwarded_headers.map((name) => name.toLowerCase()));
  let ownMethods: OwnMethods = () => [];

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { ctx, method } = request;
    const target = parseRequestTarget(request.raw.url ?? '');
    if (typeof target === 'string') throw gatewayProblems.path_refused({ detail: target });
    const methods = ownMethods(target);
    if (methods.length > 0) return answerOwnPath(reply, { method, segments: target.segments, methods });
    const upgrade = findPendingUpgrade(request.raw);
    const is_preflight = isPreflight(request);
    const is_safe = method === 'GET' || method === 'HEAD' || is_preflight;
    const is_cross_site = (!is_safe || upgrade !== null) && isByCookie(request) && isCrossSite(request);
    const passed = await passRules({ ctx, method, target, is_preflight, is_cross_site }, parts);
    if (!passed.match.rule.is_forward) return answerLocally(request, reply, passed, pages);
    return forwardRequest({ forwarder, open, streams, shares, further }, request, reply, passed, upgrade);
  }

  return {
    registerRoutes(app) {
      // Whatever a request has changed here (a subscription, a role, a rule) holds for the very next one.
      app.addHook('onSend', async (request) => {
        if (request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config.passthrough === true)
          return;
        callers.clear();
        options.onSiteChanged();
        streams.checkSoon();
      });
      upstreamRoutes(app, options);
      sessionRoutes(app, { ...options, callers, session_bytes_max: upstream.upstream_session_bytes_max });
      ruleRoutes(app);
      engagementRoutes(app);
    },
    async registerCatchAll(app) {
      routeUpgrades(app);
      ownMethods = makeOwnMethods(app);
      app.addHook('preClose', async () => open.drain());
      await app.register(async (scope) => {
        // Bodies are not ours to read: they stream on as they are, whatever they are called. What travels is `rawHeaders`.
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
          handler: answer,
        });
      });
    },
    async close() {
      streams.close();
      await parts.engagement.close();
      await forwarder.close();
    },
  };
}

/** A CORS preflight has no body and no credentials: browsers send it to ask whether they may send the request. */
function isPreflight(request: FastifyRequest): boolean {
  const { method, headers } = request;
  if (method !== 'OPTIONS' || !headers.origin || hasBody(request)) return false;
  return /^[-\w]+$/.test(headers['access-control-request-method'] ?? '');
}
