type Mode = 'test' | 'live';

/** Secret and restricted keys of Stripe. */
export const SECRET_KEY = /^[sr]k_(test|live)_[A-Za-z0-9_]{1,200}$/;
export const PUBLISHABLE_KEY = /^pk_(test|live)_[A-Za-z0-9_]{1,200}$/;

/** Characters after the prefix from which four may be shown: the others keep the key secret. */
const SHOWN_FROM = 8;

/** Returns the mode of a secret or publishable key of Stripe; null for any other text. Pure. */
export function modeOfKey(key: string | null): Mode | null {
  const mode = SECRET_KEY.exec(key ?? '')?.[1] ?? PUBLISHABLE_KEY.exec(key ?? '')?.[1];
  return mode === 'test' || mode === 'live' ? mode : null;
}

/** Returns what may be shown of a key of Stripe: its prefix and last four characters. Pure. */
export function shownKey(key: string): string {
  const [, prefix = '', rest = ''] = /^([a-z]{2}_(?:test|live)_)(.*)$/s.exec(key) ?? [];
  return `${prefix}…${rest.length < SHOWN_FROM ? '' : rest.slice(-4)}`;
}
