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
import {
  changeApproaching,
  changePending,
  cardExpiresSoon,
  claimCodeGenerated,
  expiresSoon,
  orderExecuted,
  paymentLinkSent,
  paymentActionRequired,
  paymentMethodAbsent,
  processorUnreached,
  renewalChargeFailed,
  renewalRecovered,
  subscriptionEndedUnpaid,
  subscriptionUpgrade,
  subscriptionChanged,
} from '#billing';
import { userContact } from '#contacts';
import { cardUpdated, chargeUpdated, payoutFailed } from '#payments';
import { profileUpdated, roleGrantAccepted, roleGrantCreated, roleRequestCreated, userWelcome } from '#profiles';
import {
  quotaReached,
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
  useChargeLimitCrossed,
} from '#subscriptions';
import { composeChangeApproaching, composeChangePending, composeSubscriptionChanged } from './compose-change-notice.ts';
import { periodSalesReportCreated } from '#metrics';
import { composeClaimCode } from './compose-claim-notice.ts';
import { composeUserContact } from './compose-contact-notice.ts';
import {
  composeCardUpdated,
  composeChargeUpdated,
  composeOrderExecuted,
  composePayoutFailed,
  composePaymentLink,
  composeSalesReport,
} from './compose-payment-notice.ts';
import {
  composeProfileUpdated,
  composeRoleGrantAccepted,
  composeRoleGrantCreated,
  composeRoleRequestCreated,
} from './compose-profile-notice.ts';
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
} from './compose-renewal-notice.ts';
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
  on(periodSalesReportCreated, composeSalesReport),
  on(subscriptionGrantCreated, composeSubscriptionGrantCreated),
  on(subscriptionGrantAccepted, composeSubscriptionGrantAccepted),
  on(subscriptionRequestCreated, composeSubscriptionRequestCreated),
  on(subscriptionRequestAccepted, composeSubscriptionRequestAccepted),
  on(renewalChargeFailed, composeRenewalChargeFailed),
  on(paymentActionRequired, composePaymentActionRequired),
  on(renewalRecovered, composeRenewalRecovered),
  on(subscriptionEndedUnpaid, composeSubscriptionEndedUnpaid),
  on(processorUnreached, composeProcessorUnreached),
  on(expiresSoon, composeExpiresSoon),
  on(subscriptionUpgrade, composeSubscriptionUpgrade),
  on(cardExpiresSoon, composeCardExpiresSoon),
  on(paymentMethodAbsent, composePaymentMethodAbsent),
  on(quotaReached, composeQuotaReached),
  on(useChargeLimitCrossed, composeUseChargeLimitCrossed),
  on(subscriptionChanged, composeSubscriptionChanged),
  on(changePending, composeChangePending),
  on(changeApproaching, composeChangeApproaching),
];
