import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { findUserByUsername } from '#accounts';
import { type Gateway, type GatewayOptions, makeGateway } from '#gateway';
import { makeDecideAccess } from '#profiles';
import { findProviderTerms, providersAt } from '#subscriptions';
import { makeThemes } from '#themes';
import { type MovableClock, movableClock } from '../../src/platform/clock.ts';
import type { Context } from '../../src/platform/context.ts';
import { type App, buildHttp } from '../../src/platform/http/app.ts';
import type { Caller } from '../../src/platform/http/build-context.ts';
import { makeFacts } from '../../src/platform/facts/facts.ts';
import { makeRequestLimit } from '../../src/platform/security/request-limit.ts';
import { makeSiteSource } from '../../src/platform/site.ts';
import { makeTemplates } from '../../src/platform/templates/templates.ts';
import { makeThrottle } from '../../src/platform/security/throttle.ts';
import { ordinaryDay } from './context.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';
import { seedSite } from './seed.ts';

export interface GatewayApp {
  http: App;
  gateway: Gateway;
  database: TestDatabase;
  clock: MovableClock;
  /** Address under which it listens. */
  origin: string;
  secret: string;
  makeContext(): Promise<Context>;
  close(): Promise<void>;
}

/**
 * The gateway on the platform, without the rooms above it, listening on a free port.
 * The token or the session cookie names the caller: authentication belongs to another room.
 */
export async function startGatewayApp({
  forwarded_per_minute_max = 0,
  ...given
}: Partial<GatewayOptions['upstream']> & {
  /** Requests per minute and caller; 0 is no limit. */
  forwarded_per_minute_max?: number;
} = {}): Promise<GatewayApp> {
  const database = await openTestDatabase();
  const { db } = database;
  const clock = movableClock(ordinaryDay);
  const log = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const secret = 'a secret that only tests know, of some length';
  await seedSite(db, clock.now());
  const facts = makeFacts({ database, log });
  const site = makeSiteSource(facts, db);
  const themes = makeThemes({ folder: fileURLToPath(new URL('../../themes/default/', import.meta.url)), live: false });
  const templates = makeTemplates({ lookup: themes.lookup, assetUrl: themes.assetUrl, clock });
  const throttle = makeThrottle(() => performance.now());
  const callers = new Map<string, Caller>();
  let origin = 'http://127.0.0.1';
  const http = await buildHttp({
    db,
    clock,
    log,
    base_url: () => origin,
    allowed_hosts: [],
    trusted_proxies: [],
    secret,
    throttle,
    requests: {
      limit: makeRequestLimit({ addCounts: null, now_ms: Date.now, log }),
      maxima: { own: 0, forwarded: forwarded_per_minute_max },
    },
    body_bytes_max: 100_000,
    body_ms_max: 60_000,
    development: true,
    evaluation: false,
    probeDatabase: () => database.probe(),
    version: 'test',
    site: () => site.get(),
    terms: { seat_code_days: 90 },
    async authenticate({ authorization, session_cookie }) {
      const username = authorization?.replace('Bearer ', '') ?? session_cookie ?? '';
      const user = await findUserByUsername(db, username);
      if (!user) return 'invalid';
      const caller: Caller = {
        user_id: user.id,
        username,
        session_id: null,
        via: authorization === undefined ? 'cookie' : 'token',
      };
      callers.set(`${authorization} ${session_cookie}`, caller);
      return caller;
    },
    peeked: {
      site: () => site.peek(),
      authenticate: ({ authorization, session_cookie }) => callers.get(`${authorization} ${session_cookie}`),
    },
    decideAccess: makeDecideAccess({
      facts,
      findProviderTerms,
      providersAt,
      findLead: async () => null,
      grace_days: 90,
      terms_required: false,
    }),
    templates,
    findPageFacts: async () => ({
      user: null,
      profiles: [],
      personal: null,
      profile: null,
      is_member: false,
      seller: null,
    }),
    nav_counters: [],
    undo_types: [],
    isStopping: () => false,
  });
  const gateway = makeGateway({
    db,
    log,
    secret,
    upstream: {
      upstream_timeout_ms: 500,
      upstream_requests_max: 64,
      upstream_requests_per_caller_max: 16,
      upstream_streams_max: 16,
      upstream_streams_per_caller_max: 4,
      upstream_idle_ms: 60_000,
      upstream_session_bytes_max: 8192,
      forwarded_headers: ['x-requested-with', 'x-csrf-token', 'x-request-id'],
      ...given,
    },
    private_addresses_allowed: true,
    stillSignedIn: async (_db, _clock, callers) => new Set(callers),
    facts,
    provider_grace_days: 90,
    hasTemplate: (name) => templates.has(name),
  });
  gateway.routes(http);
  await gateway.registerCatchAll(http);
  origin = await http.listen({ host: '127.0.0.1', port: 0 });
  return {
    http,
    gateway,
    database,
    clock,
    origin,
    secret,
    makeContext: async () => ({
      actor: { kind: 'job', name: 'test' },
      db,
      clock,
      log,
      site: await site.get(),
      terms: { seat_code_days: 90 },
      origin,
      throttle,
      lang: 'en',
      peer: null,
    }),
    async close() {
      await http.close();
      await gateway.close();
      facts.close();
      await database.close();
    },
  };
}
