import type { FastifyReply, FastifyRequest } from 'fastify';
import { setSessionCookie } from '#platform/http/cookies';
import { requireSameOrigin } from '#platform/http/guards/csrf';
import { httpProblems } from '#platform/http/problems';
import type { AccountsSettings } from '../settings.ts';
import type { OpenedSession } from './open-session.ts';

/** Reads a flag of the query string: `1`, `true`, `yes` and `on` are true, anything else is false, `0` too. */
export function isFlagSet(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

/**
 * Says which kind of session an API call asks for.
 *
 * Nobody is to be signed in by a page of another site: with a cookie the body must be JSON, which no form can send
 * across sites, and must not come from elsewhere.
 * @throws media_type_unsupported (415), cross_site (403)
 */
export function readSessionKind(request: FastifyRequest, cookie: string | undefined): 'token' | 'cookie' {
  if (!isFlagSet(cookie)) return 'token';
  requireSameOrigin(request);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw httpProblems.media_type_unsupported();
  return 'cookie';
}

/** Gives the browser the cookie of a session that was opened for it. */
export function sendSessionCookie(reply: FastifyReply, settings: AccountsSettings, session: OpenedSession): void {
  if (session.cookie_secret !== null) setSessionCookie(reply, session.cookie_secret, settings.token_lifetime_s);
}
