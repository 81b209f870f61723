import { Type } from 'typebox';
import type { ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

/** Facts of a change of plan or quantity. */
const changeFacts = {
  subscription_id: idOf<SubscriptionId>(),
  /** The subscriber. */
  profile_id: idOf<ProfileId>(),
  provider_id: idOf<ProfileId>(),
  from: Type.Object({ slug: Type.String(), title: Type.String() }),
  to: Type.Object({ slug: Type.String(), title: Type.String() }),
  quantity: Type.Object({ from: Type.Integer(), to: Type.Integer() }),
  unit: Type.String(),
  originated_by: nullableIdOf<UserId>(),
};

export const subscriptionChanged = defineEvent(
  'subscription_changed',
  Type.Object(
    {
      ...changeFacts,
      lines: Type.Array(
        Type.Object({
          /** Text of the ledger. */
          description: Type.String(),
          /** Text for the reader, without the time that is covered. */
          label: Type.Optional(Type.String()),
          /** End of the time that is covered. */
          covers_to: Type.Optional(Type.Union([Type.String(), Type.Null()])),
          amount: Type.Integer(),
        }),
      ),
      /** In 1/100 of `unit`; 0 when no card was charged. */
      charge_amount: Type.Integer(),
      credit_after: Type.Integer(),
      effective_at: Type.String(),
      ends_at: Type.String(),
      next_charge_at: Type.Union([Type.String(), Type.Null()]),
      next_charge_amount: Type.Integer(),
    },
    { description: 'The plan or the quantity of a subscription was changed. Negative lines are credit notes.' },
  ),
);

export const changePending = defineEvent(
  'change_pending',
  Type.Object(
    { ...changeFacts, effective_at: Type.String(), amount: Type.Integer() },
    {
      description:
        'A change of plan or quantity will take effect at the end of the paid period. `amount` is the promised price of ' +
        'the first period.',
    },
  ),
);

export const changeApproaching = defineEvent(
  'change_approaching',
  Type.Object(
    { ...changeFacts, effective_at: Type.String(), amount: Type.Integer() },
    { description: 'A change of plan or quantity will take effect in seven days.' },
  ),
);

/** Every event of changes. */
export const changeEvents = [subscriptionChanged, changePending, changeApproaching];
