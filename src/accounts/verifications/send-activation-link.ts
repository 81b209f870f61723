import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { accountsProblems } from '../problems.ts';
import { mailLimit } from '../rate-limits.ts';
import type { AccountsSettings } from '../settings.ts';
import type { User } from '../identity/index.ts';
import { sendLink } from './send-verification.ts';

/**
 * Sends a user without password the link that sets one; at most one link in ten minutes per address.
 *
 * @throws already_active (400), no_address (400), too_many_requests (429)
 */
export async function resendActivationLink(ctx: Context, settings: AccountsSettings, user: User): Promise<void> {
  if (user.has_password) throw accountsProblems.already_active();
  await sendLimitedLink(ctx, settings, user);
}

/**
 * Sends a contact without a user the link that creates the user; at most one link in ten minutes per address.
 *
 * @throws no_address (400), too_many_requests (429)
 */
export async function sendLeadActivationLink(
  ctx: Context,
  settings: AccountsSettings,
  lead: { email: string | null; phone: string | null },
): Promise<void> {
  await sendLimitedLink(ctx, settings, { id: null, ...lead });
}

async function sendLimitedLink(
  ctx: Context,
  settings: AccountsSettings,
  recipient: { id: User['id'] | null; email: string | null; phone: string | null },
): Promise<void> {
  const address = recipient.email ?? recipient.phone;
  if (address === null) throw accountsProblems.no_address();
  await settings.throttle.take(mailLimit, address);
  await inTransaction(ctx.db, (tx) => sendLink(ctx, tx, settings, recipient, 'activate'));
}
