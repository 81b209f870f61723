import { Type } from 'typebox';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

export const userContact = defineEvent(
  'user_contact',
  Type.Object(
    {
      /** The signed-in sender; null for a visitor, even when the address is that of a user. */
      user_id: nullableIdOf<UserId>(),
      full_name: Type.String(),
      email: Type.String(),
      message: Type.String(),
      /** The profile that the message is for: the broker. */
      provider_id: idOf<ProfileId>(),
    },
    { description: 'A visitor or a user sent the contact form.' },
  ),
);
