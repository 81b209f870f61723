import { createHmac } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { equalConstantTime, randomToken } from '../../security/crypto.ts';
import { setCookie } from '../cookies.ts';
import { httpProblems } from '../problems.ts';

const TOKEN = /^([-\w]{22})\.([-\w]{43})$/;

/**
 * Returns the CSRF token for forms and scripts: a signed double-submit cookie, bound to the session.
 * Sets a new cookie when the present one does not belong to the session.
 */
export function csrfToken(request: FastifyRequest, reply: FastifyReply): string {
  const current = request.csrfTokenIssued ?? request.cookies[request.server.cookieNames.csrf];
  if (current !== undefined && isSigned(request, current)) return current;
  const nonce = randomToken(16);
  const token = `${nonce}.${sign(request, nonce)}`;
  request.csrfTokenIssued = token;
  setCookie(reply, request.server.cookieNames.csrf, token, { readable: true });
  return token;
}

/** @throws csrf_failed (403) unless the form field `_csrf` or the header X-CSRFToken repeats the cookie */
export function requireCsrf(request: FastifyRequest): void {
  requireSameOrigin(request);
  const cookie = request.cookies[request.server.cookieNames.csrf];
  const header = request.headers['x-csrftoken'];
  const sent = typeof header === 'string' ? header : fieldOf(request.body, '_csrf');
  if (cookie === undefined || sent === null || !equalConstantTime(cookie, sent) || !isSigned(request, cookie))
    throw httpProblems.csrf_failed();
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
  return match !== null && equalConstantTime(match[2] ?? '', sign(request, match[1] ?? ''));
}

function sign(request: FastifyRequest, nonce: string): string {
  const { actor } = request.ctx;
  const binding = actor.kind === 'user' ? (actor.session_id ?? '') : '';
  return createHmac('sha256', request.server.csrfKey).update(`${binding}:${nonce}`).digest('base64url');
}

function fieldOf(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'string' ? value : null;
}
