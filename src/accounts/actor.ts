import { commonProblems } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import type { Actor, Context } from '#platform/context';

/** The signed-in caller. @throws credentials_required (401) */
export function requireUser(ctx: Context): Extract<Actor, { kind: 'user' }> {
  if (ctx.actor.kind !== 'user') throw commonProblems.credentials_required({ location: paths.login() });
  return ctx.actor;
}
