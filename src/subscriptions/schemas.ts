import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { ProfileDetailSchema, ProfileSummarySchema } from '#profiles';
import { Extra, IsoInstant, NullableString, PageOf } from '#platform/http/schemas';

const common = {
  created_at: IsoInstant,
  ends_at: Type.String({ format: 'date-time', description: 'End of the present contract, exclusive' }),
  description: NullableString,
  plan: PlanSummarySchema,
  auto_renew: Type.Boolean({ description: 'It renews at its end' }),
  extra: Extra,
  grant_key: Type.Union([Type.String(), Type.Null()], { description: 'Waits for the subscriber while not null' }),
  request_key: Type.Union([Type.String(), Type.Null()], { description: 'Waits for the provider while not null' }),
  app_url: Type.String({ description: 'Where the service is used' }),
};
const detail = { detail: Type.Optional(Type.String()) };

/** A subscription as its subscriber sees it. */
export const SubscriptionSchema = Type.Object({
  ...common,
  profile: ProfileSummarySchema,
  remove_api_url: Type.String(),
  editable: Type.Boolean({ description: 'The caller may change it' }),
  ...detail,
});
export type SubscriptionReply = Static<typeof SubscriptionSchema>;

/** A subscription as the provider of the plan sees it. */
export const SubscriberSchema = Type.Object({
  ...common,
  profile: ProfileSummarySchema,
  accept_request_api_url: Type.Union([Type.String(), Type.Null()], {
    description: 'Set while it waits for the provider',
  }),
  remove_api_url: Type.String(),
  ...detail,
});
export type SubscriberReply = Static<typeof SubscriberSchema>;

/** A running subscription as the provider of the plan sees it, with how to reach the subscriber. */
export const ActiveSubscriberSchema = Type.Object({ ...common, profile: ProfileDetailSchema });
export type ActiveSubscriberReply = Static<typeof ActiveSubscriberSchema>;

export const SubscriptionPage = PageOf(SubscriptionSchema);
export const SubscriberPage = PageOf(SubscriberSchema);
export const ActiveSubscriberPage = PageOf(ActiveSubscriberSchema);
export const ProfilePage = PageOf(ProfileSummarySchema);

const changeFields = {
  description: Type.Optional(Type.Union([Type.String({ maxLength: 10_000 }), Type.Null()])),
  auto_renew: Type.Optional(Type.Boolean()),
  extra: Type.Optional(Extra),
};
export const SubscriptionBody = Type.Object({
  ends_at: Type.String({ maxLength: 64, description: 'ISO 8601' }),
  ...changeFields,
});
export type SubscriptionInput = Partial<Static<typeof SubscriptionBody>>;

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
/** The site decides this, with PUT /api/profile/{profile}: true is refused. */
const only_false = Type.Optional(Type.Literal(false));

export const GrantBody = Type.Object({
  profile: Type.Object({
    slug: text(50),
    full_name: Type.String({ maxLength: 100 }),
    email: text(254),
    type: Type.Optional(Type.Enum(['personal', 'organization', 'user'])),
    picture: Type.Optional(Type.Union([Type.String({ maxLength: 2083 }), Type.Null()])),
    phone: text(50),
    street_address: text(150),
    locality: text(50),
    region: text(50),
    postal_code: text(50),
    country: text(2),
    default_timezone: text(100),
    extra: Type.Optional(Extra),
    is_provider: only_false,
    is_bulk_buyer: only_false,
  }),
  message: Type.Optional(
    Type.Union([Type.String({ maxLength: 255 }), Type.Null()], { description: 'Sent along with the invitation' }),
  ),
});
export type GrantInput = Static<typeof GrantBody>;
export const ForceQuerystring = Type.Object({
  force: Type.Optional(Type.String({ maxLength: 5, description: '1 to invite somebody who has no profile yet' })),
});

const slug = Type.String({ minLength: 1, maxLength: 150 });
export const ProfileParams = Type.Object({ profile: slug });
export const SubscribedPlanParams = Type.Object({ profile: slug, subscribed_plan: slug });
export const PlanParams = Type.Object({ profile: slug, plan: slug });
export const SubscriberParams = Type.Object({ profile: slug, plan: slug, subscriber: slug });
export const RequestKeyParams = Type.Object({ profile: slug, request_key: Type.String({ maxLength: 100 }) });
