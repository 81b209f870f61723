import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';
import type { ProfileId } from '#platform/db/db-schema';

/** Returns the profile of a route of one profile. */
export function profileOf({ subject: { profile_id } }: FastifyRequest): ProfileId {
  assert(profile_id !== null, 'the route requires a profile');
  return profile_id;
}
