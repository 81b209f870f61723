import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { Confirmation } from '#platform/pages/forms/confirm-page';
import { EmptyForm, formParts, NullableText, sampleUser, unrefusedForm } from '../page-parts.ts';
import { UserDetailSchema } from '../schemas.ts';
import { deletion } from './describe-deletion.ts';

const delete_url = paths.deleteUser('xia');
const picture_url = paths.userPicture('xia');

export const userPage = definePage(
  'users/index.html',
  Type.Object({
    account: UserDetailSchema,
    needs_otp: Type.Boolean(),
    is_email_verified: Type.Boolean(),
    delete_url: Type.String(),
    picture_url: Type.String(),
    form: Type.Object({
      username: Type.String(),
      full_name: Type.String(),
      nick_name: Type.String(),
      email: NullableText,
      phone: NullableText,
    }),
    /** Address that was sent a code, or null. */
    email_awaiting: NullableText,
    phone_awaiting: NullableText,
    ...formParts,
  }),
  {
    typical: {
      account: sampleUser,
      needs_otp: true,
      is_email_verified: true,
      delete_url,
      picture_url,
      form: { username: 'xia', full_name: 'Xia Lee', nick_name: 'Xia', email: 'xia@example.com', phone: null },
      email_awaiting: null,
      phone_awaiting: null,
      ...unrefusedForm,
    },
    awaiting: {
      account: { ...sampleUser, credentials: false, otp_enabled: false },
      needs_otp: false,
      is_email_verified: false,
      delete_url,
      picture_url,
      form: {
        username: 'xia',
        full_name: 'Xia Lee',
        nick_name: '',
        email: 'new@example.com',
        phone: '+14155552671',
      },
      email_awaiting: 'new@example.com',
      phone_awaiting: '+14155552671',
      ...unrefusedForm,
    },
    error: {
      account: { ...sampleUser, credentials: false, otp_enabled: false },
      needs_otp: false,
      is_email_verified: false,
      delete_url,
      picture_url,
      form: { username: 'xia', full_name: '', nick_name: '', email: 'xia@example.com', phone: '' },
      email_awaiting: null,
      phone_awaiting: null,
      errors: { full_name: ['This field may not be blank.'] },
      detail: '',
    },
  },
);

export const verifyEmailPage = definePage(
  'users/verify.html',
  Type.Object({
    email: NullableText,
    is_verified: Type.Boolean(),
    /** True if a code was just sent. */
    sent: Type.Boolean(),
    needs_otp: Type.Boolean(),
    form: EmptyForm,
    ...formParts,
  }),
  {
    typical: {
      email: 'xia@example.com',
      is_verified: false,
      sent: true,
      needs_otp: true,
      form: {},
      ...unrefusedForm,
    },
    verified: {
      email: 'xia@example.com',
      is_verified: true,
      sent: false,
      needs_otp: false,
      form: {},
      ...unrefusedForm,
    },
    without_address: {
      email: null,
      is_verified: false,
      sent: false,
      needs_otp: false,
      form: {},
      ...unrefusedForm,
    },
    error: {
      email: 'xia@example.com',
      is_verified: false,
      sent: false,
      needs_otp: false,
      form: {},
      errors: { email_code: ['This code is wrong or no longer valid.'] },
      detail: '',
    },
  },
);

/** Confirmation before an account is deleted. */
export const deleteUserPage = definePage(
  'users/delete.html',
  Type.Object({
    confirm: Confirmation,
    has_password: Type.Boolean(),
    needs_otp: Type.Boolean(),
    form: Type.Record(Type.String(), Type.String()),
    ...formParts,
  }),
  {
    typical: { confirm: deletion('Xia Lee', 'xia'), has_password: true, needs_otp: true, form: {}, ...unrefusedForm },
    credit: {
      confirm: deletion('Xia Lee', 'xia', ['$12.00']),
      has_password: true,
      needs_otp: false,
      form: {},
      ...unrefusedForm,
    },
    without_password: {
      confirm: deletion('Xia Lee', 'xia'),
      has_password: false,
      needs_otp: false,
      form: {},
      ...unrefusedForm,
    },
    error: {
      confirm: deletion('Xia Lee', 'xia'),
      has_password: true,
      needs_otp: false,
      form: { typed_name: 'xi' },
      errors: { typed_name: ['Write it like xia.'], password: ['This is not your password.'] },
      detail: '',
    },
  },
);

export const userPageTypes = [userPage, verifyEmailPage, deleteUserPage] as const;
