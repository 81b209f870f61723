import { type Static, Type } from 'typebox';
import { Extra, SlugParam } from '#platform/http/schemas';

const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
/** Flag that a grant cannot set: only the broker sets it, with PUT /api/profile/{profile}. */
const OnlyFalse = Type.Optional(Type.Literal(false));

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
    is_provider: OnlyFalse,
    is_bulk_buyer: OnlyFalse,
  }),
  message: Type.Optional(
    Type.Union([Type.String({ maxLength: 255 }), Type.Null()], {
      description: 'Text for the subscriber, in the invitation',
    }),
  ),
});
export type GrantInput = Static<typeof GrantBody>;
export const GrantQuerystring = Type.Object({
  force: Type.Optional(Type.String({ maxLength: 5, description: '1 to invite a person who has no profile yet' })),
});

export const RequestKeyParams = Type.Object({ profile: SlugParam, request_key: Type.String({ maxLength: 100 }) });

export const ProfileParams = Type.Object({ profile: SlugParam });

/** Of the documented subscription only the plan has an effect: the other members follow from it. */
export const SubscribeBody = Type.Object({
  plan: Type.Union([
    Type.String({ minLength: 1, maxLength: 50 }),
    Type.Object({ slug: Type.String({ minLength: 1, maxLength: 50 }) }),
  ]),
});
