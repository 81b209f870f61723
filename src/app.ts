import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import {
  authenticate,
  findVerifiedAddresses,
  makeAccounts,
  makeAccountsSettings,
  findAuthenticatedCallers,
} from '#accounts';
import { emptyCartOnArchive, emptyCart, makeBilling } from '#billing';
import { makeCatalog } from '#catalog';
import { findLead, findProfileNotes, makeContacts } from '#contacts';
import { makeGateway } from '#gateway';
import { makeLedger } from '#ledger';
import { makeMetrics } from '#metrics';
import { deleteOptouts, makeNotifications } from '#notifications';
import { makePayments, makeProcessors, type PaymentContext, type Processors, deleteSavedCard } from '#payments';
import { errorPageTypes } from '#platform/http/replies/error-pages';
import { apiReferencePageTypes } from '#platform/http/reference/api-reference-pages';
import { type App, buildHttp } from '#platform/http/app';
import { followConnections } from '#platform/http/connections';
import { sharedAttempts } from '#platform/security/attempt-store';
import { type Clock, type MovableClock, systemClock } from '#platform/clock';
import { useMasterKey } from '#platform/security/link-keys';
import type { Database } from '#platform/db/database';
import { devRoutes } from '#platform/dev-routes';
import { platformJobs } from '#platform/jobs/platform-jobs';
import { type Mailer, makeMailer } from '#platform/mail/mail';
import { makeMailGate } from '#platform/mail/mail-gate';
import type { Mailbox } from '#platform/mail/mailbox';
import { addRequestCounts } from '#platform/security/request-count-store';
import { makeRequestLimit } from '#platform/security/request-limit';
import { checkRooms, type Room } from '#platform/room';
import { makeWorker, type Worker } from '#platform/jobs/worker';
import { makeSiteCache, type SiteCache } from '#platform/site';
import { makeTemplates, type Templates } from '#platform/templates/templates';
import { makeThrottle, throttleOn } from '#platform/security/throttle';
import { makeDecideAccess, makeMenu, makeProfiles, makeProfilesHooks, type OnAccountClaimed } from '#profiles';
import { claimWaiting, endAllOfProfile, findProvidingProfiles, makeSubscriptions } from '#subscriptions';
import { makeThemes } from '#themes';
import { type Config, EVALUATION_EMAIL } from './config.ts';
import { firstRunPages } from './first-run/pages.ts';
import { findSubscriptions } from './find-subscriptions.ts';
import { version } from './version.ts';

const themeFolder = fileURLToPath(new URL('../themes/default/', import.meta.url));

export interface TollgateOptions {
  config: Config;
  /** The master key; see secret-key.ts. */
  secret: string;
  database: Database;
  clock: Clock;
  /** The same clock when it may be moved, in development. */
  movable: MovableClock | null;
  log: Logger;
}

/** A running whole: everything that src/main.ts and the tests need of it. */
export interface Tollgate {
  http: App;
  worker: Worker;
  mailer: Mailer;
  /** What was mailed, when mail is kept instead of sent. */
  mailbox: Mailbox;
  site: SiteCache;
  /** The context of something that nobody asked for over HTTP. */
  makeContext(job: string): Promise<PaymentContext>;
  /** Where people reach the site; settled once it listens when no BASE_URL is configured. */
  base_url(): string;
  /** Listens for requests; answers the address. */
  listen(): Promise<string>;
  /** Starts delivering events and running jobs. */
  startWorker(): Promise<void>;
  /** Makes `/readyz` respond 503, while requests are served as before. */
  announceStop(): void;
  /** Accepts no more connections, finishes every request of those that are open, then stops the rest. */
  close(): Promise<void>;
}

/** Wires every room by hand, in order. Nothing is connected or listening until the caller asks for it. */
export async function buildTollgate(options: TollgateOptions): Promise<Tollgate> {
  const { config, secret, database, clock, movable, log } = options;
  const { db } = database;
  useMasterKey(secret);
  const development = config.mode === 'development';
  let listening: string | null = null;
  let stopping = false;
  const base_url = () => config.base_url ?? listening ?? `http://${config.host}:${config.port}`;

  const site = makeSiteCache(db, () => performance.now());
  const themes = makeThemes({ folder: themeFolder, live: development });
  const templates = makeTemplates({ lookup: themes.lookup, assetUrl: themes.assetUrl, clock });
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
  const accounts = makeAccountsSettings({ ...config, secret_key: secret, throttle });
  const evaluation = config.mode === 'evaluation';
  const mailer = makeMailer({
    smtp_url: config.smtp_url,
    from: config.site_email,
    capture: development,
    write_to_log: evaluation,
    gate: makeMailGate({ throttle, findVerifiedAddresses: (addresses) => findVerifiedAddresses(db, addresses), log }),
    clock,
    log,
  });

  const processors = makeProcessors(config.processor, { db, clock });
  const makeContext = async (job: string): Promise<PaymentContext> => ({
    actor: { kind: 'job', name: job },
    db,
    clock,
    log: log.child({ job }),
    site: await site.get(),
    throttle,
    origin: base_url(),
    lang: 'en',
    peer: null,
    processors,
  });

  const http = await buildHttp({
    db,
    clock,
    log,
    base_url,
    allowed_hosts: config.allowed_hosts,
    trusted_proxies: config.trusted_proxies,
    secret,
    throttle,
    requests: {
      limit: request_limit,
      maxima: { own: config.requests_per_minute_max, forwarded: config.forwarded_requests_per_minute_max },
    },
    body_bytes_max: config.body_bytes_max,
    body_ms_max: config.body_ms_max,
    development,
    evaluation,
    probeDatabase: () => database.probe(),
    version,
    site: () => site.get(),
    authenticate: (credentials) => authenticate(db, clock, accounts, credentials),
    decideAccess: makeDecideAccess({
      providersOf: findProvidingProfiles,
      findLead,
      grace_days: config.provider_grace_days,
      terms_required: config.terms_required,
    }),
    templates,
    pageContext: makeMenu(),
    isStopping: () => stopping,
  });

  const gateway = makeGateway({
    db,
    log,
    secret,
    upstream: config,
    stillSignedIn: (reader, at, list) => findAuthenticatedCallers(reader, at, accounts, list),
    private_addresses_allowed: config.private_addresses_allowed,
    provider_grace_days: config.provider_grace_days,
    hasTemplate: (name) => templates.has(name),
    onSiteChanged: () => site.drop(),
  });
  const rooms = [
    themes,
    ...makeRooms({
      accounts,
      templates,
      mailer,
      site_email: config.site_email,
      processors,
      dev_routes: development && movable !== null,
    }),
    gateway,
  ];
  checkRooms([{ name: 'platform', page_types: [...apiReferencePageTypes, ...errorPageTypes] }, ...rooms], (name) =>
    templates.has(name),
  );
  const worker = makeWorker({
    db,
    clock,
    jobs: [...rooms.flatMap(({ jobs = [] }) => jobs), ...platformJobs],
    subscribers: rooms.flatMap(({ subscribers = [] }) => subscribers),
    makeContext,
    log,
  });
  http.addHook('onResponse', async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') worker.nudge();
  });

  for (const room of rooms) {
    room.routes?.(http);
    room.pages?.(http);
  }
  firstRunPages(http, {
    throttle,
    secret,
    private_addresses_allowed: config.private_addresses_allowed,
    default_email: EVALUATION_EMAIL,
    onSiteChanged: () => site.drop(),
  });
  if (development && movable) {
    devRoutes(http, {
      mailbox: mailer.mailbox,
      clock: movable,
      runDue: (to) => worker.runDue(movable, to),
    });
  }
  // Last: the catch-all matches every path without a route.
  await gateway.registerCatchAll(http);
  const connections = followConnections(http.server);
  // Must be the last `preClose` hook: before it the gateway begins to end its streams.
  http.addHook('preClose', async () => {
    const cut_count = await connections.drain(config.stop_ms_max);
    if (cut_count > 0) log.warn({ cut_count }, 'connections cut: requests took longer than STOP_MS_MAX');
  });

  return {
    http,
    worker,
    mailer,
    mailbox: mailer.mailbox,
    site,
    makeContext,
    base_url,
    async listen() {
      listening = await http.listen({ host: config.host, port: config.port });
      return base_url();
    },
    async startWorker() {
      await worker.start();
    },
    announceStop() {
      stopping = true;
    },
    async close() {
      stopping = true;
      await http.close();
      request_limit.close();
      await worker.stop();
      await gateway.close();
      await mailer.close();
    },
  };
}

interface RoomSettings {
  accounts: ReturnType<typeof makeAccountsSettings>;
  templates: Templates;
  mailer: Mailer;
  /** Address that messages come from. */
  site_email: string;
  processors: Processors;
  dev_routes: boolean;
}

/** Removes what the owner of an account did not choose: cards on file, the open cart and switched-off notifications. */
const removeChoices: OnAccountClaimed = async (tx, { user_id, profile_ids }) => {
  for (const profile_id of profile_ids) await deleteSavedCard(tx, profile_id);
  await emptyCart(tx, user_id);
  await deleteOptouts(tx, user_id);
};

/** Makes every room in the order of their directions: a room comes after the rooms that it imports. */
function makeRooms({ accounts, templates, mailer, site_email, processors, dev_routes }: RoomSettings): readonly Room[] {
  const { throttle } = accounts;
  return [
    makeAccounts({
      settings: accounts,
      hooks: emptyCartOnArchive(makeProfilesHooks(endAllOfProfile, removeChoices, claimWaiting)),
      findLead,
    }),
    makeProfiles({ accounts, templates, findSubscriptions, findProfileNotes, onProfileArchived: endAllOfProfile }),
    makeContacts({ throttle }),
    makeCatalog(),
    makeLedger(),
    makeSubscriptions({ throttle }),
    makePayments({ processors, dev_routes }),
    makeBilling({ processors }),
    makeMetrics(),
    makeNotifications({ mailer, templates, from: site_email }),
  ];
}
