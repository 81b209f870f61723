import { type Static, Type } from 'typebox';
import { UserSummarySchema } from '#accounts';
import { IsoInstant, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';

export const ActivitySchema = Type.Object({
  created_at: IsoInstant,
  created_by: Type.Union([UserSummarySchema, Type.Null()]),
  text: Type.String(),
  account: Type.Union([ProfileSummarySchema, Type.Null()]),
});
export type ActivityBody = Static<typeof ActivitySchema>;
export const ActivityPage = PageOf(ActivitySchema);

export const ActivityCreateBody = Type.Object({
  text: Type.Optional(Type.String({ maxLength: 10_000 })),
  account: Type.Union([Type.String({ maxLength: 50 }), Type.Null()], {
    description: 'Slug of the profile that the note is about, or null',
  }),
});
export const ActivityCreated = Type.Object({ text: Type.String(), account: Type.Union([Type.String(), Type.Null()]) });

/** Field of the published API for which Tollgate accepts only null. */
const refused = (description: string) => Type.Optional(Type.Null({ description }));

export const ContactCreateBody = Type.Object({
  full_name: Type.String({ minLength: 1, maxLength: 100 }),
  slug: Type.Optional(Type.String({ maxLength: 150 })),
  username: Type.Optional(Type.String({ maxLength: 150, description: 'The same as slug' })),
  email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
  phone: Type.Optional(Type.Union([Type.String({ maxLength: 50 }), Type.Null()])),
  nick_name: Type.Optional(Type.String({ maxLength: 60 })),
  lang: Type.Optional(Type.String({ minLength: 2, maxLength: 8, pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$' })),
  new_password: refused('The person sets a password with the link in an invitation.'),
  email_code: refused('The person verifies the address.'),
  phone_code: refused('The person verifies the number.'),
});

export const MessageBody = Type.Object({
  full_name: Type.String({ minLength: 1, maxLength: 100 }),
  email: Type.String({ minLength: 1, maxLength: 254 }),
  message: Type.Optional(Type.String({ maxLength: 10_000 })),
});

export const UserParams = Type.Object({ user: Type.String({ maxLength: 150 }) });
export const UserPage = PageOf(UserSummarySchema);
