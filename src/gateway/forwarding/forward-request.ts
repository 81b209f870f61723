import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import { codeOfError } from '#platform/http/replies/error-code';
import { prefersHtml } from '#platform/http/replies/negotiate';
import { transport_policy } from '#platform/http/replies/security-headers';
import { networkOf } from '#platform/security/throttle';
import type { Forwarder } from './forward.ts';
import { buildRequestHeaders } from './forward-headers.ts';
import type { OpenConnections } from './open-connections.ts';
import type { OpenStream, OpenStreams } from './open-streams.ts';
import { forwardErrorPage } from '../page-types.ts';
import type { GrantedPassage } from '../pipeline.ts';
import { gatewayProblems } from '../problems.ts';
import { joinConnections, type PendingUpgrade, policy_violation, sendRefusedUpgrade } from './upgrade.ts';
import { type FailureReason, UpstreamFailure } from './upstream-failure.ts';
import type { OutgoingRequest } from './upstream-request.ts';
import type { ShareHolder, UpstreamShares } from './upstream-shares.ts';

const busy_retry_s = 5;

/** Objects that all forwarded requests share. */
export interface ForwardingParts {
  readonly forwarder: Forwarder;
  readonly open: OpenConnections;
  readonly streams: OpenStreams;
  readonly shares: UpstreamShares;
  /** Names of FORWARDED_HEADERS, in lower case. */
  readonly further: ReadonlySet<string>;
}

/** Forwards a request that the rules grant: as an exchange, or as a tunnel if it asks for an upgrade. */
export async function forwardRequest(
  { forwarder, open, streams, shares, further }: ForwardingParts,
  request: FastifyRequest,
  reply: FastifyReply,
  granted: GrantedPassage,
  upgrade: PendingUpgrade | null,
): Promise<FastifyReply> {
  const { entry_point } = granted.ctx.site;
  if (entry_point === null) throw gatewayProblems.upstream_unset();
  const place = await shares.take(upgrade ? 'stream' : 'request', findShareHolder(request));
  if (place === null) throw busyProblem();
  const channel = upgrade?.socket ?? reply.raw;
  channel.once('close', () => place.release());
  if (channel.destroyed) {
    place.release();
    return reply.hijack();
  }
  const outgoing = buildOutgoingRequest(request, granted, { entry_point, further });
  try {
    if (upgrade) {
      const outcome = await forwarder.upgrade(outgoing, upgrade.protocol, upgrade.gone);
      if (outcome.kind === 'upgraded') {
        const tunnel = joinConnections(reply.raw, upgrade, outcome);
        if (tunnel) {
          open.addTunnel(tunnel, upgrade.socket);
          streams.add(
            describeStream(request, granted, () => tunnel.close(policy_violation)),
            upgrade.socket,
          );
        }
      } else sendRefusedUpgrade(reply.raw, outcome);
    } else {
      const { is_event_stream } = await forwarder.forward(outgoing, reply.raw, place);
      if (is_event_stream)
        streams.add(
          describeStream(request, granted, () => reply.raw.destroy()),
          reply.raw,
        );
    }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return sendFailure(request, reply, granted, error, entry_point);
  }
  return reply.hijack();
}

function describeStream(
  { headers, method }: FastifyRequest,
  { ctx, target }: GrantedPassage,
  end: () => void,
): OpenStream {
  return { ctx, method, target, authorization: headers.authorization, end };
}

/** Each signed-in caller has a share; the anonymous callers of one network have one together. */
function findShareHolder({ ctx: { actor }, ip }: FastifyRequest): ShareHolder {
  return { user: actor.kind === 'user' ? String(actor.user_id) : null, network: networkOf(ip) };
}

function busyProblem(): Problem {
  return gatewayProblems.upstream_busy({ retry_after_s: busy_retry_s });
}

function buildOutgoingRequest(
  request: FastifyRequest,
  granted: GrantedPassage,
  { entry_point, further }: { entry_point: string; further: ReadonlySet<string> },
): OutgoingRequest {
  const { raw } = request;
  const { ctx, carrier: session, target, method, is_preflight } = granted;
  const { host, protocol } = new URL(ctx.origin);
  const caller = { ip: request.ip, scheme: protocol.replace(':', ''), host, request_id: request.id };
  return {
    entry_point,
    method,
    target: target.path + target.search,
    headers: buildRequestHeaders(raw.rawHeaders, caller, { session, further, is_preflight }),
    request_id: request.id,
    transport_policy: request.server.cookieNames.secure ? transport_policy : null,
    body: hasBody(request) ? raw : null,
  };
}

/** True if the request announces a body that is not empty. */
export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function failureProblem(reason: FailureReason): Problem {
  if (reason === 'caller_slow') return gatewayProblems.body_too_slow();
  return reason === 'slow' ? gatewayProblems.upstream_slow() : gatewayProblems.upstream_unreachable();
}

/** Sends the page of the theme to browsers, with the cause for managers of the site; throws a problem for programs. */
async function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  granted: GrantedPassage,
  failure: UpstreamFailure,
  entry_point: string,
): Promise<FastifyReply> {
  if (failure.reason === 'caller_gone') return reply.hijack();
  const reason = codeOfError(failure.cause);
  request.log.warn({ event: 'http_forward_failed', reason, err: failure.cause, entry_point }, 'upstream failed');
  if (failure.reason === 'busy') throw busyProblem();
  const problem = failureProblem(failure.reason);
  // The rest of a body that is not read ends with the connection.
  if (!request.raw.complete) reply.header('connection', 'close');
  if (!prefersHtml(request.raw)) throw problem;
  const { caller } = granted;
  const manager_help =
    caller?.roles.some((held) => held.profile === caller.site.slug && held.role === 'manager') === true;
  return reply.header('cache-control', 'no-store').page(
    forwardErrorPage,
    {
      status: problem.status,
      request_id: request.id,
      manager_help,
      ...(manager_help ? { entry_point, reason } : {}),
    },
    problem.status,
  );
}
