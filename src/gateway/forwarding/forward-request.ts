import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import { codeOfError } from '#platform/http/replies/error-code';
import { prefersHtml } from '#platform/http/replies/negotiate';
import { transport_policy } from '#platform/http/replies/security-headers';
import { networkOf } from '#platform/security/throttle';
import { type FailureReason, type Forwarder, type OutgoingRequest, UpstreamFailure } from './forward.ts';
import { requestHeaders } from './forward-headers.ts';
import type { OpenConnections } from './open-connections.ts';
import type { OpenStream, OpenStreams } from './open-streams.ts';
import type { Passed } from '../pipeline.ts';
import { gatewayProblems } from '../problems.ts';
import { answerRefusal, join, type PendingUpgrade, policy_violation } from './upgrade.ts';
import type { ShareHolder, UpstreamShares } from './upstream-shares.ts';

const busy_retry_s = 5;

/** What forwarding works with besides the request. */
export interface ForwardingParts {
  readonly forwarder: Forwarder;
  readonly open: OpenConnections;
  readonly streams: OpenStreams;
  readonly shares: UpstreamShares;
  readonly further: ReadonlySet<string>;
}

/** Forwards a request that passed the rules, as a stream or as a tunnel. */
export async function forwardOn(
  { forwarder, open, streams, shares, further }: ForwardingParts,
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
      if (outcome.kind === 'upgraded') {
        const tunnel = join(reply.raw, upgrade, outcome);
        if (tunnel) {
          open.addTunnel(tunnel, upgrade.socket);
          streams.add(
            openStream(request, passed, () => tunnel.close(policy_violation)),
            upgrade.socket,
          );
        }
      } else answerRefusal(reply.raw, outcome);
    } else {
      const { is_event_stream } = await forwarder.forward(outgoing, reply.raw, place);
      if (is_event_stream)
        streams.add(
          openStream(request, passed, () => reply.raw.destroy()),
          reply.raw,
        );
    }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return answerFailure(request, reply, passed, error, entry_point);
  }
  return reply.hijack();
}

function openStream({ headers, method }: FastifyRequest, { ctx, target }: Passed, end: () => void): OpenStream {
  return { ctx, method, target, authorization: headers.authorization, end };
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

/** True if the request announces a body that is not empty. */
export function hasBody({ headers }: FastifyRequest): boolean {
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
