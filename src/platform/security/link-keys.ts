import { createHmac } from 'node:crypto';
import { deriveKey, open, seal } from './crypto.ts';

/**
 * Keys that protect stored keys of links (`grant_key`, `request_key`) and secrets in the outbox. A value is sealed
 * with a key derived from the master key, and looked up by a keyed hash.
 *
 * Why state of the process: stores and the outbox receive a transaction only, and a process has one master key.
 * `useMasterKey` is called once, before the first request or job.
 * @see docs/decisions/0021-keys-in-links-are-sealed.md
 */
let derived: { seal: Buffer; look_up: Buffer; preview: Buffer } | null = null;

/** Sets the master key of this process. */
export function useMasterKey(master: string): void {
  derived = {
    seal: deriveKey(master, 'link keys at rest'),
    look_up: deriveKey(master, 'link keys look-up'),
    preview: deriveKey(master, 'previews of changes'),
  };
}

function keys() {
  if (!derived) throw new Error('useMasterKey was not called');
  return derived;
}

const bound_to = 'link key';

/** Seals a key for storage. `purpose` names another secret than the key of a link: neither opens as the other. */
export function sealLinkKey(key: string, purpose = bound_to): string {
  return seal(key, keys().seal, purpose);
}

/** Replaces a key that was sealed with another master key: it is invalid, and a new one is drawn. */
export const UNREADABLE_KEY = 'unreadable';

/** Opens a key that `sealLinkKey` returned. Text that an earlier version stored in clear is returned unchanged. */
export function openLinkKey(stored: string, purpose = bound_to): string {
  if (!stored.startsWith('v1.')) return stored;
  try {
    return open(stored, keys().seal, purpose);
  } catch {
    return UNREADABLE_KEY;
  }
}

/** Returns the hash for look-ups of a key: 64 hexadecimal characters that require the master key. */
export function linkKeyHash(key: string): string {
  return createHmac('sha256', keys().look_up).update(key, 'utf8').digest('hex');
}

/** Returns the authentication code of a text that was shown to a caller: 40 hexadecimal characters. */
export function previewCode(text: string): string {
  return createHmac('sha256', keys().preview).update(text, 'utf8').digest('hex').slice(0, 40);
}

/** Keys of a row that waits for its user (`grant_key`) or for a manager (`request_key`). */
interface PlainKeys {
  grant_key?: string | null;
  request_key?: string | null;
}

/** Replaces the keys of a row by their sealed forms and hashes; absent members stay absent. */
export function sealKeysOf<Row extends PlainKeys>(row: Row): Row & PlainKeys {
  return { ...row, ...sealed('grant_key', row.grant_key), ...sealed('request_key', row.request_key) };
}

function sealed(name: 'grant_key' | 'request_key', key: string | null | undefined) {
  if (key === undefined) return {};
  if (key === null) return { [name]: null, [`${name}_hash`]: null };
  return { [name]: sealLinkKey(key), [`${name}_hash`]: linkKeyHash(key) };
}

/** Opens the keys of a stored row and removes the hashes. */
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
