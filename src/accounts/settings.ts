import { deriveKey, keyId } from '#platform/security/crypto';
import type { PasswordPolicy } from '#platform/security/password-policy';
import type { Throttle } from '#platform/security/throttle';
import { makeTokenSigner, type TokenSigner } from './token.ts';

/** Settings and derived keys of sign-in. Made once, in src/app.ts. */
export interface AccountsSettings {
  tokens: TokenSigner;
  /** Encrypts the secrets of TOTP factors and the state of sign-ins that wait for a code. */
  seal_key: Buffer;
  throttle: Throttle;
  password_policy: PasswordPolicy;
  /** Lifetime of a token and of a browser session. */
  token_lifetime_s: number;
  /** Time after the last sign-in within which a token can be renewed. */
  refresh_lifetime_s: number;
  /** Lifetime of a link in an e-mail. */
  verification_lifetime_s: number;
  api_key_lifetime_days: number;
}

export interface AccountsConfig {
  /** The master key; every key of this room is derived from it. */
  secret_key: string;
  throttle: Throttle;
  password_length_min: number;
  token_lifetime_s: number;
  refresh_lifetime_s: number;
  verification_lifetime_s: number;
}

/** Derives the keys of this room and completes the settings. */
export function makeAccountsSettings(config: AccountsConfig): AccountsSettings {
  const token_key = deriveKey(config.secret_key, 'accounts: tokens');
  return {
    tokens: makeTokenSigner({ key: token_key, key_id: keyId(token_key) }),
    seal_key: deriveKey(config.secret_key, 'accounts: secrets at rest'),
    throttle: config.throttle,
    password_policy: { min_length: config.password_length_min },
    token_lifetime_s: config.token_lifetime_s,
    refresh_lifetime_s: config.refresh_lifetime_s,
    verification_lifetime_s: config.verification_lifetime_s,
    api_key_lifetime_days: 365,
  };
}
