import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '#kernel/problem';
import { setCookie } from '../../http/cookies.ts';
import { isOwnedBy, isSameOrigin, ownerOfSentToken, signOwner, type TokenOwner } from '../../http/guards/csrf.ts';
import { safeNext } from '../../http/next.ts';
import { paths } from '../../http/paths.ts';
import { prefersHtml } from '../../http/replies/negotiate.ts';
import { open, randomToken, seal, sha256Hex } from '../../security/crypto.ts';
import { networkOf } from '../../security/throttle.ts';
import { VERSION_FIELD } from './edit-version.ts';
import { insertKeptPost, type KeptPostKey, takeKeptPost } from './kept-post-store.ts';
import { keptPostLimit } from './rate-limits.ts';
import { hasCardNumber, isSecretName } from './secret-names.ts';

const BYTES_MAX = 65_536;
const COOKIE_S = 15 * 60;
const FIELDS_MAX = 200;
/** Message above a form that was filled in again. */
export const KEPT_TEXT = 'The form is shown as you filled it in. Nothing was saved yet: check it and send it again.';

/** Texts of the fields of a form; a field that was sent several times is left out. */
type KeptFields = Readonly<Record<string, string>>;

/**
 * True if the form of a refused request may be kept: a browser posted it from a page of this site that can be read
 * again at the same address, without a file, in at most 64 kB.
 *
 * Requires that the browser names this site as the origin: a page of another site must not fill in a form.
 */
export function mayKeepPost(request: FastifyRequest): boolean {
  const { method, headers, routeOptions, server } = request;
  const bytes = Number(headers['content-length'] ?? Number.NaN);
  return (
    method === 'POST' &&
    routeOptions.config.page === true &&
    /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '') &&
    bytes <= BYTES_MAX &&
    headers.authorization === undefined &&
    prefersHtml(request.raw) &&
    isSameOrigin(request) &&
    safeNext(request.url) !== null &&
    server.routeList.some(
      (route) => route.method === 'GET' && route.page && !route.passthrough && route.url === routeOptions.url,
    )
  );
}

/** True for the refusal of a caller without a session. */
export function isSignInNeeded(error: unknown): boolean {
  return error instanceof Problem && error.status === 401 && error.extra.location === paths.login();
}

/**
 * Keeps the form of a caller whose session ended, for the user of that session. Returns true if it was kept. The form
 * of a page that was rendered for a visitor is not kept: no signed-in user filled it in.
 */
export async function keepForSignIn(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const owner = ownerOfSentToken(request);
  if (owner === null || isOwnedBy(request, owner, null)) return false;
  if (!(await keepPost(request, reply, owner))) return false;
  reply.flash('info', 'Your session ended. Sign in, and the form is shown as you filled it in.');
  return true;
}

/**
 * Keeps the form of a caller whose page is older than the present session, for that caller. Returns true if it was
 * kept. The form of another user is not kept: it was filled in before the caller signed in.
 */
export async function keepForCaller(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const { actor } = request.ctx;
  const owner = ownerOfSentToken(request);
  const user_id = actor.kind === 'user' ? actor.user_id : null;
  if (owner === null || !(isOwnedBy(request, owner, user_id) || isOwnedBy(request, owner, null))) return false;
  return keepPost(request, reply, signOwner(request, user_id));
}

async function keepPost(request: FastifyRequest, reply: FastifyReply, owner: TokenOwner): Promise<boolean> {
  const { ctx, server } = request;
  const fields = fieldsToKeep(request.body);
  if (fields === null) return false;
  if (!(await ctx.throttle.allows(keptPostLimit, networkOf(ctx.peer?.ip)))) return false;
  const token = browserToken(request) ?? randomToken(24);
  const key = { browser_hash: sha256Hex(token), path_hash: sha256Hex(request.url) };
  const fields_sealed = seal(JSON.stringify(fields), server.sealKey, bindingOf(key));
  const row = { ...key, owner_nonce: owner.nonce, owner_tag: owner.tag, fields_sealed };
  if (!(await insertKeptPost(ctx.db, row, ctx.clock.now()))) return false;
  setCookie(reply, server.cookieNames.kept, token, { max_age_s: COOKIE_S });
  return true;
}

/**
 * Returns the kept fields of a page that is read, once, or null. Another user gets nothing, and the form is deleted.
 * Without the cookie of a kept form nothing is read from the database.
 */
export async function takeKeptFields(request: FastifyRequest): Promise<KeptFields | null> {
  const token = browserToken(request);
  if (token === null || request.method !== 'GET') return null;
  const { ctx, server } = request;
  const key = { browser_hash: sha256Hex(token), path_hash: sha256Hex(request.url) };
  const row = await takeKeptPost(ctx.db, key, ctx.clock.now());
  const user_id = ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
  if (row === null || !isOwnedBy(request, { nonce: row.owner_nonce, tag: row.owner_tag }, user_id)) return null;
  return readFields(open(row.fields_sealed, server.sealKey, bindingOf(key)));
}

/**
 * Returns the data of a page with the texts of a kept form: the texts of `form` are replaced, and boxes that were not
 * ticked are unset. The version of an edit form is that which was read, so that a change meanwhile is a conflict.
 */
export function fillForm(data: Readonly<Record<string, unknown>>, fields: KeptFields): Record<string, unknown> {
  const form: unknown = data['form'];
  if (typeof form !== 'object' || form === null) return { ...data };
  const names = Object.keys(form).filter((name) => !isSecretName(name));
  const version = 'edit_version' in data ? { edit_version: fields[VERSION_FIELD] ?? data['edit_version'] } : {};
  return {
    ...data,
    ...version,
    form: { ...form, ...Object.fromEntries(names.map((name) => [name, null])), ...fields },
  };
}

/** Returns the fields without secrets, or null when none is left. */
function fieldsToKeep(body: unknown): KeptFields | null {
  if (typeof body !== 'object' || body === null) return null;
  const kept = Object.entries(body)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '')
    .filter(([name, value]) => !isSecretName(name) && name !== '__proto__' && !hasCardNumber(value))
    .slice(0, FIELDS_MAX);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

function readFields(text: string): KeptFields {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function browserToken({ cookies, server }: FastifyRequest): string | null {
  const token = cookies[server.cookieNames.kept];
  return token !== undefined && /^[-\w]{32}$/.test(token) ? token : null;
}

function bindingOf({ browser_hash, path_hash }: KeptPostKey): string {
  return `kept_posts:${browser_hash}:${path_hash}`;
}
