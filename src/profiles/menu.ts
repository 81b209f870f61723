import { findUserById, printableName } from '#accounts';
import type { FastifyRequest } from 'fastify';
import { paths } from '#platform/http/paths';
import { findProfileSummaries, findRolesInState } from './records/index.ts';

/** Maximum number of profiles in the menu of every page; the menu links to the list of the others. */
const MENU_PROFILES_MAX = 3;

/** Makes the function that loads the user and the profiles in the menu of every page. */
export function makeMenu(): (request: FastifyRequest) => Promise<Record<string, unknown>> {
  return async ({ ctx }) => {
    const { actor, db } = ctx;
    if (actor.kind !== 'user') return { user: null, menu: [] };
    const [user, held] = await Promise.all([
      findUserById(db, actor.user_id),
      findRolesInState(db, { user_id: actor.user_id, status: 'active' }, MENU_PROFILES_MAX),
    ]);
    if (!user) return { user: null, menu: [] };
    const summaries = await findProfileSummaries(
      db,
      held.map((role) => role.profile_id),
    );
    return {
      user: { username: user.username, printable_name: printableName(user), picture: user.picture },
      menu: [...summaries.values()].map(({ slug, printable_name }) => ({
        slug,
        printable_name,
        urls: { app: paths.app(slug), profile: paths.profile(slug) },
      })),
    };
  };
}
