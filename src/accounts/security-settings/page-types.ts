import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { EmptyForm, formParts, NullableText, sampleUser, unrefusedForm } from '../page-parts.ts';
import { ApiKeyRow, UserDetailSchema } from '../schemas.ts';

const links = { has_ssh_key: false, keys_url: paths.userKeys('xia'), delete_url: paths.deleteUser('xia') };

export const passwordPage = definePage(
  'users/password.html',
  Type.Object({
    account: UserDetailSchema,
    has_password: Type.Boolean(),
    needs_otp: Type.Boolean(),
    api_keys: Type.Array(ApiKeyRow),
    has_ssh_key: Type.Boolean(),
    keys_url: Type.String(),
    delete_url: Type.String(),
    password_length_min: Type.Integer(),
    form: EmptyForm,
    ...formParts,
  }),
  {
    typical: {
      account: sampleUser,
      has_password: true,
      needs_otp: true,
      api_keys: [
        {
          title: 'production',
          api_pub_key: 'abcdefghjkmnpqrstuvwxyzABCDEFGHJ',
          created_at: '2026-03-05T10:00:00.000Z',
          ends_at: '2027-03-05T10:00:00.000Z',
          last_used_at: null,
        },
      ],
      password_length_min: 8,
      ...links,
      form: {},
      ...unrefusedForm,
    },
    empty: {
      account: { ...sampleUser, otp_enabled: false },
      has_password: true,
      needs_otp: false,
      api_keys: [],
      password_length_min: 8,
      ...links,
      form: {},
      ...unrefusedForm,
    },
    without_password: {
      account: { ...sampleUser, credentials: false, otp_enabled: false },
      has_password: false,
      needs_otp: false,
      api_keys: [],
      password_length_min: 8,
      ...links,
      form: {},
      ...unrefusedForm,
    },
    error: {
      account: sampleUser,
      has_password: true,
      needs_otp: true,
      api_keys: [],
      password_length_min: 8,
      ...links,
      form: {},
      errors: { password: ['This is not your password.'] },
      detail: '',
    },
  },
);

export const totpPage = definePage(
  'users/otp.html',
  Type.Object({
    otp_enabled: Type.Boolean(),
    has_password: Type.Boolean(),
    /** Secret of a factor that waits for its first code. */
    priv_key: NullableText,
    provisioning_uri: NullableText,
    form: EmptyForm,
    ...formParts,
  }),
  {
    typical: {
      otp_enabled: false,
      has_password: true,
      priv_key: null,
      provisioning_uri: null,
      form: {},
      ...unrefusedForm,
    },
    enrolling: {
      otp_enabled: false,
      has_password: true,
      priv_key: 'JBSWY3DPEHPK3PXP',
      provisioning_uri: 'otpauth://totp/Cowork:xia?secret=JBSWY3DPEHPK3PXP',
      form: {},
      ...unrefusedForm,
    },
    enabled: {
      otp_enabled: true,
      has_password: true,
      priv_key: null,
      provisioning_uri: null,
      form: {},
      ...unrefusedForm,
    },
    without_password: {
      otp_enabled: false,
      has_password: false,
      priv_key: null,
      provisioning_uri: null,
      form: {},
      ...unrefusedForm,
    },
    error: {
      otp_enabled: true,
      has_password: true,
      priv_key: null,
      provisioning_uri: null,
      form: {},
      errors: { password: ['This is not your password.'] },
      detail: '',
    },
  },
);

export const securityPageTypes = [passwordPage, totpPage] as const;
