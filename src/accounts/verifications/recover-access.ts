import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { networkOf } from '#platform/throttle';
import { accountsProblems } from '../problems.ts';
import { recoverLimit, recoverPeerLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import { parseEmail } from '#kernel/email';
import { parsePhone } from '../users/address.ts';
import { findUserByEmail, findUserByPhone } from '../users/user-store.ts';
import { prepareVerification } from './prepare-verification.ts';
import { sendCode, sendLink } from './send-verification.ts';
import { code_lifetime_s } from './verification.ts';

/**
 * Sends whoever reads at an address a link to set a password, or a code only. Strangers get nothing.
 *
 * The answer is the same for every address, and so is the work but for one row: for an unknown one a proof is
 * prepared that is sent to nobody.
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
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    if (found?.is_active !== true) {
      const decoy = { user_id: null, channel, address, purpose: 'recover', sends: 'key' } as const;
      await prepareVerification(tx, { ...decoy, lifetime_s: code_lifetime_s }, at);
    } else if (sends === 'code') {
      await sendCode(ctx, tx, settings, found, channel, 'recover');
    } else {
      await sendLink(ctx, tx, settings, found, 'recover', channel);
    }
  });
}
