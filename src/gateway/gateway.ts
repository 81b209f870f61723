import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Problem } from '#kernel/problem';
import type { App } from '#platform/http/app';
import type { Db } from '#platform/db';
import { codeOfError } from '#platform/http/error-code';
import { isByCookie, isCrossSite } from '#platform/http/csrf';
import { prefersHtml } from '#platform/http/negotiate';
import { transport_policy } from '#platform/http/security-headers';
import { type FailureReason, type Forwarder, makeForwarder, type OutgoingRequest, UpstreamFailure } from './forward.ts';
import { requestHeaders } from './forward-headers.ts';
import { makeKnownCallers } from './known-callers.ts';
import type { FactSources } from './load-facts.ts';
import { answerLocally } from './local-pages.ts';
import { makeOpenConnections, type OpenConnections } from './open-connections.ts';
import { answerOwnPath, makeOwnMethods, type OwnMethods } from './own-routes.ts';
import { type Passed, passRules, type PipelineParts } from './pipeline.ts';
import { gatewayProblems } from './problems.ts';
import { makeEngagementRecorder } from './record-engagement.ts';
import { makeRuleBook } from './rule-book.ts';
import { parseRequestTarget } from './request-target.ts';
import type { RecentSources } from './recent-activity.ts';
import { gatewayRoutes } from './routes.ts';
import { makeSessionCarriers } from './session-carriers.ts';
import { networkOf } from '#platform/throttle';
import { answerRefusal, join, type PendingUpgrade, pendingUpgrade, routeUpgrades } from './upgrade.ts';
import { makeUpstreamShares, type ShareHolder, type UpstreamShares } from './upstream-shares.ts';

export interface GatewayOptions extends FactSources, RecentSources {
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
const busy_retry_s = 5;
const forwarded_methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Makes the gateway of a site: its settings as API, and everything that is not ours behind the rules. */
export function makeGateway(options: GatewayOptions): Gateway {
  const { upstream } = options;
  const callers = makeKnownCallers(options);
  const parts: PipelineParts = {
    rules: makeRuleBook(),
    callers,
    sources: options,
    engagement: makeEngagementRecorder(options.db, options.log),
    carriers: makeSessionCarriers(options.secret),
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
    if (methods.length > 0) return answerOwnPath(reply, method, methods);
    const upgrade = pendingUpgrade(request.raw);
    const is_preflight = isPreflight(request);
    const is_safe = method === 'GET' || method === 'HEAD' || is_preflight;
    const is_cross_site = (!is_safe || upgrade !== null) && isByCookie(request) && isCrossSite(request);
    const passed = await passRules({ ctx, method, target, is_preflight, is_cross_site }, parts);
    if (!passed.match.rule.is_forward) return answerLocally(request, reply, passed, pages);
    return forwardOn({ forwarder, open, shares, further }, request, reply, passed, upgrade);
  }

  return {
    registerRoutes(app) {
      // Whatever a request has changed here (a subscription, a role, a rule) holds for the very next one.
      app.addHook('onSend', async (request) => {
        if (request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config.passthrough === true)
          return;
        callers.forget();
        options.onSiteChanged();
      });
      gatewayRoutes(app, options);
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
          method: forwarded_methods,
          url: '/*',
          exposeHeadRoute: false,
          config: { access: { kind: 'public' }, passthrough: true, problems: Object.values(gatewayProblems) },
          schema: { hide: true },
          handler: answer,
        });
      });
    },
    async close() {
      await parts.engagement.close();
      await forwarder.close();
    },
  };
}

interface ForwardingParts {
  readonly forwarder: Forwarder;
  readonly open: OpenConnections;
  readonly shares: UpstreamShares;
  readonly further: ReadonlySet<string>;
}

async function forwardOn(
  { forwarder, open, shares, further }: ForwardingParts,
  request: FastifyRequest,
  reply: FastifyReply,
  passed: Passed,
  upgrade: PendingUpgrade | null,
): Promise<FastifyReply> {
  const { entry_point } = passed.ctx.site;
  if (entry_point === null) throw gatewayProblems.upstream_unset();
  const place = await shares.take(upgrade ? 'stream' : 'request', shareHolder(request));
  if (place === null) throw busy();
  const channel = upgrade?.socket ?? reply.raw;
  channel.once('close', () => place.release());
  if (channel.destroyed) {
    place.release();
    return reply.hijack();
  }
  const outgoing = outgoingRequest(request, passed, { entry_point, further });
  try {
    if (upgrade) {
      const outcome = await forwarder.upgrade(outgoing, upgrade.protocol, upgrade.gone);
      open.addTunnel(upgrade.socket);
      if (outcome.kind === 'upgraded') join(reply.raw, upgrade, outcome);
      else answerRefusal(reply.raw, outcome);
    } else {
      await forwarder.forward(outgoing, reply.raw, place);
      open.addAnswer(reply.raw);
    }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return answerFailure(request, reply, passed, error, entry_point);
  }
  return reply.hijack();
}

/** Signed-in callers have a share each; anonymous ones share that of their network. */
function shareHolder({ ctx: { actor }, ip }: FastifyRequest): ShareHolder {
  return { user: actor.kind === 'user' ? String(actor.user_id) : null, network: networkOf(ip) };
}

function busy(): Problem {
  return gatewayProblems.upstream_busy({ retry_after_s: busy_retry_s });
}

function outgoingRequest(
  request: FastifyRequest,
  passed: Passed,
  { entry_point, further }: { entry_point: string; further: ReadonlySet<string> },
): OutgoingRequest {
  const { raw } = request;
  const { ctx, carrier: session, target, method, is_preflight } = passed;
  const { host, protocol } = new URL(ctx.origin);
  const caller = { ip: request.ip, scheme: protocol.replace(':', ''), host, request_id: request.id };
  return {
    entry_point,
    method,
    target: target.path + target.search,
    headers: requestHeaders(raw.rawHeaders, caller, { session, further, is_preflight }),
    request_id: request.id,
    transport_policy: request.server.cookieNames.secure ? transport_policy : null,
    body: hasBody(request) ? raw : null,
  };
}

/** A CORS preflight has no body and no credentials: browsers send it to ask whether they may send the request. */
function isPreflight(request: FastifyRequest): boolean {
  const { method, headers } = request;
  if (method !== 'OPTIONS' || headers.origin === undefined || hasBody(request)) return false;
  return headers['access-control-request-method'] !== undefined;
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function failureProblem(reason: FailureReason): Problem {
  if (reason === 'caller_slow') return gatewayProblems.body_too_slow();
  return reason === 'slow' ? gatewayProblems.upstream_slow() : gatewayProblems.upstream_unreachable();
}

/** The themed page for people, with a hint for those who can mend it; a problem for programs. */
async function answerFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  passed: Passed,
  failure: UpstreamFailure,
  entry_point: string,
): Promise<FastifyReply> {
  if (failure.reason === 'caller_gone') return reply.hijack();
  const reason = codeOfError(failure.cause);
  request.log.warn({ event: 'http_forward_failed', reason, err: failure.cause, entry_point }, 'upstream failed');
  if (failure.reason === 'busy') throw busy();
  const problem = failureProblem(failure.reason);
  // What is left of a body that nobody reads ends with the connection.
  if (!request.raw.complete) reply.header('connection', 'close');
  if (!prefersHtml(request.raw)) throw problem;
  const { caller } = passed;
  const manager_help =
    caller?.roles.some((held) => held.profile === caller.site.slug && held.role === 'manager') === true;
  return reply.header('cache-control', 'no-store').page(
    'rules/forward_error.html',
    {
      status: problem.status,
      request_id: request.id,
      manager_help,
      ...(manager_help ? { entry_point, reason } : {}),
    },
    problem.status,
  );
}
