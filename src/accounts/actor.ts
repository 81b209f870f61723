import { commonProblems } from '#kernel/problem';
import { paths } from '#platform/http/paths';
import type { Actor, Context } from '#platform/context';
import { accountsProblems } from './problems.ts';

/** Returns the signed-in caller. @throws credentials_required (401) */
export function requireUser(ctx: Context): Extract<Actor, { kind: 'user' }> {
  if (ctx.actor.kind !== 'user') throw commonProblems.credentials_required({ location: paths.login() });
  return ctx.actor;
}

/**
 * Requires that the signed-in caller does not use an API key: a leaked key must not be able to take over the account.
 *
 * @throws credentials_required (401), api_key_refused (403)
 */
export function requireNoApiKey(ctx: Context): void {
  if (requireUser(ctx).via === 'api-key') throw accountsProblems.api_key_refused({ location: paths.login() });
}
