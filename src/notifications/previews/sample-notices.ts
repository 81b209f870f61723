import type { ClaimId, DunningCaseId, PlanId, RoleId, SubscriptionId } from '#platform/db/db-schema';
import {
  composeChangeApproaching,
  composeChangePending,
  composeSubscriptionChanged,
} from '../compose-change-notice.ts';
import { composeClaimCode } from '../compose-claim-notice.ts';
import { composeUserContact } from '../compose-contact-notice.ts';
import {
  composeProfileUpdated,
  composeRoleGrantAccepted,
  composeRoleGrantCreated,
  composeRoleRequestCreated,
} from '../compose-profile-notice.ts';
import {
  composeCardExpiresSoon,
  composeExpiresSoon,
  composePaymentActionRequired,
  composePaymentMethodAbsent,
  composeProcessorUnreached,
  composeQuotaReached,
  composeRenewalChargeFailed,
  composeRenewalRecovered,
  composeSubscriptionEndedUnpaid,
  composeSubscriptionUpgrade,
  composeUseChargeLimitCrossed,
} from '../compose-renewal-notice.ts';
import {
  composeSubscriptionGrantAccepted,
  composeSubscriptionGrantCreated,
  composeSubscriptionRequestAccepted,
  composeSubscriptionRequestCreated,
} from '../compose-subscription-notice.ts';
import {
  composeCredentialsChanged,
  composeEmailChanged,
  composePasswordChanged,
  composeUserActivated,
  composeUserArchived,
  composeUserRegistered,
  composeUserWelcome,
  composeVerification,
} from '../compose-user-notice.ts';
import type { Notice } from '../notice.ts';
import type { Parties } from '../parties.ts';
import { ids } from './sample-parties.ts';
import { payment_notices } from './sample-payment-notices.ts';
import { time_notices } from './sample-time-notices.ts';

const user_id = ids.user;
const originated_by = ids.user;
const key = '0123456789abcdef0123456789abcdef01234567';
const role = {
  role_id: 1 as RoleId, // a sample: no role is looked up
  profile_id: ids.customer,
  user_id,
  role_type: 'contributor',
  message: 'Welcome to the team.',
  originated_by,
};
const subscription = {
  subscription_id: 1 as SubscriptionId, // a sample, like the plan
  profile_id: ids.customer,
  plan_id: 1 as PlanId,
  plan: { slug: 'open-space', title: 'Open Space' },
  provider_id: ids.provider,
  originated_by,
};
const failure = {
  dunning_case_id: 1 as DunningCaseId, // a sample
  attempt: 1,
  profile_id: ids.customer,
  provider_id: ids.provider,
  amount: 5900,
  unit: 'usd',
  lines: [{ description: 'Open Space, 1 month', amount: 5900 }],
  next_attempt_at: '2026-03-06T10:00:00.000Z',
  ends_at: '2026-03-12T10:00:00.000Z',
  end: 'end' as const,
  final_notice: false,
};
const unconfirmed = { kind: 'action' as const, decline_code: 'authentication_required', key: '0af3'.repeat(10) };
const recovery = {
  dunning_case_id: 1 as DunningCaseId, // a sample
  profile_id: ids.customer,
  provider_id: ids.provider,
  unit: 'usd',
  plans: ['Open Space'],
};
const ending = {
  profile_id: ids.customer,
  provider_id: ids.provider,
  subscription_id: 1 as SubscriptionId, // a sample, like the plan
  plan_id: 1 as PlanId,
  plan: { slug: 'open-space', title: 'Open Space' },
  ends_at: '2026-03-20T10:00:00.000Z',
  nb_days: 15,
};
const change = {
  subscription_id: 1 as SubscriptionId, // as above
  profile_id: ids.customer,
  provider_id: ids.provider,
  from: { slug: 'basic', title: 'Basic' },
  to: { slug: 'pro', title: 'Pro' },
  quantity: { from: 1, to: 1 },
  unit: 'usd',
  originated_by,
};
const covers_to = '2026-02-10T10:00:00.000Z';
const planned = { ...change, effective_at: '2026-02-10T10:00:00.000Z', amount: 24_900 };
const verification = {
  user_id,
  channel: 'email',
  address: 'xia@example.com',
  key: null,
  code: '482913',
  reason: null,
  lifetime_s: 600,
} as const;

/**
 * The notice of a sample event, by the slug of its e-mail. The composers of real events make them, so that a preview
 * shows what is sent.
 */
export const sample_notices: Readonly<Record<string, (found: Parties) => Notice | null>> = {
  user_verification: (found) => composeVerification(found, { ...verification, purpose: 'verify' }),
  user_reset_password: (found) =>
    composeVerification(found, { ...verification, purpose: 'recover', key, code: null, lifetime_s: 86_400 }),
  user_welcome: (found) => composeUserWelcome(found, { user_id }),
  user_password_changed: (found) => composePasswordChanged(found, { user_id, how: 'changed' }),
  user_email_changed: (found) =>
    composeEmailChanged(found, {
      user_id,
      from: 'xia@example.com',
      to: 'xia@example.org',
      is_verified: false,
      stop_key: key,
    }),
  user_credentials_changed: (found) => composeCredentialsChanged(found, { user_id, what: 'api_key_created' }),
  user_archived: (found) =>
    composeUserArchived(found, { user_id, originated_by, address: 'xia@example.com', name: 'Xia Lee' }),
  role_grant_created: (found) => composeRoleGrantCreated(found, { ...role, grant_key: key, key: null }),
  role_grant_accepted: (found) => composeRoleGrantAccepted(found, role),
  role_request_created: (found) => composeRoleRequestCreated(found, { ...role, request_key: key }),
  profile_updated: (found) =>
    composeProfileUpdated(found, {
      profile_id: ids.customer,
      changes: { 'Phone number': { pre: '+1 415 555 0100', post: '+1 415 555 0199' } },
      originated_by,
    }),
  subscription_grant_created: (found) =>
    composeSubscriptionGrantCreated(found, { ...subscription, grant_key: key, key: null, message: 'Try it.' }),
  subscription_grant_accepted: (found) => composeSubscriptionGrantAccepted(found, subscription),
  subscription_request_created: (found) =>
    composeSubscriptionRequestCreated(found, { ...subscription, request_key: key }),
  subscription_request_accepted: (found) => composeSubscriptionRequestAccepted(found, subscription),
  subscription_changed: (found) =>
    composeSubscriptionChanged(found, {
      ...change,
      lines: [
        { description: 'Unused time of basic', label: 'Unused time of Basic', covers_to, amount: -4500 },
        { description: 'Subscription to pro', label: 'Pro', covers_to, amount: 12_450 },
      ],
      charge_amount: 7950,
      credit_after: 0,
      effective_at: '2026-01-25T22:00:00.000Z',
      ends_at: '2026-02-10T10:00:00.000Z',
      next_charge_at: '2026-02-09T10:00:00.000Z',
      next_charge_amount: 24_900,
    }),
  change_pending: (found) => composeChangePending(found, planned),
  change_approaching: (found) => composeChangeApproaching(found, planned),
  ...time_notices,
  ...payment_notices,
  renewal_charge_failed: (found) =>
    composeRenewalChargeFailed(found, { ...failure, kind: 'soft', decline_code: 'insufficient_funds' }),
  payment_action_required: (found) => composePaymentActionRequired(found, { ...failure, ...unconfirmed }),
  renewal_recovered: (found) => composeRenewalRecovered(found, { ...recovery, was_suspended: false }),
  subscription_ended_unpaid: (found) =>
    composeSubscriptionEndedUnpaid(found, {
      ...recovery,
      subscription_ids: [1 as SubscriptionId], // a sample
      due_amount: 1264,
      is_suspended: false,
    }),
  processor_setup_error: (found) =>
    composeProcessorUnreached(found, { profile_id: ids.customer, provider_id: ids.provider, unit: 'usd' }),
  expires_soon: (found) => composeExpiresSoon(found, ending),
  subscription_upgrade: (found) => composeSubscriptionUpgrade(found, ending),
  card_expires_soon: (found) => composeCardExpiresSoon(found, { ...ending, last4: '4242', exp_date: '2026-03-01' }),
  payment_method_absent: (found) => composePaymentMethodAbsent(found, ending),
  quota_reached: (found) =>
    composeQuotaReached(found, { ...subscription, use_charge: 'Meeting room', used_quantity: 10 }),
  use_charge_limit_crossed: (found) =>
    composeUseChargeLimitCrossed(found, { ...subscription, use_charge: 'Meeting room', used_quantity: 100 }),
  claim_code_generated: (found) =>
    composeClaimCode(found, {
      claim_id: 1 as ClaimId, // a sample
      profile_id: ids.customer,
      provider_id: ids.provider,
      email: 'joe@example.com',
      full_name: 'Joe Card',
      code: 'cpn_0123456789abcdef',
      valid_days: 90,
      is_paid: true,
      plans: ['Open Space'],
      originated_by,
    }),
  user_contact: (found) =>
    composeUserContact(found, {
      user_id: null,
      full_name: 'Joe Card',
      email: 'joe@example.com',
      message: 'Do you have a desk on Fridays?',
      provider_id: ids.provider,
    }),
  user_registered: (found) => composeUserRegistered(found, { user_id }),
  user_activated: (found) => composeUserActivated(found, { user_id }),
};
