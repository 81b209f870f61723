import type { FastifyReply, FastifyRequest } from 'fastify';
import { setSessionCookie } from '#platform/http/cookies';
import { requireSameOrigin } from '#platform/http/guards/csrf';
import { httpProblems } from '#platform/http/problems';
import type { AccountsSettings } from '../settings.ts';
import type { OpenedSession } from './open-session.ts';

/** True if a flag of the query string is `1`, `true`, `yes` or `on`; false for any other value. */
export function isFlagSet(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

/**
 * Returns the kind of session that an API call requests.
 *
 * A page of another site must not be able to sign a browser in. With a cookie, the request must therefore be
 * same-origin and its body JSON, which a cross-origin form cannot send.
 * @throws media_type_unsupported (415), cross_site (403)
 */
export function readSessionKind(request: FastifyRequest, cookie: string | undefined): 'token' | 'cookie' {
  if (!isFlagSet(cookie)) return 'token';
  requireSameOrigin(request);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw httpProblems.media_type_unsupported();
  return 'cookie';
}

/** Sets the cookie of a browser session; does nothing for a session of kind `token`. */
export function sendSessionCookie(reply: FastifyReply, settings: AccountsSettings, session: OpenedSession): void {
  if (session.cookie_secret !== null) setSessionCookie(reply, session.cookie_secret, settings.token_lifetime_s);
}
