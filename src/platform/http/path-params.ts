import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';

/**
 * Refuses a path with an empty parameter, as in `/api/profile//roles`: no default stands in for it.
 * @throws not_found (404)
 */
export function refuseEmptyParams(request: FastifyRequest): void {
  const params: unknown = request.params;
  if (typeof params !== 'object' || params === null) return;
  if (Object.values(params).includes('')) throw commonProblems.not_found();
}
