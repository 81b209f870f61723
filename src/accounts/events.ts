import { Type } from 'typebox';
import type { UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

const NullableText = Type.Union([Type.String(), Type.Null()]);

export const userVerification = defineEvent(
  'user_verification',
  Type.Object(
    {
      /** Null for an invited person without a user. */
      user_id: nullableIdOf<UserId>(),
      channel: Type.Union([Type.Literal('email'), Type.Literal('phone')]),
      address: Type.String(),
      purpose: Type.Union([
        Type.Literal('activate'),
        Type.Literal('recover'),
        Type.Literal('verify'),
        Type.Literal('login'),
      ]),
      key: NullableText,
      code: NullableText,
      reason: NullableText,
      lifetime_s: Type.Integer(),
    },
    {
      description:
        'A link or a code must be sent to an address. `key` and `code` are the only copies; the table stores hashes.',
    },
  ),
);

export const userVerified = defineEvent(
  'user_verified',
  Type.Object(
    { user_id: idOf<UserId>(), removed: Type.Array(Type.String()) },
    {
      description:
        'The owner of an address proved it for the first time. `removed` names the kinds of credentials that were ' +
        'set up before and removed: `api_keys`, `ssh_key`, `otp`.',
    },
  ),
);

export const userRegistered = defineEvent(
  'user_registered',
  Type.Object({ user_id: idOf<UserId>() }, { description: 'A user registered, or signed in for the first time.' }),
);

export const userActivated = defineEvent(
  'user_activated',
  Type.Object({ user_id: idOf<UserId>() }, { description: 'A user without a password set one.' }),
);

export const userResetPassword = defineEvent(
  'user_reset_password',
  Type.Object(
    {
      user_id: idOf<UserId>(),
      how: Type.Union([Type.Literal('link'), Type.Literal('changed'), Type.Literal('removed')]),
    },
    {
      description:
        'A password was replaced or removed, by its owner or through a link. The notice is the only warning of an ' +
        'account takeover.',
    },
  ),
);

export const userEmailChanged = defineEvent(
  'user_email_changed',
  Type.Object(
    {
      user_id: idOf<UserId>(),
      from: Type.String(),
      /** Empty if the address was removed. */
      to: Type.String(),
      /** True once the change was made; false while it is only requested. */
      is_verified: Type.Boolean(),
      /** Absent in events of the first version. */
      stop_key: Type.Optional(NullableText),
    },
    {
      description:
        'A change of e-mail address was requested, or made if `is_verified`. The notice is sent to `from`. `to` is ' +
        'empty if the address was removed. `stop_key` is the only copy of the key that stops or undoes the change.',
    },
  ),
);

export const userCredentialsChanged = defineEvent(
  'user_credentials_changed',
  Type.Object(
    {
      user_id: idOf<UserId>(),
      what: Type.Union([
        Type.Literal('api_key_created'),
        Type.Literal('api_key_deleted'),
        Type.Literal('otp_enabled'),
        Type.Literal('otp_disabled'),
        Type.Literal('ssh_key_set'),
        Type.Literal('phone_changing'),
        Type.Literal('phone_changed'),
        Type.Literal('phone_removed'),
      ]),
    },
    { description: 'A credential or the phone number was added, changed or removed.' },
  ),
);

export const userLoggedIn = defineEvent(
  'user_logged_in',
  Type.Object({ user_id: idOf<UserId>(), ip: NullableText }, { description: 'A user signed in.' }),
);

export const userLoginFailed = defineEvent(
  'user_login_failed',
  Type.Object(
    { user_id: nullableIdOf<UserId>(), username: Type.String(), ip: NullableText },
    { description: 'A sign-in failed. `user_id` is null if no user has the name.' },
  ),
);

export const userArchived = defineEvent(
  'user_archived',
  Type.Object(
    {
      user_id: idOf<UserId>(),
      /** The user who archived; null for a job. */
      originated_by: nullableIdOf<UserId>(),
      /** Absent in events of the first version, as is `name`. */
      address: Type.Optional(NullableText),
      name: Type.Optional(Type.String()),
    },
    {
      description:
        'A user was archived and the personal data was wiped. `address` and `name` are the only copies of the e-mail ' +
        'address and of the name, for the notice to the former user.',
    },
  ),
);

/** Every event that the room emits. */
export const accountsEvents = [
  userVerification,
  userVerified,
  userRegistered,
  userActivated,
  userResetPassword,
  userEmailChanged,
  userCredentialsChanged,
  userLoggedIn,
  userLoginFailed,
  userArchived,
] as const;
