import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { networkOf } from '#platform/security/throttle';
import { accountsProblems } from '../problems.ts';
import { recoverLimit, recoverPeerLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import { parseEmail } from '#kernel/email';
import { findUserByEmail, findUserByPhone, mayOpenAccount, parsePhone } from '../identity/index.ts';
import { code_lifetime_s, prepareVerification, sendCode, sendLink } from '../verifications/index.ts';

/**
 * Sends a reset link or a code to a known address. Unknown addresses get the same response and no message.
 *
 * Generates a key for an unknown address too, without sending it, so that the response time is the same.
 * @throws invalid_input (400) naming `email`, authentication_disabled (403), too_many_requests (429)
 */
export async function recoverAccess(
  ctx: Context,
  settings: AccountsSettings,
  address_text: string,
  sends: 'link' | 'code',
): Promise<void> {
  if (ctx.site.authentication === 'disabled') throw accountsProblems.authentication_disabled();
  const email = parseEmail(address_text);
  const address = email ?? parsePhone(address_text);
  if (address === null) throw invalidInput({ email: ['Enter an e-mail address or a phone number.'] });

  await settings.throttle.take(recoverPeerLimit, networkOf(ctx.peer?.ip));
  await settings.throttle.take(recoverLimit, address);

  const channel = email === null ? 'phone' : 'email';
  const found = await (email === null ? findUserByPhone(ctx.db, address) : findUserByEmail(ctx.db, address));
  const user = found?.is_active === true && mayOpenAccount(found, channel) ? found : null;
  if (user && sends === 'code') return sendCode(ctx, settings, user, channel, 'recover');
  await inTransaction(ctx.db, async (tx) => {
    if (user) return sendLink(ctx, tx, settings, user, 'recover', channel);
    const decoy = { user_id: null, channel, address, purpose: 'recover', sends: 'key' } as const;
    await prepareVerification(tx, { ...decoy, lifetime_s: code_lifetime_s }, ctx.clock.now());
  });
}
