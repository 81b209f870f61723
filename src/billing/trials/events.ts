import { Type } from 'typebox';
import type { PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { defineEvent, idOf } from '#platform/jobs/events';

const members = {
  subscription_id: idOf<SubscriptionId>(),
  /** The subscriber, who pays. */
  profile_id: idOf<ProfileId>(),
  provider_id: idOf<ProfileId>(),
  plan_id: idOf<PlanId>(),
  plan: Type.Object({ slug: Type.String(), title: Type.String() }),
  /** End of the trial, exclusive. */
  ends_at: Type.String(),
};

export const trialEndsSoon = defineEvent(
  'trial_ends_soon',
  Type.Object(
    {
      ...members,
      /** What is due at the end of the trial, in 1/100 of `unit`: the first period and the setup fee. */
      amount: Type.Integer(),
      unit: Type.String(),
      /** False if the trial ends without an order, because no card is on file. */
      has_card: Type.Boolean(),
    },
    { description: 'A trial ends within seven days; its price is charged then. Sent once per trial.' },
  ),
);

export const trialEnded = defineEvent(
  'trial_ended',
  Type.Object(members, {
    description: 'A trial ended and was not converted, because no card was on file. Nothing is due.',
  }),
);

/** Events of trials. */
export const trialEvents = [trialEndsSoon, trialEnded];
