import { creditReturn } from '#billing';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { findVerifiedAddresses, makeAccountsSettings } from '#accounts';
import { loadStripe, makeProcessors, type PaymentContext, type Processors } from '#payments';
import { type Clock, type MovableClock, systemClock } from '#platform/clock';
import type { Database } from '#platform/db/database';
import { type Facts, makeFacts } from '#platform/facts/facts';
import { type Mailer, makeMailer } from '#platform/mail/mail';
import { makeMailGate } from '#platform/mail/mail-gate';
import { sharedAttempts } from '#platform/security/attempt-store';
import { useMasterKey } from '#platform/security/link-keys';
import { usePasswordMemory } from '#platform/security/password';
import { addRequestCounts } from '#platform/security/request-count-store';
import { makeRequestLimit, type RequestLimit } from '#platform/security/request-limit';
import { makeThrottle, type Throttle, throttleOn } from '#platform/security/throttle';
import { makeSiteSource, type SiteSource } from '#platform/site';
import { makeTemplates, type Templates } from '#platform/templates/templates';
import { makeThemes, type Themes } from '#themes';
import type { Config } from './config.ts';
import { readStripeSettings } from './settings/stripe-settings.ts';
import { version } from './version.ts';

const themeFolder = fileURLToPath(new URL('../themes/default/', import.meta.url));

export interface TollgateOptions {
  config: Config;
  /** The master key; see secrets/secret-key.ts. */
  secret: string;
  database: Database;
  clock: Clock;
  /** The same clock when it may be moved, in development; otherwise null. */
  movable: MovableClock | null;
  log: Logger;
  /** Replaces the processors, for a simulation of their faults. */
  wrapProcessors?: (processors: Processors) => Processors;
}

/** What the rooms and the HTTP server share. Nothing is connected or listening. */
export interface Services extends TollgateOptions {
  facts: Facts;
  site: SiteSource;
  themes: Themes;
  templates: Templates;
  throttle: Throttle;
  request_limit: RequestLimit;
  accounts: ReturnType<typeof makeAccountsSettings>;
  mailer: Mailer;
  processors: Processors;
  /** Origin of the site; without BASE_URL the address on which the process listens. */
  base_url(): string;
  /** Sets the address on which the process listens. */
  setListening(address: string): void;
  /** Makes the context of work without a request. `job` is its name in the log. */
  makeContext(job: string): Promise<PaymentContext>;
  close(): Promise<void>;
}

export async function makeServices(options: TollgateOptions): Promise<Services> {
  const { config, secret, database, clock, log } = options;
  const { db } = database;
  useMasterKey(secret);
  usePasswordMemory(config.password_memory_kib);
  let listening: string | null = null;
  const base_url = () => config.base_url ?? listening ?? `http://${config.host}:${config.port}`;

  const facts = makeFacts({ database, log });
  const site = makeSiteSource(facts, db);
  const themes = makeThemes({ folder: themeFolder, live: config.mode === 'development' });
  const templates = makeTemplates({ lookup: themes.lookup, assetUrl: themes.assetUrl, clock });
  const { throttle, request_limit } = makeLimits(options);
  const made = await makeSiteProcessors(options);
  const processors = options.wrapProcessors?.(made) ?? made;
  const mailer = makeMailer({
    smtp_url: config.smtp_url,
    from: config.site_email,
    capture: config.mode === 'development',
    write_to_log: config.mode === 'evaluation',
    gate: makeMailGate({ throttle, findVerifiedAddresses, log }),
    clock,
    log,
  });
  return {
    ...options,
    facts,
    site,
    themes,
    templates,
    throttle,
    request_limit,
    accounts: makeAccountsSettings({ ...config, secret_key: secret, throttle }),
    mailer,
    processors,
    base_url,
    setListening: (address) => {
      listening = address;
    },
    makeContext: async (job) => ({
      actor: { kind: 'job', name: job },
      db,
      clock,
      log: log.child({ job }),
      site: await site.get(),
      terms: { seat_code_days: config.seat_code_days },
      throttle,
      origin: base_url(),
      lang: 'en',
      peer: null,
      processors,
    }),
    async close() {
      request_limit.close();
      await mailer.close();
      facts.close();
    },
  };
}

async function makeSiteProcessors({ config, database, clock, log }: TollgateOptions): Promise<Processors> {
  const { db } = database;
  const settings = readStripeSettings(config);
  const stripe = settings && (await loadStripe({ db, clock, log, settings, app_version: version }));
  return makeProcessors(config.processor, { db, clock, credit: creditReturn, stripe });
}

/** Counts attempts and requests in the database, which all nodes share; in memory for an embedded database. */
function makeLimits({ config, database, log }: TollgateOptions): { throttle: Throttle; request_limit: RequestLimit } {
  const { side_pool } = database;
  const throttle =
    side_pool === null
      ? makeThrottle(() => performance.now(), config.throttle_factor)
      : throttleOn(sharedAttempts(side_pool), config.throttle_factor);
  const request_limit = makeRequestLimit({
    addCounts: side_pool && ((counts) => addRequestCounts(side_pool, counts)),
    // The wall clock of the nodes: the site's clock can be moved.
    now_ms: () => systemClock().now().getTime(),
    log,
  });
  return { throttle, request_limit };
}
