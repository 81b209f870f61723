import { Type } from 'typebox';
import type { ProfileId, RoleId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

const text_or_null = Type.Union([Type.String(), Type.Null()]);
const originated_by = nullableIdOf<UserId>();

export const userWelcome = defineEvent(
  'user_welcome',
  Type.Object(
    { user_id: idOf<UserId>() },
    { description: 'A user registered on a site that sends a welcome message to new users.' },
  ),
);

export const userInvited = defineEvent(
  'user_invited',
  Type.Object(
    { user_id: idOf<UserId>(), profile_id: idOf<ProfileId>(), originated_by },
    { description: 'A login without a password was created for an e-mail address that was invited to a role.' },
  ),
);

export const profileUpdated = defineEvent(
  'profile_updated',
  Type.Object(
    {
      profile_id: idOf<ProfileId>(),
      /** Former and new text of each field, by the label of the field. */
      changes: Type.Record(Type.String(), Type.Object({ pre: Type.String(), post: Type.String() })),
      originated_by,
    },
    { description: 'Fields of a profile changed. A change that only fills in empty fields emits no event.' },
  ),
);

const role_fields = {
  role_id: idOf<RoleId>(),
  profile_id: idOf<ProfileId>(),
  user_id: idOf<UserId>(),
  /** Slug of the type; null for a request that names no type. */
  role_type: text_or_null,
  /** Text of the sender. */
  message: text_or_null,
  originated_by,
};

export const roleGrantCreated = defineEvent(
  'role_grant_created',
  Type.Object(
    {
      ...role_fields,
      /** Key of the invitation; null when the role is in effect already. */
      grant_key: text_or_null,
      /** Key that activates the account; null when the user has a password or no e-mail address. */
      key: text_or_null,
    },
    { description: 'A role was granted, or a user was invited to a role, or an invitation was sent again.' },
  ),
);

export const roleGrantAccepted = defineEvent(
  'role_grant_accepted',
  Type.Object(role_fields, { description: 'The invited user accepted a role.' }),
);

export const roleRevoked = defineEvent(
  'role_revoked',
  Type.Object(
    { role_id: idOf<RoleId>(), profile_id: idOf<ProfileId>(), user_id: idOf<UserId>(), originated_by },
    { description: 'A role, an invitation or a request was removed by the user or by the profile.' },
  ),
);

export const roleRestored = defineEvent(
  'role_restored',
  Type.Object(
    { role_id: idOf<RoleId>(), profile_id: idOf<ProfileId>(), user_id: idOf<UserId>(), originated_by },
    { description: 'The manager who removed a role gave it back within 60 seconds. The role has a new id.' },
  ),
);

export const roleRequestCreated = defineEvent(
  'role_request_created',
  Type.Object(
    { ...role_fields, request_key: text_or_null },
    { description: 'A user requested a role on a profile, or the managers were reminded of the request.' },
  ),
);

export const agreementSigned = defineEvent(
  'agreement_signed',
  Type.Object(
    { user_id: idOf<UserId>(), agreement: Type.String(), signed_at: Type.String() },
    { description: 'A user signed the current version of an agreement. `agreement` is its slug.' },
  ),
);

export const profileArchived = defineEvent(
  'profile_archived',
  Type.Object(
    { profile_id: idOf<ProfileId>(), originated_by },
    { description: 'A profile was archived: its roles are deleted, its slug and contact data are removed.' },
  ),
);

export const profilesEvents = [
  userWelcome,
  userInvited,
  profileUpdated,
  roleGrantCreated,
  roleGrantAccepted,
  roleRevoked,
  roleRestored,
  roleRequestCreated,
  agreementSigned,
  profileArchived,
];
