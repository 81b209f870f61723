import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import { requireUser } from '../actor.ts';
import { accountsProblems } from '../problems.ts';
import type { AccountsSettings } from '../settings.ts';
import { issueToken } from './open-session.ts';
import { updateSessionExpiry, findSignedInUser, type SignedInUser } from './session-store.ts';

/**
 * Issues a token of the same session that expires later, at most `refresh_lifetime_s` after the last sign-in.
 *
 * @throws token_invalid (400), token_of_another_user (403), token_renewal_over (400)
 */
export async function renewToken(ctx: Context, settings: AccountsSettings, token: string): Promise<string> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const { user, session } = await requireOwnToken(ctx, tx, settings, token, 'token_of_another_user');
    const last = session.logged_in_at.getTime() + settings.refresh_lifetime_s * 1000;
    const wanted = at.getTime() + settings.token_lifetime_s * 1000;
    if (at.getTime() >= last) throw accountsProblems.token_renewal_over();

    const expires_at = new Date(Math.min(wanted, last));
    await updateSessionExpiry(tx, session.id, expires_at);
    return issueToken(settings, user, session.id, expires_at, at);
  });
}

/**
 * Requires that a token is valid and belongs to the caller.
 *
 * @throws token_invalid (400), for another user's token too
 */
export async function verifyToken(ctx: Context, settings: AccountsSettings, token: string): Promise<void> {
  await requireOwnToken(ctx, ctx.db, settings, token, 'token_invalid');
}

async function requireOwnToken(
  ctx: Context,
  reader: Reader,
  settings: AccountsSettings,
  token: string,
  of_another: 'token_of_another_user' | 'token_invalid',
): Promise<SignedInUser> {
  const { user_id } = requireUser(ctx);
  const at = ctx.clock.now();
  const claims = await settings.tokens.verify(token, at);
  if (!claims) throw accountsProblems.token_invalid();
  if (claims.user_id !== user_id) throw accountsProblems[of_another]();
  const signed_in = await findSignedInUser(reader, claims.session_id, at);
  if (signed_in?.user.id !== user_id) throw accountsProblems.token_invalid();
  return signed_in;
}
