import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import { codeOfError } from '#platform/http/replies/error-code';
import { prefersHtml } from '#platform/http/replies/negotiate';
import { transport_policy } from '#platform/http/replies/security-headers';
import {
  buildOutgoingRequest,
  describeStream,
  findShareHolder,
  type ForwardedRequest,
  type ForwardingParts,
  forwardExchange,
  occupyPlace,
} from './forward-exchange.ts';
import { forwardErrorPage } from '../page-types.ts';
import type { GrantedPassage } from '../pipeline.ts';
import { gatewayProblems } from '../problems.ts';
import { joinConnections, type PendingUpgrade, policy_violation, sendRefusedUpgrade } from './upgrade.ts';
import { type FailureReason, UpstreamFailure } from './upstream-failure.ts';

const busy_retry_s = 5;

/**
 * Forwards a request that the rules grant: as an exchange, or as a tunnel if it asks for an upgrade.
 *
 * `failure` is the failure of an exchange that began on the memory path: the request is not forwarded again.
 */
export async function forwardRequest(
  parts: ForwardingParts,
  request: FastifyRequest,
  reply: FastifyReply,
  granted: GrantedPassage,
  { upgrade, failure }: { upgrade: PendingUpgrade | null; failure: Error | null },
): Promise<FastifyReply> {
  const { entry_point } = granted.ctx.site;
  if (entry_point === null) throw gatewayProblems.upstream_unset();
  try {
    if (failure !== null) throw failure;
    const place = await parts.shares.take(upgrade ? 'stream' : 'request', findShareHolder(granted.ctx));
    if (place === null) throw busyProblem();
    if (occupyPlace(place, upgrade?.socket ?? reply.raw)) {
      const forwarded = {
        raw: request.raw,
        response: reply.raw,
        id: request.id,
        granted,
        entry_point,
        transport_policy: request.server.cookieNames.secure ? transport_policy : null,
      };
      if (upgrade) await forwardUpgrade(parts, forwarded, upgrade);
      else await forwardExchange(parts, forwarded, place);
    }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return sendFailure(request, reply, granted, error, entry_point);
  }
  return reply.hijack();
}

async function forwardUpgrade(
  parts: ForwardingParts,
  forwarded: ForwardedRequest,
  upgrade: PendingUpgrade,
): Promise<void> {
  const { response } = forwarded;
  const outgoing = buildOutgoingRequest(forwarded, parts.further);
  const outcome = await parts.forwarder.upgrade(outgoing, upgrade.protocol, upgrade.gone);
  if (outcome.kind === 'refused') {
    sendRefusedUpgrade(response, outcome);
    return;
  }
  const tunnel = joinConnections(response, upgrade, outcome);
  if (tunnel === null) return;
  parts.open.addTunnel(tunnel, upgrade.socket);
  parts.streams.add(
    describeStream(forwarded, () => tunnel.close(policy_violation)),
    upgrade.socket,
  );
}

function busyProblem(): Problem {
  return gatewayProblems.upstream_busy({ retry_after_s: busy_retry_s });
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
