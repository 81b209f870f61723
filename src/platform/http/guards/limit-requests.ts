import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../../context.ts';
import type { RequestLimit, RequestVerdict } from '../../security/request-limit.ts';
import { findResumed } from '../resumed-requests.ts';
import { networkOf, throttleProblems } from '../../security/throttle.ts';

/** Maximum requests per minute of one account or network; 0 is no limit. */
export interface RequestMaxima {
  /** For sign-in, API and pages, each counted separately. */
  own: number;
  /** For forwarded requests. */
  forwarded: number;
}

/** Routes are counted apart by class, so that a flood of one class leaves the others usable. */
export type RouteClass = 'sign-in' | 'api' | 'page' | 'forwarded';

/** Returns the class of a route; null for routes without a limit. */
export function routeClassOf(route: { url: string | undefined; passthrough: boolean }): RouteClass | null {
  if (route.passthrough) return 'forwarded';
  const url = route.url ?? '';
  if (url.startsWith('/_dev/')) return null;
  if (/^\/(?:api\/auth|login|register|activate|recover)(?:\/|$)/.test(url)) return 'sign-in';
  return url.startsWith('/api/') ? 'api' : 'page';
}

/** The limit of requests of a process, with its maxima. */
export interface CountedRequests {
  readonly limit: RequestLimit;
  readonly maxima: RequestMaxima;
}

/**
 * Counts the request for its account, or for its network when the caller is anonymous. A request that the router got
 * from the memory path was counted there.
 *
 * @throws too_many_requests (429)
 */
export function limitRequests(requests: CountedRequests, request: FastifyRequest, reply: FastifyReply): void {
  if (findResumed(request.raw) !== null) return;
  const { url, config } = request.routeOptions;
  const counted = countRequest(requests, routeClassOf({ url, passthrough: config.passthrough === true }), request.ctx);
  if (counted === null) return;
  const { is_allowed, remaining_count, ends_in_s, max } = counted;
  reply.header('ratelimit-limit', String(max));
  reply.header('ratelimit-remaining', String(remaining_count));
  reply.header('ratelimit-reset', String(ends_in_s));
  if (!is_allowed) throw throttleProblems.too_many_requests({ retry_after_s: ends_in_s });
}

/** Counts a request of a class; null if the class has no limit. A refused request is not counted. */
export function countRequest(
  { limit, maxima }: CountedRequests,
  route_class: RouteClass | null,
  { actor, peer }: Pick<Context, 'actor' | 'peer'>,
): (RequestVerdict & { readonly max: number }) | null {
  const max = route_class === null ? 0 : route_class === 'forwarded' ? maxima.forwarded : maxima.own;
  if (max === 0) return null;
  const caller = actor.kind === 'user' ? `user ${actor.user_id}` : `network ${networkOf(peer?.ip)}`;
  return { ...limit.count(`${route_class} ${caller}`, max), max };
}
