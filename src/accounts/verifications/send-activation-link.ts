import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { accountsProblems } from '../problems.ts';
import { mailLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import type { User } from '../identity/index.ts';
import { sendLink } from './send-verification.ts';

/**
 * Sends the link with which a user without password sets one, once in ten minutes at most.
 *
 * @throws already_active (400), no_address (400), too_many_requests (429)
 */
export async function resendActivationLink(ctx: Context, settings: AccountsSettings, user: User): Promise<void> {
  if (user.has_password) throw accountsProblems.already_active();
  await takeAndSendLink(ctx, settings, user);
}

/**
 * The same for somebody on record who has no login yet: the link makes one.
 *
 * @throws no_address (400), too_many_requests (429)
 */
export async function sendLeadActivationLink(
  ctx: Context,
  settings: AccountsSettings,
  lead: { email: string | null; phone: string | null },
): Promise<void> {
  await takeAndSendLink(ctx, settings, { id: null, ...lead });
}

async function takeAndSendLink(
  ctx: Context,
  settings: AccountsSettings,
  whom: { id: User['id'] | null; email: string | null; phone: string | null },
): Promise<void> {
  const address = whom.email ?? whom.phone;
  if (address === null) throw accountsProblems.no_address();
  await settings.throttle.take(mailLimit, address);
  await inTransaction(ctx.db, (tx) => sendLink(ctx, tx, settings, whom, 'activate'));
}
