import { Type } from 'typebox';
import type { ClaimId, DunningCaseId, OrderId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

const NullableText = Type.Union([Type.String(), Type.Null()]);

export const orderExecuted = defineEvent(
  'order_executed',
  Type.Object(
    {
      order_id: idOf<OrderId>(),
      /** The payer. */
      profile_id: idOf<ProfileId>(),
      user_id: nullableIdOf<UserId>(),
      /** Key of the charge; null for an order without one. */
      processor_key: NullableText,
      lines: Type.Array(
        Type.Object({
          provider_id: idOf<ProfileId>(),
          description: Type.String(),
          /** In 1/100 of `unit`. */
          amount: Type.Integer(),
          unit: Type.String(),
        }),
      ),
    },
    { description: 'A checkout was recorded, paid or free. `processor_key` names the charge, if any.' },
  ),
);

export const claimCodeGenerated = defineEvent(
  'claim_code_generated',
  Type.Object(
    {
      claim_id: idOf<ClaimId>(),
      /** The payer. */
      profile_id: idOf<ProfileId>(),
      /** Null when the seat is of several providers. */
      provider_id: nullableIdOf<ProfileId>(),
      email: Type.String(),
      full_name: Type.String(),
      code: Type.String(),
      /** Days for which the code is valid. */
      valid_days: Type.Optional(Type.Integer()),
      /** False for a seat of a free plan. */
      is_paid: Type.Boolean(),
      /** Titles of the plans. */
      plans: Type.Array(Type.String()),
      originated_by: nullableIdOf<UserId>(),
    },
    {
      description:
        'A seat was paid for a person without an account, or its code was sent again. `code` claims the seat once. ' +
        '`profile_id` is the payer; `provider_id` is null when the seat is of several providers.',
    },
  ),
);

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
  Type.Object(failureMembers, {
    description: 'The bank of the payer requires that the payer confirms an automatic charge.',
  }),
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

export const paymentLinkSent = defineEvent(
  'payment_link_sent',
  Type.Object(
    {
      /** The payer. */
      profile_id: idOf<ProfileId>(),
      provider_id: idOf<ProfileId>(),
      /** Pays the order. */
      claim_code: Type.String(),
      /** What is due on the order, in 1/100 of `unit`. */
      amount: Type.Integer(),
      unit: Type.String(),
      /** Texts of the lines to pay. */
      lines: Type.Array(Type.String()),
      originated_by: nullableIdOf<UserId>(),
    },
    {
      description:
        'A provider sent the link that pays an order to its payer. `claim_code` pays the order without an account.',
    },
  ),
);
