import type { UserId } from '#platform/db/db-schema';
import type { Context } from '#platform/context';
import type { MailOrigin } from '#platform/mail/mail-gate';
import { isSeller } from '#profiles';
import type { Notice } from './notice.ts';

/** Events that carry an invitation or a request of one user to another. */
const invitations = new Set([
  'claim_code_generated',
  'role_grant_created',
  'role_request_created',
  'subscription_grant_created',
  'subscription_request_created',
]);

/** Events about money or a plan: the gate does not limit them for readers who take part. */
const receipts = new Set([
  'card_expires_soon',
  'card_updated',
  'charge_updated',
  'expires_soon',
  'order_executed',
  'quota_reached',
  'renewal_charge_failed',
  'use_charge_limit_crossed',
]);

/**
 * Returns the facts by which the mail gate limits a notice.
 *
 * `is_own`: the notice is about the account of the reader. `related`: users who take part in its subject. `trusted`:
 * addresses of the site.
 */
export async function findMailOrigin(
  ctx: Context,
  notice: Notice,
  { is_own, related, trusted }: { is_own: boolean; related: ReadonlySet<UserId>; trusted: readonly string[] },
): Promise<MailOrigin> {
  const sender_id = notice.originator?.id ?? null;
  const kind = kindOf(notice.event, is_own);
  const { profile, provider } = notice.parties;
  return {
    kind,
    sender_id,
    is_seller: sender_id !== null && (await isSeller(ctx.db, sender_id, ctx.site.broker_id)),
    profile_id: (kind === 'invitation' ? (provider ?? profile) : profile)?.id ?? null,
    trusted,
    related: kind === 'notice' || kind === 'receipt' ? related : null,
  };
}

function kindOf(event: string, is_own: boolean): MailOrigin['kind'] {
  if (is_own) return 'own';
  if (invitations.has(event)) return 'invitation';
  return receipts.has(event) ? 'receipt' : 'notice';
}
