import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import type { ProfileId } from '#platform/db/db-schema';

/** Returns the profile that a route names; the access guard of the route has loaded it. */
export function subjectId({ subject }: Pick<FastifyRequest, 'subject'>): ProfileId {
  assert(subject.profile_id !== null, 'the access guard loads the profile of the route');
  return subject.profile_id;
}
