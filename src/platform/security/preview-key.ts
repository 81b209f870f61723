import { equalConstantTime } from './crypto.ts';
import { previewCode } from './link-keys.ts';

/** How long a preview can be confirmed. */
export const PREVIEW_LIFETIME_MS = 600_000;

/** What a preview showed: plain JSON. Instants are texts. */
export type PreviewFacts = Readonly<Record<string, unknown>>;

/**
 * Returns the key of a preview: its instant (ms, base 36), `-`, and the authentication code of the instant and of all
 * that was shown. A key that is computed needs no table, so that a preview has no side effects.
 */
export function makePreviewKey(at: Date, facts: PreviewFacts): string {
  return `${at.getTime().toString(36)}-${previewCode(canonicalJson([at.getTime(), facts]))}`;
}

/** Returns the instant of a preview; null for a text that is no preview key. It is not authenticated. */
export function previewInstant(key: string): Date | null {
  const match = /^([0-9a-z]{1,9})-[0-9a-f]{40}$/.exec(key);
  const ms = match?.[1] === undefined ? Number.NaN : Number.parseInt(match[1], 36);
  return Number.isSafeInteger(ms) && ms <= 8.64e15 ? new Date(ms) : null;
}

/** True if a key is that of a preview at its instant with these facts. Compares in constant time. */
export function isKeyOfPreview(key: string, at: Date, facts: PreviewFacts): boolean {
  return equalConstantTime(key, makePreviewKey(at, facts));
}

/** True if a preview can no longer be confirmed at `now`; also for one from the future. */
export function isPreviewExpired(at: Date, now: Date): boolean {
  const age_ms = now.getTime() - at.getTime();
  return age_ms < 0 || age_ms > PREVIEW_LIFETIME_MS;
}

/** Returns JSON that does not depend on the order of members. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
