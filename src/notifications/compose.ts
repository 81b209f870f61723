import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { composeClaimCode } from './compose-claim-notice.ts';
import { composeUserContact } from './compose-contact-notice.ts';
import { composeCardUpdated, composeChargeUpdated, composeOrderExecuted } from './compose-payment-notice.ts';
import {
  composeProfileUpdated,
  composeRoleGrantAccepted,
  composeRoleGrantCreated,
  composeRoleRequestCreated,
} from './compose-profile-notice.ts';
import {
  composeSubscriptionGrantAccepted,
  composeSubscriptionGrantCreated,
  composeSubscriptionRequestAccepted,
  composeSubscriptionRequestCreated,
} from './compose-subscription-notice.ts';
import {
  composeCredentialsChanged,
  composeEmailChanged,
  composePasswordChanged,
  composeUserActivated,
  composeUserArchived,
  composeUserRegistered,
  composeUserVerified,
  composeUserWelcome,
  composeVerification,
} from './compose-user-notice.ts';
import type { Notice } from './notice.ts';

/** Makes of an event what there is to tell; null when there is nothing or whom it is about is gone. */
export type Compose = (ctx: Context, payload: JsonObject) => Promise<Notice | null>;

/** The events of other rooms that become mails. */
export const composers: ReadonlyMap<string, Compose> = new Map([
  ['user_registered', composeUserRegistered],
  ['user_activated', composeUserActivated],
  ['user_welcome', composeUserWelcome],
  ['user_verification', composeVerification],
  ['user_reset_password', composePasswordChanged],
  ['user_email_changed', composeEmailChanged],
  ['user_credentials_changed', composeCredentialsChanged],
  ['user_verified', composeUserVerified],
  ['user_archived', composeUserArchived],
  ['user_contact', composeUserContact],
  ['profile_updated', composeProfileUpdated],
  ['role_grant_created', composeRoleGrantCreated],
  ['role_grant_accepted', composeRoleGrantAccepted],
  ['role_request_created', composeRoleRequestCreated],
  ['order_executed', composeOrderExecuted],
  ['claim_code_generated', composeClaimCode],
  ['charge_updated', composeChargeUpdated],
  ['card_updated', composeCardUpdated],
  ['subscription_grant_created', composeSubscriptionGrantCreated],
  ['subscription_grant_accepted', composeSubscriptionGrantAccepted],
  ['subscription_request_created', composeSubscriptionRequestCreated],
  ['subscription_request_accepted', composeSubscriptionRequestAccepted],
]);
