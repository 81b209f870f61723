import { equalConstantTime } from '#platform/security/crypto';
import { linkKeyHash } from '#platform/security/link-keys';

/** Time for which a preview may be confirmed. */
export const PREVIEW_VALID_MS = 10 * 60_000;

const KEY = /^([0-9a-z]{1,11})-([0-9a-f]{40})$/;

/** Cuts an instant to whole seconds: the instant of an operation and of all its rows. Pure. */
export function wholeSecond(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 1000) * 1000);
}

/**
 * Makes the key that confirms a preview: its instant and a keyed hash of everything that the preview promises. A key
 * that is computed needs no table, and a read without side effects can return it.
 *
 * `facts` are the fields of the preview without key, expiry, card and quotas, with the ids of the subscription and of
 * the caller. Dates and the order of members do not matter for equality.
 */
export function makePreviewKey(at: Date, facts: unknown): string {
  const instant = at.getTime().toString(36);
  return `${instant}-${linkKeyHash(`preview ${canonicalJson([instant, facts])}`).slice(0, 40)}`;
}

/** Returns the end of the time in which a preview of an instant may be confirmed. */
export function previewExpiry(at: Date): Date {
  return new Date(at.getTime() + PREVIEW_VALID_MS);
}

/** Returns the instant in a preview key; null if the text is no key. */
export function previewInstant(key: string): Date | null {
  const [, instant] = KEY.exec(key) ?? [];
  return instant === undefined ? null : new Date(Number.parseInt(instant, 36));
}

/** True if a key names an instant in the last ten minutes. A key of the future is not one that this site made. */
export function isPreviewCurrent(at: Date, now: Date): boolean {
  return at <= now && now.getTime() - at.getTime() <= PREVIEW_VALID_MS;
}

/** True if two preview keys are equal; the time depends on neither. */
export function isSamePreview(a: string, b: string): boolean {
  return equalConstantTime(a, b);
}

/** Prints a value with the members of its objects in order and dates as ISO text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
