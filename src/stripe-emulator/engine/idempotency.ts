import { ApiError } from './api-error.ts';
import type { StoredObject } from './stored-object.ts';
import type { World } from './world.ts';

const LIFE_MS = 24 * 3_600_000;
const KEY_MAX = 255;

/** The answer that a key stands for; `status` is null while the first call is in flight. */
export interface KeyRow extends StoredObject {
  readonly method: string;
  readonly url: string;
  readonly parameters: string;
  readonly started_ms: number;
  readonly status: number | null;
  readonly body: string;
  readonly request: string;
}

export interface KeyedCall {
  readonly key: string;
  readonly method: string;
  readonly url: string;
  /** Hash of the sorted parameters: the same parameters in another order are the same request. */
  readonly parameters: string;
  readonly request: string;
}

/** Returns the stored answer of an earlier call with this key, or null. @throws ApiError 400 or 409 */
export function findStored(world: World, scope: string, call: KeyedCall): KeyRow | null {
  if (call.key.length > KEY_MAX)
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message: `Idempotency keys have at most ${KEY_MAX} characters.`,
    });
  const row = world.row(rowId(scope, call.key))?.value as KeyRow | undefined; // only startKey keeps rows with this id
  if (!row || world.time_ms - row.started_ms > LIFE_MS) return null;
  if (row.method !== call.method || row.url !== call.url || row.parameters !== call.parameters) {
    const message =
      'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
      `Try using a key other than '${call.key}' if you meant to execute a different request.`;
    throw new ApiError(400, { type: 'idempotency_error', message });
  }
  if (row.status === null) {
    const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${call.key}.`;
    const head = { type: 'idempotency_error', code: 'idempotency_key_in_use', message };
    throw new ApiError(409, head, {}, { 'Stripe-Should-Retry': 'true' });
  }
  return row;
}

/** Marks a key as in flight. */
export function startKey(world: World, scope: string, call: KeyedCall): void {
  const { key, ...facts } = call;
  const row: KeyRow = {
    id: rowId(scope, key),
    object: '_idempotency',
    ...facts,
    started_ms: world.time_ms,
    status: null,
    body: '',
  };
  // Removed first, so that the rows stay in the order of their start.
  world.remove(row.id);
  world.keep(row);
}

/** Removes keys that are older than their life. Rows are in the order of their start. */
export function dropOldKeys(world: World): void {
  for (;;) {
    const oldest = world.first('_idempotency');
    if (!oldest || world.time_ms - Number(oldest['started_ms']) <= LIFE_MS) return;
    world.remove(oldest.id);
  }
}

/** Stores the answer of a key. */
export function finishKey(world: World, scope: string, key: string, answer: { status: number; body: string }): void {
  const row = world.row(rowId(scope, key))?.value;
  if (row) world.keep({ ...row, ...answer });
}

/** Releases a key, so that the next call with it is a new one. */
export function releaseKey(world: World, scope: string, key: string): void {
  world.remove(rowId(scope, key));
}

function rowId(scope: string, key: string): string {
  return `_idempotency:${scope}:${key}`;
}
