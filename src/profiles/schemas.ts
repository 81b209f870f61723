import { type Static, Type } from 'typebox';
import { Extra, IsoInstant, NullableString } from '#platform/http/schemas';

/** Public facts of a profile. */
export const ProfileSummarySchema = Type.Object(
  {
    slug: Type.String(),
    printable_name: Type.String(),
    picture: NullableString,
    type: Type.Enum(['personal', 'organization', 'user'], { description: '`user` is a login without a profile' }),
    credentials: Type.Boolean({ description: 'Whether the user of a personal profile can sign in with a password' }),
    created_at: IsoInstant,
  },
  { title: 'ProfileSummary' },
);
export type ProfileSummaryBody = Static<typeof ProfileSummarySchema>;

const detail_fields = {
  ...ProfileSummarySchema.properties,
  full_name: Type.String(),
  email: Type.String(),
  phone: Type.String(),
  street_address: Type.String(),
  locality: Type.String(),
  region: Type.String(),
  postal_code: Type.String(),
  country: Type.String({ description: 'ISO 3166-1 alpha-2, or empty' }),
  default_timezone: Type.String({ description: 'IANA name' }),
  is_provider: Type.Boolean(),
  is_bulk_buyer: Type.Boolean(),
  extra: Extra,
};

/**
 * A profile with every field that its managers may read. `nick_name` and `lang` belong to the user of a personal
 * profile; null for organizations.
 */
export const ProfileDetailSchema = Type.Object(
  {
    ...detail_fields,
    nick_name: NullableString,
    lang: NullableString,
    detail: Type.Optional(Type.String()),
  },
  { title: 'ProfileDetail' },
);
export type ProfileDetailBody = Static<typeof ProfileDetailSchema>;

/** A subscription in the representation of a profile. */
export const SubscriptionMentionSchema = Type.Object({
  created_at: IsoInstant,
  ends_at: IsoInstant,
  plan: Type.Object({ slug: Type.String(), title: Type.String() }),
  auto_renew: Type.Boolean(),
});

export const ActivityMentionSchema = Type.Object({
  created_at: IsoInstant,
  created_by: Type.Union([
    Type.Object({
      slug: Type.String(),
      username: Type.String(),
      printable_name: Type.String(),
      picture: NullableString,
    }),
    Type.Null(),
  ]),
  text: Type.String(),
  account: Type.Union([ProfileSummarySchema, Type.Null()]),
});

/** A profile with its running subscriptions and, for the broker, the notes about it. */
export const ProfileWithSubscriptionsSchema = Type.Object(
  {
    ...ProfileDetailSchema.properties,
    subscriptions: Type.Array(SubscriptionMentionSchema),
    activities: Type.Array(ActivityMentionSchema),
  },
  { title: 'ProfileWithSubscriptions' },
);

const Email = Type.String({ maxLength: 254, description: 'E-mail address' });

/** Fields of requests that create or change a profile. Lengths equal those of the table. */
export const profile_body_fields = {
  slug: Type.Optional(Type.String({ maxLength: 50 })),
  picture: Type.Optional(Type.Union([Type.String({ maxLength: 2083 }), Type.Null()])),
  full_name: Type.String({ minLength: 1, maxLength: 100 }),
  email: Type.Optional(Type.Union([Email, Type.Null()])),
  phone: Type.Optional(Type.String({ maxLength: 50 })),
  street_address: Type.Optional(Type.String({ maxLength: 150 })),
  locality: Type.Optional(Type.String({ maxLength: 50 })),
  region: Type.Optional(Type.String({ maxLength: 50 })),
  postal_code: Type.Optional(Type.String({ maxLength: 50 })),
  country: Type.Optional(Type.String({ maxLength: 2 })),
  default_timezone: Type.Optional(Type.String({ maxLength: 100 })),
  is_provider: Type.Optional(Type.Boolean({ description: 'Broker only; ignored otherwise' })),
  is_bulk_buyer: Type.Optional(Type.Boolean({ description: 'Broker only; ignored otherwise' })),
  extra: Type.Optional(Extra),
};

/** Body of an update. */
export const ProfileUpdateBody = Type.Object(profile_body_fields);

/** Body of a creation: the fields of an update and the kind of profile. */
export const ProfileCreateBody = Type.Object({
  ...profile_body_fields,
  type: Type.Optional(Type.Enum(['personal', 'organization'])),
});
export type ProfileCreateInput = Static<typeof ProfileCreateBody>;

export const ProfileParams = Type.Object({ profile: Type.String({ maxLength: 150 }) });
export const UserParams = Type.Object({ user: Type.String({ maxLength: 150 }) });
export const NoContent = Type.Null({ description: 'Done; no body' });

/** Fields of every list of roles that count the whole list, before search, status and paging. */
export const pending_counts = {
  invited_count: Type.Integer({ description: 'Invitations that wait for the user' }),
  requested_count: Type.Integer({ description: 'Requests that wait for a manager' }),
};

export const ForceQuerystring = Type.Object({
  force: Type.Optional(Type.String({ description: '1 runs the request although a safety check would refuse it' })),
});
