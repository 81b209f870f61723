import { Type } from 'typebox';
import { Extra, IsoInstant, NullableInstant, NullableString, PageOf } from '#platform/http/schemas';
import { RoleTypeSchema } from '../role-types/index.ts';
import { pending_counts, ProfileSummarySchema } from '../schemas.ts';

/** Member of a profile. Only managers of the profile get the fields besides name, picture and e-mail; else null. */
export const MemberSchema = Type.Object({
  slug: Type.String(),
  username: Type.String(),
  printable_name: Type.String(),
  picture: NullableString,
  email: NullableString,
  phone: NullableString,
  full_name: Type.String(),
  nick_name: Type.String(),
  lang: Type.String(),
  credentials: Type.Union([Type.Boolean(), Type.Null()]),
  otp_enabled: Type.Union([Type.Boolean(), Type.Null()]),
  created_at: IsoInstant,
  last_login: NullableInstant,
  email_code: Type.Null(),
  phone_code: Type.Null(),
});

/** View of a role for the profile. */
export const RoleByProfileSchema = Type.Object(
  {
    created_at: IsoInstant,
    user: MemberSchema,
    extra: Extra,
    grant_key: NullableString,
    request_key: NullableString,
    role_description: Type.Union([RoleTypeSchema, Type.Null()]),
    accept_request_api_url: NullableString,
    remove_api_url: Type.String(),
    detail: Type.Optional(Type.String()),
  },
  { title: 'RoleByProfile' },
);

/** View of a role with its profile, for lists of members of several profiles. */
export const MemberSeenSchema = Type.Object({ ...RoleByProfileSchema.properties, profile: ProfileSummarySchema });

export const RolePage = Type.Object({ ...pending_counts, ...PageOf(RoleByProfileSchema).properties });

export const RoleGrantBody = Type.Object({
  slug: Type.Optional(Type.String({ maxLength: 150, description: 'Username of the invited user' })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address of the invited user' })),
  full_name: Type.Optional(Type.String({ maxLength: 100 })),
  message: Type.Optional(Type.String({ maxLength: 255 })),
  extra: Type.Optional(Extra),
});

export const ExtraBody = Type.Object({ extra: Type.Optional(Extra) });

const slug = Type.String({ maxLength: 150 });
export const RoleParams = Type.Object({ profile: slug, role: slug, user: slug });
