import {
  userActivated,
  userArchived,
  userCredentialsChanged,
  userEmailChanged,
  userRegistered,
  userResetPassword,
  userVerification,
  userVerified,
} from '#accounts';
import { claimCodeGenerated, orderExecuted, paymentLinkSent } from '#billing';
import { userContact } from '#contacts';
import { cardUpdated, chargeUpdated, payoutFailed } from '#payments';
import { profileUpdated, roleGrantAccepted, roleGrantCreated, roleRequestCreated, userWelcome } from '#profiles';
import {
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
} from '#subscriptions';
import { composeClaimCode } from './compose-claim-notice.ts';
import { composeUserContact } from './compose-contact-notice.ts';
import {
  composeCardUpdated,
  composeChargeUpdated,
  composeOrderExecuted,
  composePayoutFailed,
  composePaymentLink,
} from './compose-payment-notice.ts';
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
import { type Composer, on } from './composer.ts';

/** The events of other rooms that are sent as e-mails. */
export const composers: readonly Composer[] = [
  on(userRegistered, composeUserRegistered),
  on(userActivated, composeUserActivated),
  on(userWelcome, composeUserWelcome),
  on(userVerification, composeVerification),
  on(userResetPassword, composePasswordChanged),
  on(userEmailChanged, composeEmailChanged),
  on(userCredentialsChanged, composeCredentialsChanged),
  on(userVerified, composeUserVerified),
  on(userArchived, composeUserArchived),
  on(userContact, composeUserContact),
  on(profileUpdated, composeProfileUpdated),
  on(roleGrantCreated, composeRoleGrantCreated),
  on(roleGrantAccepted, composeRoleGrantAccepted),
  on(roleRequestCreated, composeRoleRequestCreated),
  on(orderExecuted, composeOrderExecuted, ({ lines }) => lines.map(({ provider_id }) => provider_id)),
  on(claimCodeGenerated, composeClaimCode),
  on(paymentLinkSent, composePaymentLink),
  on(chargeUpdated, composeChargeUpdated),
  on(cardUpdated, composeCardUpdated),
  on(payoutFailed, composePayoutFailed),
  on(subscriptionGrantCreated, composeSubscriptionGrantCreated),
  on(subscriptionGrantAccepted, composeSubscriptionGrantAccepted),
  on(subscriptionRequestCreated, composeSubscriptionRequestCreated),
  on(subscriptionRequestAccepted, composeSubscriptionRequestAccepted),
];
