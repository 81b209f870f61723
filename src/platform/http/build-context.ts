import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { keepLast } from '#kernel/keep-last';
import { commonProblems } from '#kernel/problem';
import type { Context } from '../context.ts';
import type { SessionId, UserId } from '../db/db-schema.ts';
import type { Site } from '../site.ts';
import type { HttpOptions } from './app.ts';
import { type CookieNames, visitorHashOf } from './cookies.ts';
import { paths } from './paths.ts';
import { makeFindPeer, type Peer } from './peer.ts';

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

type OriginOptions = Pick<HttpOptions, 'base_url' | 'allowed_hosts' | 'development' | 'evaluation'>;

/** Facts of one request on which its context depends. */
export interface ContextFacts {
  readonly raw: IncomingMessage;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly site: Site;
  /** The authenticated caller; null for an anonymous one. */
  readonly caller: Caller | null;
}

/** Makes the context of a request. */
export type MakeContext = (facts: ContextFacts) => Context;

export function makeMakeContext(
  options: Pick<HttpOptions, 'db' | 'clock' | 'throttle' | 'trusted_proxies' | 'terms'> & OriginOptions,
  names: CookieNames,
): MakeContext {
  const findPeer = makeFindPeer(options.trusted_proxies);
  const { db, clock, throttle, terms } = options;
  return ({ raw, cookies, log, site, caller }) => {
    const peer = findPeer(raw);
    const visitor_hash = visitorHashOf(cookies[names.visitor]);
    return {
      actor: caller === null ? { kind: 'anonymous', visitor_hash } : { kind: 'user', ...caller, visitor_hash },
      db,
      clock,
      log,
      site,
      terms,
      throttle,
      origin: originOf(options, peer),
      lang: 'en',
      peer: { ip: peer.ip, user_agent: (raw.headers['user-agent'] ?? '').slice(0, 255) },
    };
  };
}

/** Sets `request.ctx`: the caller, the site and the origin of the request. */
export async function buildContext(options: HttpOptions, request: FastifyRequest): Promise<void> {
  const credentials = readCredentials(request);
  const [site, caller] = await Promise.all([
    options.site(),
    credentials === null ? null : options.authenticate(credentials),
  ]);
  setContext(request, site, caller);
}

/** The same from memory, without waiting; returns false, without any effect, if a fact is not in memory. */
export function peekContext({ peeked }: Pick<HttpOptions, 'peeked'>, request: FastifyRequest): boolean {
  const site = peeked.site();
  if (site === undefined) return false;
  const credentials = readCredentials(request);
  const caller = credentials === null ? null : peeked.authenticate(credentials);
  if (caller === undefined) return false;
  setContext(request, site, caller);
  return true;
}

function readCredentials({ headers, cookies, server }: FastifyRequest): Parameters<Authenticate>[0] | null {
  const { authorization } = headers;
  const session_cookie = cookies[server.cookieNames.session];
  return authorization === undefined && session_cookie === undefined ? null : { authorization, session_cookie };
}

function setContext(request: FastifyRequest, site: Site, caller: Caller | 'invalid' | null): void {
  request.credentials = caller === null ? 'none' : caller === 'invalid' ? 'invalid' : 'valid';
  request.ctx = request.server.makeContext({
    raw: request.raw,
    cookies: request.cookies,
    log: request.log as Logger, // Fastify returns children of the logger of the options
    site,
    caller: caller === 'invalid' ? null : caller,
  });
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
function originOf(options: OriginOptions, peer: Peer): string {
  const base = options.base_url();
  const host = peer.host.toLowerCase();
  if (host === hostOf(base)) return base;
  if (options.allowed_hosts.includes(host)) return `${peer.protocol}://${host}`;
  if ((options.development || options.evaluation) && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host))
    return `${peer.protocol}://${host}`;
  return base;
}

/** Host and port of an origin. Keeps the last result: nearly every request has the same origin. */
const hostOf = keepLast((origin: string) => new URL(origin).host);
