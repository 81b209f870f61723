/** Events that are mailed to managers of the broker only. */
const brokerEvents: ReadonlySet<string> = new Set([
  'payment_refused',
  'processor_key_refused',
  'processor_setup_error',
  'user_activated',
  'user_contact',
  'user_registered',
]);

const optionalEvents = [
  'account_disconnected',
  'card_expires_soon',
  'card_removed',
  'card_updated',
  'change_approaching',
  'change_pending',
  'charge_updated',
  'claim_code_generated',
  'expires_soon',
  'fraud_warned',
  'inquiry_opened',
  'order_executed',
  'payment_action_required',
  'payment_link_sent',
  'payment_link_unpaid',
  'payment_method_absent',
  'payment_refused',
  'payment_returned',
  'payout_failed',
  'period_sales_report_created',
  'processor_key_refused',
  'processor_setup_error',
  'profile_updated',
  'quota_reached',
  'renewal_charge_failed',
  'renewal_recovered',
  'role_grant_accepted',
  'role_grant_created',
  'role_request_created',
  'subscription_ended_unpaid',
  'subscription_changed',
  'subscription_grant_accepted',
  'subscription_grant_created',
  'subscription_paused',
  'subscription_request_accepted',
  'subscription_request_created',
  'subscription_request_expired',
  'subscription_resumed',
  'subscription_resumes_soon',
  'subscription_upgrade',
  'trial_ended',
  'trial_ends_soon',
  'use_charge_limit_crossed',
  'user_activated',
  'user_contact',
  'user_logged_in',
  'user_login_failed',
  'user_registered',
];

/** Returns the events that a user can opt out of. Messages of sign-in and security are not among them. */
export function offeredEvents(manages_broker: boolean): string[] {
  return optionalEvents.filter((event) => manages_broker || !brokerEvents.has(event));
}

/**
 * Returns the offered events that are not in `kept`.
 *
 * Unknown names are ignored. The published API ends each name in `_notice`.
 */
export function optedOutBy(offered: readonly string[], kept: readonly string[]): string[] {
  const keep = new Set(kept.map((name) => name.replace(/_notice$/, '')));
  return offered.filter((event) => !keep.has(event));
}
