import type { Context } from '#platform/context';
import { requireUser } from '../actor.ts';
import type { AccountsDeps } from '../hooks.ts';
import type { User } from '../identity/index.ts';
import { accountsProblems } from '../problems.ts';
import type { AccountsSettings } from '../settings.ts';
import { sendCode } from '../verifications/index.ts';
import { updateUser } from './update-user.ts';

/**
 * Sends the caller a code that verifies the caller's e-mail address.
 *
 * @throws no_address (400)
 */
export async function requestEmailCode(ctx: Context, settings: AccountsSettings, user: User): Promise<void> {
  if (user.email === null) throw accountsProblems.no_address();
  await sendCode(ctx, settings, user, 'email', 'verify');
}

/**
 * Verifies the caller's e-mail address by a code.
 *
 * @throws code_wrong (400), api_key_refused (403)
 */
export async function verifyEmail(
  ctx: Context,
  deps: AccountsDeps,
  codes: { email_code: string | number; otp_code?: string | number | undefined },
): Promise<User> {
  const { user_id } = requireUser(ctx);
  return (await updateUser(ctx, deps, { id: user_id }, codes)).user;
}
