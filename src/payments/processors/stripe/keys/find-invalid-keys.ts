import type { FieldMessages } from '#kernel/problem';
import { modeOfKey, PUBLISHABLE_KEY, SECRET_KEY } from '#platform/stripe-keys';
import type { NewKeys } from '../../setup.ts';

/** What each field takes. */
const slots = {
  secret_key: { shape: SECRET_KEY, kind: 'secret or restricted', starts: 'sk_ or rk_' },
  publishable_key: { shape: PUBLISHABLE_KEY, kind: 'publishable', starts: 'pk_' },
} as const;

/**
 * Returns what is wrong with new keys, by field. They have the mode of `configured`, the secret key of the settings,
 * because charges, cards and events of another mode are invisible. No message has a key in it. Pure.
 */
export function findInvalidKeys(keys: NewKeys, configured: string): FieldMessages {
  const errors: Record<string, string[]> = {};
  for (const name of ['secret_key', 'publishable_key'] as const) {
    const key = keys[name];
    const message = key === null ? null : messageOf(key, name, configured);
    if (message !== null) errors[name] = [message];
  }
  return errors;
}

function messageOf(key: string, name: keyof typeof slots, configured: string): string | null {
  const { shape, kind, starts } = slots[name];
  if (key === '') return 'This field is required.';
  if (!shape.test(key)) {
    const other = Object.values(slots).find((slot) => slot.shape.test(key));
    return other === undefined
      ? `This is no ${kind} key of Stripe: one begins with ${starts}, then test_ or live_.`
      : `This is a ${other.kind} key. Give the ${kind} one, which begins with ${starts}, here.`;
  }
  const [mode, used] = [modeOfKey(key), modeOfKey(configured)];
  return mode === used ? null : `The key is of ${mode} mode, and that of the settings of ${used} mode.`;
}
