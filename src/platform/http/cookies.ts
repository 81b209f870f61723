import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomToken, sha256Hex } from '../security/crypto.ts';

/** Names and flags of our cookies; the `__Host-` prefix binds them to this very host over https. */
export interface CookieNames {
  readonly session: string;
  readonly csrf: string;
  readonly visitor: string;
  readonly flash: string;
  readonly secure: boolean;
}

export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}sessionid`,
    csrf: `${prefix}csrftoken`,
    visitor: `${prefix}visitor`,
    flash: `${prefix}flash`,
    secure,
  };
}

/** Every cookie of ours under either name: none of them may reach the application behind the gateway, or come from it. */
export function isOwnCookie(name: string): boolean {
  return ['sessionid', 'csrftoken', 'visitor', 'flash'].includes(name.toLowerCase().replace(/^__host-/, ''));
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

/** Signs the browser in: `secret` is what accounts gave out when it opened the session. */
export function setSessionCookie(reply: FastifyReply, secret: string, max_age_s: number): void {
  setCookie(reply, reply.server.cookieNames.session, secret, { max_age_s });
}

export function clearSessionCookie(reply: FastifyReply): void {
  const { session, secure } = reply.server.cookieNames;
  reply.clearCookie(session, { path: '/', httpOnly: true, sameSite: 'lax', secure });
}

/** SHA-256 of the visitor cookie, or null when the browser has none. */
export function visitorHash(request: FastifyRequest): string | null {
  const value = request.cookies[request.server.cookieNames.visitor];
  return value !== undefined && /^[-\w]{20,64}$/.test(value) ? sha256Hex(value) : null;
}

/** Gives the browser a visitor cookie when it has none; answers its hash. Units: the cookie lives for 30 days. */
export function ensureVisitor(request: FastifyRequest, reply: FastifyReply): string {
  const known = visitorHash(request);
  if (known !== null) return known;
  const value = randomToken(24);
  setCookie(reply, reply.server.cookieNames.visitor, value, { max_age_s: 30 * 86_400 });
  return sha256Hex(value);
}
