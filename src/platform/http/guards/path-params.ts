import type { FastifyRequest } from 'fastify';
import { canonicalName } from '#kernel/slug';
import { commonProblems } from '#kernel/problem';

/** Parameters that hold the name of a row. Codes and keys are not among them. */
const NAMES = new Set(['profile', 'user', 'plan', 'role', 'subscriber', 'subscribed_plan', 'agreement', 'document']);

/**
 * Converts the names of the path to their stored form, before guards and handlers read them.
 *
 * @throws not_found (404) when a parameter is empty, as in `/api/profile//roles`
 */
export function normalizePathParams(request: FastifyRequest): void {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null) return;
  for (const [name, value] of Object.entries(params)) {
    if (value === '') throw commonProblems.not_found();
    if (typeof value === 'string' && NAMES.has(name)) Reflect.set(params, name, canonicalName(value));
  }
}
