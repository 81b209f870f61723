import { hash, text, unsettable } from '../engine/index.ts';

const FIELDS = ['city', 'country', 'line1', 'line2', 'postal_code', 'state'] as const;

export const address_params = hash({
  city: unsettable(text()),
  country: unsettable(text(2)),
  line1: unsettable(text()),
  line2: unsettable(text()),
  postal_code: unsettable(text(20)),
  state: unsettable(text()),
});

/** Returns an address with all of its fields. */
export function wholeAddress(
  sent: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, unknown> | null {
  if (!sent) return null;
  return Object.fromEntries(FIELDS.map((name) => [name, sent[name] ?? null]));
}
