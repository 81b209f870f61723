import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';

/** The user behind a request, for events and rows that say who caused them; null for visitors and jobs. */
export function actorId(ctx: Pick<Context, 'actor'>): UserId | null {
  return ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
}
