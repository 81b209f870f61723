import { Type } from 'typebox';
import { Extra, IsoInstant, PageOf } from '#platform/http/schemas';
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

export const RoleTypePage = PageOf(RoleTypeSchema);

export const RoleTypeBody = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 20 }),
  skip_optin_on_grant: Type.Optional(Type.Boolean()),
  implicit_create_on_none: Type.Optional(Type.Boolean()),
  otp_required: Type.Optional(Type.Boolean()),
  extra: Type.Optional(Extra),
});

const slug = Type.String({ maxLength: 150 });
export const RoleTypeParams = Type.Object({ profile: slug, role: slug });
