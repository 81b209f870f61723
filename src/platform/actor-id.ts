import type { Context } from './context.ts';
import type { UserId } from './db/db-schema.ts';

/** Returns the id of the signed-in caller, for example for `originated_by` of events; null for visitors and jobs. */
export function actorId({ actor }: Pick<Context, 'actor'>): UserId | null {
  return actor.kind === 'user' ? actor.user_id : null;
}
