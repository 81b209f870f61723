import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userVerification } from '../events.ts';
import { codeLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import type { User } from '../identity/index.ts';
import { prepareVerification } from './prepare-verification.ts';
import { code_lifetime_s } from './verification.ts';

/** Sends a user a link that sets a password. Does nothing if the user has no address on the channel. */
export async function sendLink(
  ctx: Context,
  tx: Tx,
  settings: AccountsSettings,
  user: { id: User['id'] | null; email: string | null; phone: string | null },
  purpose: 'activate' | 'recover',
  channel: 'email' | 'phone' = user.email === null ? 'phone' : 'email',
): Promise<void> {
  const address = channel === 'email' ? user.email : user.phone;
  if (address === null) return;
  const at = ctx.clock.now();
  const lifetime_s = settings.verification_lifetime_s;
  const request = { user_id: user.id, channel, address, purpose } as const;
  const { key, code } = await prepareVerification(tx, { ...request, sends: 'key', lifetime_s }, at);
  await emit(tx, userVerification({ ...request, key, code, reason: null, lifetime_s }), at);
}

/**
 * Sends a code of six digits to an address of the user, or to a requested new address. Opens its own transaction.
 *
 * Beyond the rate limit of codes per address nothing is sent, and the last code stays valid.
 */
export async function sendCode(
  ctx: Context,
  settings: AccountsSettings,
  user: Pick<User, 'id' | 'email' | 'phone'>,
  channel: 'email' | 'phone',
  purpose: 'login' | 'verify' | 'recover',
  address: string | null = channel === 'email' ? user.email : user.phone,
): Promise<void> {
  if (address === null || !(await settings.throttle.allows(codeLimit, address))) return;
  const at = ctx.clock.now();
  const request = { user_id: user.id, channel, address, purpose };
  await inTransaction(ctx.db, async (tx) => {
    const { key, code } = await prepareVerification(tx, { ...request, sends: 'code', lifetime_s: code_lifetime_s }, at);
    await emit(tx, userVerification({ ...request, key, code, reason: null, lifetime_s: code_lifetime_s }), at);
  });
}
