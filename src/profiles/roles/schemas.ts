import { Type } from 'typebox';
import { Extra, IsoInstant, NullableInstant, NullableString, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '../schemas.ts';

export const RoleTypeSchema = Type.Object(
  {
    created_at: IsoInstant,
    slug: Type.String(),
    title: Type.String(),
    skip_optin_on_grant: Type.Boolean(),
    implicit_create_on_none: Type.Boolean(),
    otp_required: Type.Boolean(),
    is_global: Type.Boolean(),
    profile: Type.Union([ProfileSummarySchema, Type.Null()]),
    extra: Extra,
    editable: Type.Boolean({ description: 'Whether the caller may change it' }),
  },
  { title: 'RoleType' },
);

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

/** A role as its user sees it. */
export const AccessibleSchema = Type.Object(
  {
    created_at: IsoInstant,
    request_key: NullableString,
    profile: ProfileSummarySchema,
    role_description: Type.Union([RoleTypeSchema, Type.Null()]),
    home_url: Type.String(),
    settings_url: Type.String(),
    accept_grant_api_url: NullableString,
    remove_api_url: Type.String(),
    extra: Extra,
    detail: Type.Optional(Type.String()),
  },
  { title: 'Accessible' },
);

const pending_counts = {
  invited_count: Type.Integer({ description: 'Roles offered and not yet accepted' }),
  requested_count: Type.Integer({ description: 'Roles asked for and not yet granted' }),
};

export const RolePage = Type.Object({ ...pending_counts, ...PageOf(RoleByProfileSchema).properties });
export const AccessiblePage = Type.Object({ ...pending_counts, ...PageOf(AccessibleSchema).properties });
export const RoleTypePage = PageOf(RoleTypeSchema);

export const RoleTypeBody = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 20 }),
  skip_optin_on_grant: Type.Optional(Type.Boolean()),
  implicit_create_on_none: Type.Optional(Type.Boolean()),
  otp_required: Type.Optional(Type.Boolean()),
  extra: Type.Optional(Extra),
});

export const GrantBody = Type.Object({
  slug: Type.Optional(Type.String({ maxLength: 150, description: 'Username of who gets the role' })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address of who gets the role' })),
  full_name: Type.Optional(Type.String({ maxLength: 100 })),
  message: Type.Optional(Type.String({ maxLength: 255 })),
  extra: Type.Optional(Extra),
});

export const RequestBody = Type.Object({
  slug: Type.Optional(Type.String({ maxLength: 50, description: 'Slug of the profile asked' })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address of the profile asked' })),
  message: Type.Optional(Type.String({ maxLength: 255 })),
});

export const ForceQuerystring = Type.Object({
  force: Type.Optional(Type.String({ description: '1 to go on where the plain request would be refused' })),
});

export const ExtraBody = Type.Object({ extra: Type.Optional(Extra) });

const slug = Type.String({ maxLength: 150 });
export const RoleTypeParams = Type.Object({ profile: slug, role: slug });
export const RoleParams = Type.Object({ profile: slug, role: slug, user: slug });
export const AccessibleTypeParams = Type.Object({ user: slug, role: slug });
export const AccessibleParams = Type.Object({ user: slug, role: slug, profile: slug });
export const AcceptParams = Type.Object({ user: slug, verification_key: slug });
