import type { Setting } from './setting.ts';

/** Settings of sign-in and of access to profiles. */
export const accountSettings = {
  token_lifetime_s: {
    name: 'TOKEN_LIFETIME_S',
    kind: 'integer',
    default: '1209600',
    min: 60,
    max: 7_776_000,
    description: 'Seconds for which a token or a signed-in browser stays valid.',
  },
  refresh_lifetime_s: {
    name: 'REFRESH_LIFETIME_S',
    kind: 'integer',
    default: '2592000',
    min: 60,
    max: 31_536_000,
    description: 'Seconds after the last login until which a token can be renewed.',
  },
  password_length_min: {
    name: 'PASSWORD_LENGTH_MIN',
    kind: 'integer',
    default: '8',
    min: 4,
    max: 128,
    description: 'Minimum length of a password; 15 is recommended if it is the only factor.',
  },
  password_memory_kib: {
    name: 'PASSWORD_MEMORY_KIB',
    kind: 'integer',
    default: '19456',
    min: 19_456,
    max: 1_048_576,
    description:
      'Memory of one password hash (Argon2id, two passes) in KiB. A password with a hash of another memory gets a new one at the next sign-in.',
  },
  verification_lifetime_s: {
    name: 'VERIFICATION_LIFETIME_S',
    kind: 'integer',
    default: '86400',
    min: 300,
    max: 2_592_000,
    description: 'Seconds for which a link in an e-mail is valid.',
  },
  terms_required: {
    name: 'TERMS_REQUIRED',
    kind: 'boolean',
    default: 'true',
    description: 'Signed-in users must have agreed to the current terms of use before most operations.',
  },
  provider_grace_days: {
    name: 'PROVIDER_GRACE_DAYS',
    kind: 'integer',
    default: '90',
    min: 0,
    max: 3650,
    description: "Days after a subscription's end during which its provider may still read the subscriber's profile.",
  },
} satisfies Record<string, Setting>;

export interface AccountConfig {
  token_lifetime_s: number;
  refresh_lifetime_s: number;
  password_length_min: number;
  password_memory_kib: number;
  verification_lifetime_s: number;
  terms_required: boolean;
  provider_grace_days: number;
}
