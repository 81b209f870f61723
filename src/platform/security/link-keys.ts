import { createHmac } from 'node:crypto';
import { deriveKey, open, seal } from './crypto.ts';

/**
 * Keys of links that are shown again (`grant_key`, `request_key`) and secrets that wait in the outbox, at rest: sealed
 * with a key derived from the master key, and looked up by a keyed hash.
 *
 * Why state of the process and not an argument: stores and the outbox are given a transaction only, and a process has one
 * master key. `useMasterKey` is called once, before the first request or job.
 * @see docs/decisions/0021-keys-in-links-are-sealed.md
 */
let derived: { seal: Buffer; look_up: Buffer } | null = null;

/** Sets the master key of this process. */
export function useMasterKey(master: string): void {
  derived = { seal: deriveKey(master, 'link keys at rest'), look_up: deriveKey(master, 'link keys look-up') };
}

function keys() {
  if (!derived) throw new Error('useMasterKey was not called');
  return derived;
}

const bound_to = 'link key';

/** Seals a key for storage. */
export function sealLinkKey(key: string): string {
  return seal(key, keys().seal, bound_to);
}

/** Stands for a key that was sealed with another master key: it opens nothing, and a new one is drawn in its place. */
export const UNREADABLE_KEY = 'unreadable';

/** Opens what `sealLinkKey` returned. Text that is not sealed, from before keys were, is returned unchanged. */
export function openLinkKey(stored: string): string {
  if (!stored.startsWith('v1.')) return stored;
  try {
    return open(stored, keys().seal, bound_to);
  } catch {
    return UNREADABLE_KEY;
  }
}

/** Hash by which a key is found: 64 hexadecimal characters that cannot be computed without the master key. */
export function linkKeyHash(key: string): string {
  return createHmac('sha256', keys().look_up).update(key, 'utf8').digest('hex');
}

/** The two keys of a row that waits for one of two sides. */
interface PlainKeys {
  grant_key?: string | null;
  request_key?: string | null;
}

/** Replaces the keys of a row to be written by what is stored of them; members that are absent stay absent. */
export function sealKeysOf<Row extends PlainKeys>(row: Row): Row & PlainKeys {
  return { ...row, ...sealed('grant_key', row.grant_key), ...sealed('request_key', row.request_key) };
}

function sealed(name: 'grant_key' | 'request_key', key: string | null | undefined) {
  if (key === undefined) return {};
  if (key === null) return { [name]: null, [`${name}_hash`]: null };
  return { [name]: sealLinkKey(key), [`${name}_hash`]: linkKeyHash(key) };
}

/** Opens the keys of a row that was read and leaves the hashes out. */
export function openKeysOf<Row extends { grant_key: string | null; request_key: string | null }>(
  row: Row & { grant_key_hash?: string | null; request_key_hash?: string | null },
): Row {
  const { grant_key_hash: _grant, request_key_hash: _request, ...rest } = row;
  return {
    ...(rest as unknown as Row), // the two members are optional and no part of Row
    grant_key: row.grant_key === null ? null : openLinkKey(row.grant_key),
    request_key: row.request_key === null ? null : openLinkKey(row.request_key),
  };
}
