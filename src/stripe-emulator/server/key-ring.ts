import { ApiError, type StoredObject, type World } from '../engine/index.ts';

/** An API key; `permissions` restricts a key `rk_…` and null allows everything. */
export interface ApiKey extends StoredObject {
  readonly key: string;
  readonly type: 'secret' | 'publishable' | 'restricted';
  readonly livemode: boolean;
  readonly permissions: readonly string[] | null;
  readonly is_revoked: boolean;
}

const FORM = /^(sk|pk|rk)_(test|live)_[A-Za-z0-9_]{1,200}$/;
const TYPES = { sk: 'secret', pk: 'publishable', rk: 'restricted' } as const;

/** Adds a key, or replaces its permissions. @throws Error for a text that is no key */
export function addKey(world: World, key: string, permissions: readonly string[] | null = null): void {
  const [, prefix, mode] = FORM.exec(key) ?? [];
  if (prefix !== 'sk' && prefix !== 'pk' && prefix !== 'rk')
    throw new Error('a key starts with sk_test_, rk_test_, pk_test_, sk_live_, rk_live_ or pk_live_');
  const row: ApiKey = {
    id: `_key:${key}`,
    object: '_key',
    key,
    type: TYPES[prefix],
    livemode: mode === 'live',
    permissions,
    is_revoked: false,
  };
  world.keep(row);
}

/** Rejects every later call with this key. */
export function revokeKey(world: World, key: string): void {
  const row = findKey(world, key);
  if (row) world.keep({ ...row, is_revoked: true });
}

/** Returns the key of an `Authorization` header: Bearer, or Basic with the key as user. @throws ApiError 401 */
export function authenticate(world: World, header: string | undefined): ApiKey {
  const [scheme = '', credentials = ''] = (header ?? '').split(' ');
  let key = credentials;
  if (scheme.toLowerCase() === 'basic') key = Buffer.from(credentials, 'base64').toString().split(':')[0] ?? '';
  else if (scheme.toLowerCase() !== 'bearer') key = '';
  if (key === '')
    throw unauthorized(
      undefined,
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  const row = findKey(world, key);
  if (!row) throw unauthorized(undefined, `Invalid API Key provided: ${maskKey(key)}`);
  if (row.is_revoked) throw unauthorized('api_key_expired', `Expired API Key provided: ${maskKey(key)}`);
  return row;
}

/** @throws ApiError 403 when a restricted key has not the permission */
export function assertPermitted({ permissions, key }: ApiKey, permission: string): void {
  if (permissions === null || permissions.includes(permission)) return;
  if (permission.endsWith('_read') && permissions.includes(permission.replace(/_read$/, '_write'))) return;
  throw notPermitted(key, permission);
}

export function notPermitted(key: string, permission: string): ApiError {
  const message = `The provided key '${maskKey(key)}' does not have the required permissions for this endpoint. Having the '${permission}' permission would allow this request to continue.`;
  return new ApiError(403, { type: 'invalid_request_error', code: 'more_permissions_required', message });
}

export function unauthorized(code: string | undefined, message: string): ApiError {
  const headers = { 'WWW-Authenticate': 'Bearer realm="Stripe"' };
  return new ApiError(401, { type: 'invalid_request_error', code, message }, {}, headers);
}

function maskKey(key: string): string {
  return key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}` : '*'.repeat(key.length);
}

function findKey(world: World, key: string): ApiKey | undefined {
  return world.row(`_key:${key}`)?.value as ApiKey | undefined; // only addKey keeps rows with this id
}
