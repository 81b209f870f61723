import { Type } from 'typebox';
import type { FieldMessages } from '#kernel/problem';
import type { UserDetail } from './schemas.ts';

export const NullableText = Type.Union([Type.String(), Type.Null()]);

/** Members of every page with a form, without the form itself. */
export const formParts = {
  /** Messages by field. */
  errors: Type.Unsafe<FieldMessages>(Type.Record(Type.String(), Type.Array(Type.String()))),
  /** Message about the whole form; empty if there is none. */
  detail: Type.String(),
};

/** Form without fields that are shown again after a refusal. */
export const EmptyForm = Type.Object({});

/** Values of `formParts` for a form that was not refused. */
export const unrefusedForm = { errors: {}, detail: '' };

export const sampleUser: UserDetail = {
  slug: 'xia',
  username: 'xia',
  printable_name: 'Xia Lee',
  picture: null,
  email: 'xia@example.com',
  phone: null,
  full_name: 'Xia Lee',
  nick_name: 'Xia',
  lang: 'en',
  credentials: true,
  otp_enabled: true,
  created_at: '2026-03-05T10:00:00.000Z',
  last_login: '2026-03-06T09:30:00.000Z',
  email_code: null,
  phone_code: null,
};
