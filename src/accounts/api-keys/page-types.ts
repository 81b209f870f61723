import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { NullableInstant } from '#platform/http/schemas';
import { unbrokenText } from '#platform/pages/pieces/hostile-text';
import { formParts, NullableText, sampleUser, unrefusedForm } from '../page-parts.ts';
import { ApiKeyRow, UserDetailSchema } from '../schemas.ts';

const KeyPart = Type.Object({
  ...ApiKeyRow.properties,
  delete_url: Type.String(),
  /** It ends within 30 days. */
  ends_soon: Type.Boolean(),
  has_ended: Type.Boolean(),
});

const form_parts = {
  account: UserDetailSchema,
  has_password: Type.Boolean(),
  needs_otp: Type.Boolean(),
  form: Type.Record(Type.String(), Type.String()),
  ...formParts,
};

const key = {
  title: 'Nightly export',
  api_pub_key: 'abcdefghjkmnpqrstuvwxyzABCDEFGHJ',
  created_at: '2026-03-05T10:00:00.000Z',
  ends_at: '2027-03-05T10:00:00.000Z',
  last_used_at: null,
  delete_url: paths.userKeys('xia', 'abcdefghjkmnpqrstuvwxyzABCDEFGHJ'),
  ends_soon: false,
  has_ended: false,
};
const ssh_key = {
  pubkey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8d6vN3ZJc0rVJ2Q1m8m6h5u7x9yZ0aBcDeFgHiJkLm xia@laptop',
  updated_at: '2026-03-05T10:00:00.000Z',
};
const shown = {
  account: sampleUser,
  has_password: true,
  needs_otp: false,
  keys: [key],
  /** The complete new key, once. */
  secret: null,
  ssh_key: null,
  form: {},
  ...unrefusedForm,
};

export const keysPage = definePage(
  'users/pubkey.html',
  Type.Object({
    ...form_parts,
    keys: Type.Array(KeyPart),
    /** The complete new key; it is shown once. */
    secret: NullableText,
    ssh_key: Type.Union([Type.Object({ pubkey: Type.String(), updated_at: NullableInstant }), Type.Null()]),
  }),
  {
    typical: {
      ...shown,
      keys: [
        { ...key, last_used_at: '2026-03-06T09:30:00.000Z' },
        { ...key, title: 'Door badge reader', ends_soon: true },
        { ...key, title: '', has_ended: true },
      ],
      ssh_key,
    },
    created: { ...shown, needs_otp: true, secret: 'abcdefghjkmnpqrstuvwxyzABCDEFGHJ'.repeat(2) },
    empty: { ...shown, keys: [] },
    without_password: { ...shown, account: { ...sampleUser, credentials: false }, has_password: false, keys: [] },
    long: { ...shown, keys: [{ ...key, title: unbrokenText.slice(0, 100) }] },
    error: {
      ...shown,
      form: { title: 'Nightly export' },
      errors: { password: ['This is not your password.'] },
    },
    ssh_error: {
      ...shown,
      form: { pubkey: 'ssh-rsa x' },
      errors: {
        pubkey: ['Enter a public key in the one-line format of OpenSSH.'],
        ssh_password: ['Enter your password.'],
      },
    },
  },
);

export const deleteKeyPage = definePage(
  'users/pubkey_delete.html',
  Type.Object({ ...form_parts, key: KeyPart, keys_url: Type.String() }),
  {
    typical: {
      account: sampleUser,
      has_password: true,
      needs_otp: true,
      key,
      keys_url: paths.userKeys('xia'),
      form: {},
      ...unrefusedForm,
    },
    error: {
      account: sampleUser,
      has_password: true,
      needs_otp: false,
      key: { ...key, title: '' },
      keys_url: paths.userKeys('xia'),
      form: {},
      errors: { password: ['This is not your password.'] },
      detail: '',
    },
  },
);

export const keyPageTypes = [keysPage, deleteKeyPage] as const;
