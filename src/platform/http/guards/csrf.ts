import { createHmac } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '#kernel/problem';
import type { UserId } from '../../db/db-schema.ts';
import { equalConstantTime, randomToken } from '../../security/crypto.ts';
import { setCookie } from '../cookies.ts';
import { httpProblems } from '../problems.ts';

const TOKEN = /^([-\w]{22})\.([-\w]{22})\.([-\w]{43})$/;

/** Reader of a page, without the name: a keyed hash that a signed-in user is compared with. */
export interface TokenOwner {
  readonly nonce: string;
  readonly tag: string;
}

/**
 * Returns the CSRF token for forms and scripts: a signed double-submit cookie, bound to the session. It names its user
 * by a keyed hash, so that the form of an ended session is shown to its owner only.
 *
 * Sets a new cookie when the present one does not belong to the session.
 */
export function csrfToken(request: FastifyRequest, reply: FastifyReply): string {
  const current = request.csrfTokenIssued ?? request.cookies[request.server.cookieNames.csrf];
  if (current !== undefined && isSigned(request, current)) return current;
  const { nonce, tag } = signOwner(request, userIdOf(request));
  const token = `${nonce}.${tag}.${sign(request, nonce, tag)}`;
  request.csrfTokenIssued = token;
  setCookie(reply, request.server.cookieNames.csrf, token, { readable: true });
  return token;
}

/**
 * Returns csrf_failed (403) unless the form field `_csrf` or the header X-CSRFToken repeats the cookie.
 * @throws cross_site (403)
 */
export function findCsrfFailure(request: FastifyRequest): Problem | null {
  requireSameOrigin(request);
  const cookie = request.cookies[request.server.cookieNames.csrf];
  const header = request.headers['x-csrftoken'];
  const sent = typeof header === 'string' ? header : fieldOf(request.body, '_csrf');
  const isValid = cookie !== undefined && sent !== null && equalConstantTime(cookie, sent) && isSigned(request, cookie);
  return isValid ? null : httpProblems.csrf_failed();
}

/**
 * Requires that no page of another origin caused the request. Programs send neither header and are admitted.
 * @throws cross_site (403)
 * @see https://web.dev/articles/fetch-metadata
 */
export function requireSameOrigin(request: FastifyRequest): void {
  if (isCrossSite(request)) throw httpProblems.cross_site();
}

/**
 * True if a page of another origin caused the request, by Fetch Metadata or `Origin`, or by `Referer` when both are
 * missing.
 *
 * Other subdomains of one site count as another origin: `SameSite=Lax` cookies are sent with their requests.
 */
export function isCrossSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, referer } = request.headers;
  if (origin !== undefined) return origin.toLowerCase() !== request.ctx.origin;
  return site === undefined && referer !== undefined && originOf(referer) !== request.ctx.origin;
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

/** True if the request carries one of Tollgate's cookies and no `Authorization` header, which browsers never add. */
export function isByCookie({ cookies, headers, server }: FastifyRequest): boolean {
  const { session, visitor } = server.cookieNames;
  return headers.authorization === undefined && (cookies[session] !== undefined || cookies[visitor] !== undefined);
}

function isSigned(request: FastifyRequest, token: string): boolean {
  const match = TOKEN.exec(token);
  return match !== null && equalConstantTime(match[3] ?? '', sign(request, match[1] ?? '', match[2] ?? ''));
}

function sign(request: FastifyRequest, nonce: string, tag: string): string {
  const { actor } = request.ctx;
  const binding = actor.kind === 'user' ? (actor.session_id ?? '') : '';
  return createHmac('sha256', request.server.csrfKey).update(`${binding}:${nonce}:${tag}`).digest('base64url');
}

/** Returns the owner of a page rendered for a user, or for a visitor when `user_id` is null. */
export function signOwner(request: FastifyRequest, user_id: UserId | null, nonce = randomToken(16)): TokenOwner {
  const text = `owner:${user_id ?? ''}:${nonce}`;
  const tag = createHmac('sha256', request.server.csrfKey).update(text).digest().subarray(0, 16).toString('base64url');
  return { nonce, tag };
}

/** True if a page was rendered for this user, or for a visitor when `user_id` is null. */
export function isOwnedBy(request: FastifyRequest, { nonce, tag }: TokenOwner, user_id: UserId | null): boolean {
  return equalConstantTime(tag, signOwner(request, user_id, nonce).tag);
}

/** Returns the owner in the token of a posted form, or null without a token. The signature is not checked. */
export function ownerOfSentToken(request: FastifyRequest): TokenOwner | null {
  const [, nonce, tag] = TOKEN.exec(fieldOf(request.body, '_csrf') ?? '') ?? [];
  return nonce === undefined || tag === undefined ? null : { nonce, tag };
}

/** True if the browser names a page of this site as the origin of the request; false when it names none. */
export function isSameOrigin(request: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, origin } = request.headers;
  return !isCrossSite(request) && (site === 'same-origin' || origin !== undefined);
}

function userIdOf({ ctx }: FastifyRequest): UserId | null {
  return ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
}

function fieldOf(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value : null;
}
