import { Type } from 'typebox';
import { Extra, IsoInstant, NullableString, PageOf } from '#platform/http/schemas';
import { RoleTypeSchema } from '../role-types/index.ts';
import { pending_counts, ProfileSummarySchema } from '../schemas.ts';

/** View of a role for its user. */
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

export const AccessiblePage = Type.Object({ ...pending_counts, ...PageOf(AccessibleSchema).properties });

export const RoleRequestBody = Type.Object({
  slug: Type.Optional(Type.String({ maxLength: 50, description: 'Slug of the requested profile' })),
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address of the requested profile' })),
  message: Type.Optional(Type.String({ maxLength: 255 })),
});

const slug = Type.String({ maxLength: 150 });
export const AccessibleTypeParams = Type.Object({ user: slug, role: slug });
export const AccessibleParams = Type.Object({ user: slug, role: slug, profile: slug });
export const AcceptParams = Type.Object({ user: slug, verification_key: slug });
