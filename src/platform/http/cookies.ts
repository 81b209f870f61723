import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomToken, sha256Hex } from '../security/crypto.ts';

/** Names and flags of Tollgate's cookies; the `__Host-` prefix binds them to this host over https. */
export interface CookieNames {
  readonly session: string;
  readonly csrf: string;
  readonly visitor: string;
  readonly flash: string;
  readonly colours: string;
  /** Token of a browser whose form is kept during a sign-in. */
  readonly kept: string;
  readonly secure: boolean;
}

export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}sessionid`,
    csrf: `${prefix}csrftoken`,
    visitor: `${prefix}visitor`,
    flash: `${prefix}flash`,
    colours: `${prefix}colours`,
    kept: `${prefix}kept`,
    secure,
  };
}

/** Every cookie of Tollgate under both names: none may reach the upstream, or come from it. */
export function isOwnCookie(name: string): boolean {
  return ['sessionid', 'csrftoken', 'visitor', 'flash', 'colours', 'kept'].includes(
    name.toLowerCase().replace(/^__host-/, ''),
  );
}

export function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  options: { max_age_s?: number; readable?: boolean } = {},
): void {
  reply.setCookie(name, value, {
    path: '/',
    httpOnly: options.readable !== true,
    sameSite: 'lax',
    secure: reply.server.cookieNames.secure,
    ...(options.max_age_s === undefined ? {} : { maxAge: options.max_age_s }),
  });
}

/** Sets the session cookie; `secret` is the secret of the session. */
export function setSessionCookie(reply: FastifyReply, secret: string, max_age_s: number): void {
  setCookie(reply, reply.server.cookieNames.session, secret, { max_age_s });
}

export function clearSessionCookie(reply: FastifyReply): void {
  const { session, secure } = reply.server.cookieNames;
  reply.clearCookie(session, { path: '/', httpOnly: true, sameSite: 'lax', secure });
}

/** Returns the SHA-256 of the visitor cookie, or null without a cookie. */
export function visitorHash(request: FastifyRequest): string | null {
  return visitorHashOf(request.cookies[request.server.cookieNames.visitor]);
}

/** Returns the SHA-256 of the value of a visitor cookie, or null if it is missing or malformed. */
export function visitorHashOf(value: string | undefined): string | null {
  return value !== undefined && /^[-\w]{20,64}$/.test(value) ? sha256Hex(value) : null;
}

/** Sets a visitor cookie of 30 days unless the request has one; returns its hash. */
export function ensureVisitor(request: FastifyRequest, reply: FastifyReply): string {
  const hash = visitorHash(request);
  if (hash !== null) return hash;
  const value = randomToken(24);
  setCookie(reply, reply.server.cookieNames.visitor, value, { max_age_s: 30 * 86_400 });
  return sha256Hex(value);
}
