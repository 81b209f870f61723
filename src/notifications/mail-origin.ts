import type { UserId } from '#platform/db/db-schema';
import type { MailOrigin } from '#platform/mail/mail-gate';
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
  'card_removed',
  'card_updated',
  'change_approaching',
  'change_pending',
  'charge_updated',
  'expires_soon',
  'order_executed',
  'payment_link_sent',
  'payment_link_unpaid',
  'quota_reached',
  'payment_action_required',
  'payment_method_absent',
  'payment_returned',
  'renewal_charge_failed',
  'renewal_recovered',
  'subscription_ended_unpaid',
  'subscription_upgrade',
  'subscription_changed',
  'subscription_paused',
  'subscription_request_expired',
  'subscription_resumed',
  'subscription_resumes_soon',
  'trial_ended',
  'trial_ends_soon',
  'use_charge_limit_crossed',
]);

interface OriginFacts {
  /** The notice is about the account of the reader. */
  is_own: boolean;
  /** The originator manages the broker or a provider. */
  is_seller: boolean;
  /** Users who take part in the subject of the notice. */
  related: ReadonlySet<UserId>;
  /** Addresses of the site. */
  trusted: readonly string[];
}

/** Returns the facts by which the mail gate limits a notice. Pure. */
export function mailOriginOf(notice: Notice, { is_own, is_seller, related, trusted }: OriginFacts): MailOrigin {
  const sender_id = notice.originator?.id ?? null;
  const kind = kindOf(notice.event, is_own);
  const { profile, provider } = notice.parties;
  return {
    kind,
    sender_id,
    is_seller,
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
