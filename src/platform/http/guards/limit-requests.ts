import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestLimit } from '../../security/request-limit.ts';
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

/**
 * Counts the request for its account, or for its network when the caller is anonymous.
 *
 * @throws too_many_requests (429)
 */
export function limitRequests(
  { limit, maxima }: { limit: RequestLimit; maxima: RequestMaxima },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { url, config } = request.routeOptions;
  const route_class = routeClassOf({ url, passthrough: config.passthrough === true });
  const max = route_class === null ? 0 : route_class === 'forwarded' ? maxima.forwarded : maxima.own;
  if (max === 0) return;
  const { actor, peer } = request.ctx;
  const caller = actor.kind === 'user' ? `user ${actor.user_id}` : `network ${networkOf(peer?.ip)}`;
  const { is_allowed, remaining_count, ends_in_s } = limit.count(`${route_class} ${caller}`, max);
  reply.header('ratelimit-limit', String(max));
  reply.header('ratelimit-remaining', String(remaining_count));
  reply.header('ratelimit-reset', String(ends_in_s));
  if (!is_allowed) throw throttleProblems.too_many_requests({ retry_after_s: ends_in_s });
}
