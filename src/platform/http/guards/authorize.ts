import type { FastifyRequest } from 'fastify';
import { Problem } from '#kernel/problem';
import type { HttpOptions } from '../app.ts';
import { paths } from '../paths.ts';

/**
 * Requires that the route admits the caller; runs before the body is read.
 *
 * @throws the refusal, with the page that resolves it
 */
export async function authorize(options: HttpOptions, request: FastifyRequest): Promise<void> {
  const { access } = request.routeOptions.config;
  if (!access || access.kind === 'public') return;
  const decision = await options.decideAccess(options.db, options.clock, {
    access,
    actor: request.ctx.actor,
    site: request.ctx.site,
    params: stringParams(request.params),
    method: request.method === 'HEAD' ? 'GET' : request.method,
  });
  if (decision.allowed) {
    request.subject = decision.subject;
    return;
  }
  const location = decision.location ?? (decision.status === 401 ? paths.login() : undefined);
  throw new Problem(
    decision.code,
    { status: decision.status, title: decision.detail },
    location === undefined ? {} : { location },
  );
}

function stringParams(params: unknown): Record<string, string | undefined> {
  if (typeof params !== 'object' || params === null) return {};
  return Object.fromEntries(
    Object.entries(params).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
