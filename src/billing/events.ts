import { Type } from 'typebox';
import type { ClaimId, OrderId, ProfileId, UserId } from '#platform/db/db-schema';
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

const linkFields = {
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
};

export const paymentLinkSent = defineEvent(
  'payment_link_sent',
  Type.Object(linkFields, {
    description:
      'A provider sent the link that pays an order to its payer. `claim_code` pays the order without an account.',
  }),
);

export const paymentLinkUnpaid = defineEvent(
  'payment_link_unpaid',
  Type.Object(
    {
      ...linkFields,
      /** When the link was mailed last. */
      sent_at: Type.String({ format: 'date-time' }),
    },
    {
      description:
        'An order whose payment link was mailed is still not paid after so many days (`PAYMENT_REMINDER_DAYS`). ' +
        '`claim_code` pays the order without an account; `originated_by` is null.',
    },
  ),
);
