import { findUserById, printableName } from '#accounts';
import type { FastifyRequest } from 'fastify';
import { paths } from '#platform/http/paths';
import { profileSummaries } from './profile-summary.ts';
import { listAllAccessibles } from './roles/list-roles.ts';
import { roleState } from './roles/role.ts';

/** Profiles shown in the menu of every page; the rest are behind a link. */
const MENU_PROFILES_MAX = 3;
const ROLES_MAX = 20;

/** Makes what every page shows of who is signed in: the name and a few profiles. */
export function makeMenu(): (request: FastifyRequest) => Promise<Record<string, unknown>> {
  return async ({ ctx }) => {
    const { actor, db, clock } = ctx;
    if (actor.kind !== 'user') return { user: null, menu: [] };
    const at = clock.now();
    const [user, roles] = await Promise.all([
      findUserById(db, actor.user_id),
      listAllAccessibles(db, actor.user_id, at, ROLES_MAX),
    ]);
    if (!user) return { user: null, menu: [] };
    const held = roles.filter((role) => roleState(role, at) === 'active').slice(0, MENU_PROFILES_MAX);
    const summaries = await profileSummaries(
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
