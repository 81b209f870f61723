import { Type } from 'typebox';
import { Extra, IsoInstant, NullableInstant, NullableString, PageOf } from '#platform/http/schemas';
import { RoleTypeSchema } from '../role-types/index.ts';
import { pending_counts, ProfileSummarySchema } from '../schemas.ts';

/** A member of a profile. What is null beyond name, picture and e-mail is for the profile's managers only. */
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

/** A role as the profile sees it. */
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

/** The same with its profile, where members of several are listed. */
export const MemberSeenSchema = Type.Object({ ...RoleByProfileSchema.properties, profile: ProfileSummarySchema });

export const RolePage = Type.Object({ ...pending_counts, ...PageOf(RoleByProfileSchema).properties });

export const RoleGrantBody = Type.Object({
  slug: Type.Optional(Type.String({ maxLength: 150, description: 'Username of who gets the role' })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address of who gets the role' })),
  full_name: Type.Optional(Type.String({ maxLength: 100 })),
  message: Type.Optional(Type.String({ maxLength: 255 })),
  extra: Type.Optional(Extra),
});

export const ExtraBody = Type.Object({ extra: Type.Optional(Extra) });

const slug = Type.String({ maxLength: 150 });
export const RoleParams = Type.Object({ profile: slug, role: slug, user: slug });
