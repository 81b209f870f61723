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

/** Authenticates credentials; implemented by the accounts room. */
export type Authenticate = (credentials: {
  authorization: string | undefined;
  session_cookie: string | undefined;
}) => Promise<Caller | 'invalid' | null>;

/** Sets `request.ctx`: the caller, the site and the origin of the request. */
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
    log: request.log as HttpOptions['log'], // Fastify returns children of this logger
    site,
    throttle: options.throttle,
    origin: originOf(options, request),
    lang: 'en',
    peer: { ip: request.ip, user_agent: (request.headers['user-agent'] ?? '').slice(0, 255) },
  };
  request.hasContext = true;
}

/**
 * Refuses an invalid token or API key on a route of Tollgate; with an expired cookie the caller is anonymous.
 *
 * @throws credentials_invalid (401)
 */
export function requireValidCredentials(request: FastifyRequest): void {
  if (request.credentials !== 'invalid' || request.headers.authorization === undefined) return;
  const { passthrough, ownCredentials } = request.routeOptions.config;
  if (passthrough !== true && ownCredentials !== true) {
    throw commonProblems.credentials_invalid({ location: paths.login() });
  }
}

/**
 * Returns the origin of the request if it is configured, otherwise the configured base URL: a forged Host has no
 * effect.
 *
 * The scheme is that of the base URL, so that a proxy that ends TLS need not be trusted for it.
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
