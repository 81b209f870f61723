import type { FastifyRequest } from 'fastify';
import { commonProblems } from '#kernel/problem';
import type { Actor } from '../context.ts';
import type { SessionId, UserId } from '../db/db-schema.ts';
import type { HttpOptions } from './app.ts';
import { visitorHash } from './cookies.ts';
import { paths } from './paths.ts';

export interface Caller {
  user_id: UserId;
  username: string;
  session_id: SessionId | null;
  via: 'token' | 'cookie' | 'api-key';
}

/** Answered by the accounts room: who sent these credentials, or that they are worth nothing. */
export type Authenticate = (credentials: {
  authorization: string | undefined;
  session_cookie: string | undefined;
}) => Promise<Caller | 'invalid' | null>;

/** Finds out who calls, for which site and under which address; everything later reads it from `request.ctx`. */
export async function buildContext(options: HttpOptions, request: FastifyRequest): Promise<void> {
  const { authorization } = request.headers;
  const session_cookie = request.cookies[request.server.cookieNames.session];
  const [site, caller] = await Promise.all([
    options.site(),
    authorization === undefined && session_cookie === undefined
      ? null
      : options.authenticate({ authorization, session_cookie }),
  ]);
  const visitor_hash = visitorHash(request);
  const actor: Actor =
    caller === null || caller === 'invalid'
      ? { kind: 'anonymous', visitor_hash }
      : { kind: 'user', ...caller, visitor_hash };
  request.credentials = caller === null ? 'none' : caller === 'invalid' ? 'invalid' : 'valid';
  request.ctx = {
    actor,
    db: options.db,
    clock: options.clock,
    log: request.log as HttpOptions['log'], // Fastify hands out children of the logger that it was given
    site,
    throttle: options.throttle,
    origin: originOf(options, request),
    lang: 'en',
    peer: { ip: request.ip, user_agent: (request.headers['user-agent'] ?? '').slice(0, 255) },
  };
  request.hasContext = true;
}

/**
 * Refuses a token or key that is worth nothing on a route of Tollgate; a stale cookie makes an anonymous visitor.
 *
 * @throws credentials_invalid (401)
 */
export function refuseInvalidCredentials(request: FastifyRequest): void {
  if (request.credentials !== 'invalid' || request.headers.authorization === undefined) return;
  const { passthrough, ownCredentials } = request.routeOptions.config;
  if (passthrough !== true && ownCredentials !== true) {
    throw commonProblems.credentials_invalid({ location: paths.login() });
  }
}

/**
 * The origin that the caller used when it is one of ours, the configured one otherwise: a forged Host leads nowhere.
 *
 * The scheme of the configured one is taken at its word: a proxy that ends TLS need not be trusted for it.
 */
function originOf(options: HttpOptions, request: FastifyRequest): string {
  const base = options.base_url();
  const host = request.host.toLowerCase();
  if (host === new URL(base).host) return base;
  if (options.allowed_hosts.includes(host)) return `${request.protocol}://${host}`;
  if ((options.development || options.evaluation) && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host))
    return `${request.protocol}://${host}`;
  return base;
}
