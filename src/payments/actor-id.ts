import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';

/** The user behind a request, for rows and events that say who caused them; null for visitors and jobs. */
export function actorId({ actor }: Pick<Context, 'actor'>): UserId | null {
  return actor.kind === 'user' ? actor.user_id : null;
}
