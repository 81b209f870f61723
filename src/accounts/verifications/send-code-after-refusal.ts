import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userVerification } from '../events.ts';
import { findUserById, isEmailVerified, lockCredentials, type User } from '../identity/index.ts';
import { prepareVerification } from './prepare-verification.ts';
import { code_lifetime_s } from './verification.ts';
import { hasCodeSince } from './verification-store.ts';

/** Minimum interval between two codes that refusals send to one user. The verification page has its own limit. */
const refusal_every_ms = 3_600_000;

/**
 * Sends a verification code to the unverified e-mail address of a user whose request was refused because of it.
 *
 * Opens its own transaction, because the refused one is rolled back. At most one code per hour; the limit is counted in
 * the table `verifications`, so that it applies across nodes.
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
