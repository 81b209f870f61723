import { Type } from 'typebox';
import type { DunningCaseId, PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { defineEvent, idOf } from '#platform/jobs/events';

const NullableText = Type.Union([Type.String(), Type.Null()]);

const failureMembers = {
  dunning_case_id: idOf<DunningCaseId>(),
  /** Rank of the attempt in its case, from 1. */
  attempt: Type.Integer(),
  /** The payer. */
  profile_id: idOf<ProfileId>(),
  provider_id: idOf<ProfileId>(),
  /** In 1/100 of `unit`. */
  amount: Type.Integer(),
  unit: Type.String(),
  kind: Type.Enum(['hard', 'card', 'action', 'soft', 'processor']),
  /** Decline code of the processor, or payment_method_absent. */
  decline_code: Type.String(),
  lines: Type.Array(Type.Object({ description: Type.String(), amount: Type.Integer() })),
  /** Instant of the next automatic attempt; null if there is none. */
  next_attempt_at: NullableText,
  /** End of the grace; null if the subscriptions go on. */
  ends_at: NullableText,
  /** What happens at `ends_at`. */
  end: Type.Enum(['end', 'suspend', 'keep']),
  /** True if no automatic attempt follows. */
  final_notice: Type.Boolean(),
};

export const renewalChargeFailed = defineEvent(
  'renewal_charge_failed',
  Type.Object(failureMembers, {
    description: 'An automatic charge of what subscriptions owe was declined, or no card is on file to charge.',
  }),
);

export const paymentActionRequired = defineEvent(
  'payment_action_required',
  Type.Object(
    {
      ...failureMembers,
      /** Key of the link that pays and confirms without signing in; absent if the payer has to sign in. */
      key: Type.Optional(Type.String()),
    },
    { description: 'The bank of the payer requires that the payer confirms an automatic charge.' },
  ),
);

const recoveryMembers = {
  dunning_case_id: idOf<DunningCaseId>(),
  /** The payer. */
  profile_id: idOf<ProfileId>(),
  provider_id: idOf<ProfileId>(),
  unit: Type.String(),
};

export const renewalRecovered = defineEvent(
  'renewal_recovered',
  Type.Object(
    { ...recoveryMembers, /** Titles of the plans. */ plans: Type.Array(Type.String()), was_suspended: Type.Boolean() },
    { description: 'What was due after a failed charge is paid; the subscriptions go on.' },
  ),
);

export const subscriptionEndedUnpaid = defineEvent(
  'subscription_ended_unpaid',
  Type.Object(
    {
      ...recoveryMembers,
      subscription_ids: Type.Array(idOf<SubscriptionId>()),
      /** Titles of the plans. */
      plans: Type.Array(Type.String()),
      /** Amount that stays due for the used time, in 1/100 of `unit`. */
      due_amount: Type.Integer(),
      is_suspended: Type.Boolean(),
    },
    { description: 'Subscriptions ended, or were suspended, because what they owe was not paid in time.' },
  ),
);

export const processorUnreached = defineEvent(
  'processor_setup_error',
  Type.Object(
    { profile_id: idOf<ProfileId>(), provider_id: idOf<ProfileId>(), unit: Type.String() },
    {
      description:
        'The payment processor could not be reached for an automatic charge for a day, or refused the request. `profile_id` is the payer.',
    },
  ),
);

const endMembers = {
  /** The payer. */
  profile_id: idOf<ProfileId>(),
  provider_id: idOf<ProfileId>(),
  subscription_id: idOf<SubscriptionId>(),
  plan_id: idOf<PlanId>(),
  plan: Type.Object({ slug: Type.String(), title: Type.String() }),
  ends_at: Type.String(),
  /** Days until the end, as the setting EXPIRE_NOTICE_DAYS has them. */
  nb_days: Type.Integer(),
};

export const expiresSoon = defineEvent(
  'expires_soon',
  Type.Object(endMembers, {
    description: 'A subscription to a plan that repeats, and that is not renewed automatically, ends soon.',
  }),
);

export const subscriptionUpgrade = defineEvent(
  'subscription_upgrade',
  Type.Object(endMembers, { description: 'A subscription to a one-time plan ends soon.' }),
);

export const cardExpiresSoon = defineEvent(
  'card_expires_soon',
  Type.Object(
    { ...endMembers, last4: Type.String(), /** First day of the month. */ exp_date: Type.String() },
    { description: 'A subscription renews soon, and the card on file expires before.' },
  ),
);

export const paymentMethodAbsent = defineEvent(
  'payment_method_absent',
  Type.Object(endMembers, { description: 'A subscription renews soon, and no card is on file.' }),
);

/** Events of renewals and of charges that failed. */
export const renewalEvents = [
  renewalChargeFailed,
  paymentActionRequired,
  renewalRecovered,
  subscriptionEndedUnpaid,
  processorUnreached,
  expiresSoon,
  subscriptionUpgrade,
  cardExpiresSoon,
  paymentMethodAbsent,
];
