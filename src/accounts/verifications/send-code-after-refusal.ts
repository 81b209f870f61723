import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userVerification } from '../events.ts';
import { findUserById, isEmailVerified, lockCredentials, type User } from '../identity/index.ts';
import { prepareVerification } from './prepare-verification.ts';
import { code_lifetime_s } from './verification.ts';
import { hasCodeSince } from './verification-store.ts';

/** At most one code an hour is mailed because a refusal demands a verified address; the page sends more on request. */
const refusal_every_ms = 3_600_000;

/**
 * Mails a code to the unverified address of a user whom a refusal asks to verify it. Opens its own transaction, since the
 * refused one is rolled back. Counted in the table of verifications, so that the limit holds on every node.
 */
export async function sendCodeAfterRefusal(ctx: Context, user_id: User['id']): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockCredentials(tx, user_id);
    const user = await findUserById(tx, user_id);
    if (!user?.email || isEmailVerified(user)) return;
    const request = { user_id, channel: 'email', address: user.email, purpose: 'verify' } as const;
    if (await hasCodeSince(tx, request, new Date(at.getTime() - refusal_every_ms))) return;
    const lifetime_s = code_lifetime_s;
    const { key, code } = await prepareVerification(tx, { ...request, sends: 'code', lifetime_s }, at);
    await emit(tx, userVerification({ ...request, key, code, reason: null, lifetime_s }), at);
  });
}
