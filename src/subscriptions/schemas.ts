import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { ProfileSummarySchema } from '#profiles';
import { Extra, IsoInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';

/** Summary and description of an operation whose route several URLs share. */
export interface OperationTexts {
  summary: string;
  description: string;
}

/** Fields that every view of a subscription has. */
export const subscriptionFields = {
  created_at: IsoInstant,
  ends_at: Type.String({ format: 'date-time', description: 'End of the subscription, exclusive' }),
  description: NullableString,
  plan: PlanSummarySchema,
  auto_renew: Type.Boolean({ description: 'True if the subscription renews at its end' }),
  extra: Extra,
  grant_key: Type.Union([Type.String(), Type.Null()], { description: 'Waits for the subscriber while not null' }),
  request_key: Type.Union([Type.String(), Type.Null()], { description: 'Waits for the provider while not null' }),
  app_url: Type.String({ description: 'URL of the application for the subscriber' }),
  quantity: Type.Integer(),
  trial_ends_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'End of the trial, exclusive; null for a subscription that began without one',
  }),
  cancelled_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'When the end at ends_at was decided; null while it was not',
  }),
  paused_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'Set while the subscription is paused: no access, no renewal, no charge',
  }),
  resumes_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'End of the running pause',
  }),
};
const detail = { detail: Type.Optional(Type.String()) };

/** View of the subscriber. */
export const SubscriptionSchema = Type.Object({
  ...subscriptionFields,
  profile: ProfileSummarySchema,
  remove_api_url: Type.String(),
  editable: Type.Boolean({ description: 'True if the caller may change it' }),
  ...detail,
});
export type SubscriptionReply = Static<typeof SubscriptionSchema>;

/** View of the provider of the plan. */
export const SubscriberSchema = Type.Object({
  ...subscriptionFields,
  profile: ProfileSummarySchema,
  accept_request_api_url: Type.Union([Type.String(), Type.Null()], {
    description: 'Set while it waits for the provider',
  }),
  remove_api_url: Type.String(),
  ...detail,
});
export type SubscriberReply = Static<typeof SubscriberSchema>;

export const SubscriptionPage = PageOf(SubscriptionSchema);
export const SubscriberPage = PageOf(SubscriberSchema);

const changeFields = {
  description: Type.Optional(Type.Union([Type.String({ maxLength: 10_000 }), Type.Null()])),
  auto_renew: Type.Optional(Type.Boolean()),
  extra: Type.Optional(Extra),
};
export const SubscriptionBody = Type.Object({
  ends_at: Type.String({ maxLength: 64, description: 'ISO 8601' }),
  ...changeFields,
});

/** Changes by the provider of the plan. */
export const SubscriberBody = Type.Object({
  ends_at: Type.Optional(
    Type.String({
      maxLength: 64,
      description: 'ISO 8601. In a trial, a later end moves the end of the trial. Required without trial_ends_at',
    }),
  ),
  trial_ends_at: Type.Optional(
    Type.String({ maxLength: 64, description: 'ISO 8601: a later end of the running trial; the first charge is then' }),
  ),
  ...changeFields,
});
export type SubscriptionInput = Partial<Static<typeof SubscriberBody>>;

export const ProfileParams = Type.Object({ profile: SlugParam });
export const SubscribedPlanParams = Type.Object({ profile: SlugParam, subscribed_plan: SlugParam });
export const PlanParams = Type.Object({ profile: SlugParam, plan: SlugParam });
export const SubscriberParams = Type.Object({ profile: SlugParam, plan: SlugParam, subscriber: SlugParam });
