import { type Static, Type } from 'typebox';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';

const summaryFields = {
  slug: Type.String({ description: 'Equal to username; the same field as in profiles' }),
  username: Type.String({ description: 'Name that identifies the user in URLs' }),
  printable_name: Type.String({ description: 'Name to show' }),
  picture: Type.Union([Type.String(), Type.Null()], { description: 'URL of a picture' }),
};

export const UserSummarySchema = Type.Object(summaryFields);
export type UserSummary = Static<typeof UserSummarySchema>;

const detailFields = {
  ...summaryFields,
  email: NullableString,
  phone: Type.Union([Type.String(), Type.Null()], { description: 'E.164' }),
  full_name: Type.String(),
  nick_name: Type.String({ description: 'Nick name, else the first name' }),
  lang: Type.String({ description: 'BCP 47 tag of the preferred language' }),
  credentials: Type.Boolean({ description: 'True once a password is set' }),
  otp_enabled: Type.Boolean({ description: 'True once a TOTP factor is confirmed' }),
  created_at: IsoInstant,
  last_login: NullableInstant,
  email_code: Type.Null({ description: 'Always null: a code is sent to the owner of the address only' }),
  phone_code: Type.Null({ description: 'Always null: a code is sent to the owner of the number only' }),
};

export const UserDetailSchema = Type.Object(detailFields);
export type UserDetail = Static<typeof UserDetailSchema>;

export const UserChangedSchema = Type.Object({ ...detailFields, detail: Type.Optional(Type.String()) });

/** Six digits, as text with or without blanks, or as a number, whose leading zeros are missing. */
export const CodeField = Type.Unsafe<string | number>({
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 999_999 },
    { type: 'string', maxLength: 32, pattern: String.raw`^\s*(?:[0-9]\s*){1,6}$` },
  ],
  description: 'One-time code of six digits',
});

const Password = Type.String({ maxLength: 1024 });
const NewPassword = Type.String({ minLength: 1, maxLength: 1024 });
const EmailField = Type.Union([Type.String({ maxLength: 254 }), Type.Null()]);
const PhoneField = Type.Union([Type.String({ maxLength: 50 }), Type.Null()]);
const LangField = Type.String({ minLength: 2, maxLength: 8, pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$' });
const FullName = Type.String({ minLength: 1, maxLength: 100 });
const NickName = Type.String({ maxLength: 60 });
const Username = Type.String({ maxLength: 150 });

export const NoContent = Type.Null({ description: 'No body' });
/** Schema of a 200 without a body. */
export const EmptyBody = Type.Unsafe<undefined>({ description: 'No body' });

export const CookieQuerystring = Type.Object({
  cookie: Type.Optional(Type.String({ description: 'True also sets a session cookie' })),
});

export const SignInBody = Type.Object({
  username: Type.String({ minLength: 1, maxLength: 254, description: 'Username, e-mail address or phone number' }),
  password: Type.Optional(Password),
  otp_code: Type.Optional(CodeField),
  code: Type.Optional(CodeField),
  email_code: Type.Optional(CodeField),
  phone_code: Type.Optional(CodeField),
});

export const TokenReply = Type.Object({ token: Type.String({ description: 'For the header Authorization: Bearer' }) });
export const TokenBody = Type.Object({ token: Type.String({ minLength: 1, maxLength: 4096 }) });

export const LogoutQuerystring = Type.Object({
  everywhere: Type.Optional(Type.String({ description: 'True ends every session of the user' })),
});

export const RecoverQuerystring = Type.Object({
  noreset: Type.Optional(Type.String({ description: 'True sends a code instead of a link that sets a new password' })),
});
export const RecoverBody = Type.Object({
  email: Type.Optional(Type.String({ maxLength: 254, description: 'E-mail address or phone number' })),
  username: Type.Optional(Type.String({ maxLength: 254, description: 'Alias of email' })),
});
export const RecoverReply = Type.Object({ email: Type.String() });

export const VerificationKeyParams = Type.Object({ verification_key: Type.String({ maxLength: 100 }) });

const RevokeApiKeys = Type.Optional(Type.Boolean({ description: 'True also deletes the API keys of the user' }));

export const ActivateBody = Type.Object({
  new_password: NewPassword,
  slug: Type.Optional(Username),
  username: Type.Optional(Username),
  email: Type.Optional(EmailField),
  phone: Type.Optional(PhoneField),
  full_name: Type.Optional(FullName),
  nick_name: Type.Optional(NickName),
  lang: Type.Optional(LangField),
  otp_code: Type.Optional(CodeField),
  email_code: Type.Optional(CodeField),
  phone_code: Type.Optional(CodeField),
  revoke_api_keys: RevokeApiKeys,
});

export const ResetBody = Type.Object({ new_password: Type.Optional(NewPassword), revoke_api_keys: RevokeApiKeys });

export const UserParams = Type.Object({ user: Type.String({ maxLength: 150 }) });

export const UserBody = Type.Object({
  full_name: FullName,
  slug: Type.Optional(Username),
  username: Type.Optional(Username),
  nick_name: Type.Optional(NickName),
  email: Type.Optional(EmailField),
  phone: Type.Optional(PhoneField),
  lang: Type.Optional(LangField),
  email_code: Type.Optional(CodeField),
  phone_code: Type.Optional(CodeField),
  password: Type.Optional(
    Type.String({
      maxLength: 1024,
      description: 'Password of the caller; a change of address requires it or otp_code',
    }),
  ),
  otp_code: Type.Optional(CodeField),
});
export type UserInput = Partial<Static<typeof UserBody>>;

/** Secrets that a signed-in caller repeats before a sensitive change. */
const secretFields = {
  password: Type.Optional(Password),
  otp_code: Type.Optional(CodeField),
  email_code: Type.Optional(CodeField),
  phone_code: Type.Optional(CodeField),
};
/** Secrets of a request. A manager of the broker, who needs none, may send no body. */
export const SecretsBody = Type.Union([Type.Object(secretFields), Type.Null()]);

export const VerifyEmailBody = Type.Union([
  Type.Object({ email_code: Type.Optional(CodeField), otp_code: Type.Optional(CodeField) }),
  Type.Null(),
]);

export const PasswordBody = Type.Object({
  ...secretFields,
  new_password: NewPassword,
  revoke_api_keys: RevokeApiKeys,
});
export const OtpBody = Type.Object({
  ...secretFields,
  otp_enabled: Type.Boolean(),
  email_verification_enabled: Type.Boolean(),
  phone_verification_enabled: Type.Boolean(),
});
export const OtpReply = Type.Object({
  priv_key: Type.Optional(Type.String({ description: 'Secret of the TOTP factor in base32; shown once' })),
  provisioning_uri: Type.Optional(Type.String({ description: 'otpauth:// address for an authenticator' })),
  detail: Type.Optional(Type.String()),
});
export const SshKeyBody = Type.Object({ ...secretFields, pubkey: Type.String({ minLength: 1, maxLength: 500 }) });
export const ApiKeyBody = Type.Object({ ...secretFields, title: Type.Optional(Type.String({ maxLength: 100 })) });
export const ApiKeyRemovalBody = Type.Object(secretFields);
export const ApiKeyParams = Type.Object({
  user: Type.String({ maxLength: 150 }),
  key: Type.String({ maxLength: 100 }),
});
export const ApiKeyRow = Type.Object({
  title: Type.String(),
  api_pub_key: Type.String(),
  created_at: IsoInstant,
  ends_at: NullableInstant,
  last_used_at: NullableInstant,
});

export const PasswordReply = Type.Object({
  detail: Type.String(),
  api_keys: Type.Array(ApiKeyRow, { description: 'API keys that stay valid' }),
});
export const ApiKeyReply = Type.Object({ secret: Type.String({ description: 'Shown once' }) });
