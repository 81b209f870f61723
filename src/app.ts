import { authenticate, findAuthenticatedCallers, makeAccounts, peekCaller } from '#accounts';
import {
  emptyCart,
  emptyCartOnArchive,
  findChosenOffer,
  findOpenCredit,
  profileClosing,
  makeBilling,
  makeSubscriptionEnding,
  showSubscriberFile,
} from '#billing';
import { makeCatalog } from '#catalog';
import { findLead, makeContacts, selectProfileNotes } from '#contacts';
import { type Gateway, makeGateway } from '#gateway';
import { makeLedger } from '#ledger';
import { makeMetrics } from '#metrics';
import { deleteOptouts, makeNotifications } from '#notifications';
import { makeOperations } from '#operations';
import { makePayments, type PaymentContext, deleteSavedCard } from '#payments';
import { clockPage } from '#platform/dev-clock/page-types';
import { devRoutes } from '#platform/dev-routes';
import { galleryRoutes } from '#platform/gallery';
import { type App, buildHttp } from '#platform/http/app';
import type { DecideAccess } from '#platform/http/guards/access';
import { followConnections } from '#platform/http/connections';
import { apiReferencePageTypes } from '#platform/http/reference/api-reference-pages';
import { errorPageTypes } from '#platform/http/replies/error-pages';
import { registerMetrics } from '#platform/http/replies/metrics';
import { confirmPage } from '#platform/pages/forms/confirm-page';
import { platformJobs } from '#platform/jobs/platform-jobs';
import { makeWorker, type Worker } from '#platform/jobs/worker';
import type { Mailer } from '#platform/mail/mail';
import type { Mailbox } from '#platform/mail/mailbox';
import { checkRooms, type Room } from '#platform/room';
import type { SiteSource } from '#platform/site';
import { makeDecideAccess, makeFindPageFacts, makeProfiles, makeProfilesHooks, type OnAccountClaimed } from '#profiles';
import {
  claimWaiting,
  findProviderTerms,
  makeSubscriptions,
  providersAt,
  selectActiveSubscriptions,
} from '#subscriptions';
import { EVALUATION_EMAIL } from './config.ts';
import { setUpPage } from './first-run/page-types.ts';
import { firstRunPages } from './first-run/pages.ts';
import { ledgerChecks } from './ledger-checks.ts';
import { readWebhookSecrets } from './settings/stripe-settings.ts';
import { makeServices, type Services, type TollgateOptions } from './services.ts';
import { version } from './version.ts';

export type { TollgateOptions } from './services.ts';

/** A wired program: its parts for src/main.ts and the tests. */
export interface Tollgate {
  http: App;
  /** Everything that declares routes, pages, jobs and events, the platform included. */
  rooms: readonly Room[];
  worker: Worker;
  mailer: Mailer;
  /** Messages, when mail is captured instead of sent. */
  mailbox: Mailbox;
  site: SiteSource;
  /** Makes the context of work without a request. */
  makeContext(job: string): Promise<PaymentContext>;
  /** Origin of the site; without BASE_URL known once the process listens. */
  base_url(): string;
  /** Listens for requests; returns the address. */
  listen(): Promise<string>;
  /** Starts delivering events and running jobs. */
  startWorker(): Promise<void>;
  /** Makes `/readyz` respond 503; other requests are served. */
  announceStop(): void;
  /** Accepts no more connections, finishes every request on the open ones, then stops the rest. */
  close(): Promise<void>;
}

/** Wires every room, in order. Nothing is connected or listening before the caller starts it. */
export async function buildTollgate(options: TollgateOptions): Promise<Tollgate> {
  const services = await makeServices(options);
  const { config, log, mailer, site, makeContext, base_url } = services;
  let is_stopping = false;
  const gateway = makeGatewayOf(services);
  const rooms = [...makeRooms(services, gateway), ...(await developmentRooms(services))];
  checkRooms(rooms, (name) => services.templates.has(name));

  const http = await buildServer(services, rooms, () => is_stopping);
  const worker = makeWorker({
    db: services.database.db,
    clock: services.clock,
    jobs: rooms.flatMap(({ jobs = [] }) => jobs),
    subscribers: rooms.flatMap(({ subscribers = [] }) => subscribers),
    makeContext,
    log,
  });
  http.addHook('onResponse', (request, _reply, done) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') worker.nudge();
    done();
  });
  registerRooms(http, rooms);
  registerDevelopment(http, services, rooms, worker);
  await gateway.registerCatchAll(http); // last: every path without a route belongs to the access rules
  const connections = followConnections(http.server);
  // The last preClose hook: before it the gateway has begun to end its streams, which end without a response.
  http.addHook('preClose', async () => {
    const cut_count = await connections.drain(config.stop_ms_max);
    if (cut_count > 0) log.warn({ cut_count }, 'connections cut: requests took longer than STOP_MS_MAX');
  });

  return {
    http,
    rooms,
    worker,
    mailer,
    mailbox: mailer.mailbox,
    site,
    makeContext,
    base_url,
    async listen() {
      services.setListening(await http.listen({ host: config.host, port: config.port }));
      return base_url();
    },
    startWorker: () => worker.start(),
    announceStop() {
      is_stopping = true;
    },
    async close() {
      is_stopping = true;
      await http.close();
      await worker.stop();
      await gateway.close();
      await services.close();
    },
  };
}

/** Registers the API and the pages of every room, and `/metrics` with the gauges of all. */
function registerRooms(http: App, rooms: readonly Room[]): void {
  for (const room of rooms) {
    room.routes?.(http);
    room.pages?.(http);
  }
  registerMetrics(
    http,
    rooms.flatMap(({ gauges = [] }) => gauges),
    rooms.flatMap(({ histograms = [] }) => histograms),
  );
}

function decideAccessOf({ config, facts }: Services): DecideAccess {
  return makeDecideAccess({
    facts,
    findProviderTerms,
    providersAt,
    findLead,
    grace_days: config.provider_grace_days,
    terms_required: config.terms_required,
  });
}

async function buildServer(services: Services, rooms: readonly Room[], isStopping: () => boolean): Promise<App> {
  const { config, database, clock, templates, accounts, site, facts } = services;
  const { db } = database;
  const source = { db, clock, settings: accounts, facts };
  return buildHttp({
    db,
    clock,
    log: services.log,
    base_url: services.base_url,
    allowed_hosts: config.allowed_hosts,
    trusted_proxies: config.trusted_proxies,
    secret: services.secret,
    throttle: services.throttle,
    requests: {
      limit: services.request_limit,
      maxima: { own: config.requests_per_minute_max, forwarded: config.forwarded_requests_per_minute_max },
    },
    body_bytes_max: config.body_bytes_max,
    body_ms_max: config.body_ms_max,
    development: config.mode === 'development',
    evaluation: config.mode === 'evaluation',
    probeDatabase: () => database.probe(),
    version,
    site: () => site.get(),
    terms: { seat_code_days: config.seat_code_days },
    authenticate: (credentials) => authenticate(source, credentials),
    peeked: { site: () => site.peek(), authenticate: (credentials) => peekCaller(source, credentials) },
    decideAccess: decideAccessOf(services),
    templates,
    findPageFacts: makeFindPageFacts(facts),
    undo_types: rooms.flatMap(({ undo_types = [] }) => undo_types),
    nav_counters: rooms.flatMap(({ nav_counters = [] }) => nav_counters),
    isStopping,
  });
}

/** Removes what the owner of an account did not choose: cards on file, the open cart, switched-off notifications. */
const removeChoices: OnAccountClaimed = async (tx, { user_id, profile_ids }) => {
  for (const profile_id of profile_ids) await deleteSavedCard(tx, profile_id);
  await emptyCart(tx, user_id);
  await deleteOptouts(tx, user_id);
};

/** What archiving a profile does in rooms above profiles. */
const archival = { ...profileClosing, findOpenCredit };

/** Makes the platform and every room in the order of their directions: a room comes after the rooms that it imports. */
function makeRooms(services: Services, gateway: Gateway): readonly Room[] {
  const { config, accounts, templates, throttle, mailer, processors, movable } = services;
  return [
    services.themes,
    { name: 'platform', jobs: platformJobs, page_types: [...apiReferencePageTypes, ...errorPageTypes, confirmPage] },
    makeAccounts({
      settings: accounts,
      hooks: emptyCartOnArchive(makeProfilesHooks(archival, removeChoices, claimWaiting)),
      findLead,
      findChosenOffer,
    }),
    makeProfiles({
      accounts,
      templates,
      selectSubscriptions: selectActiveSubscriptions,
      selectNotes: selectProfileNotes,
      ...archival,
      findChosenOffer,
      invitation_reminder_days: config.invitation_reminder_days,
      showSubscriberFile,
    }),
    makeContacts({ throttle }),
    makeCatalog(),
    makeLedger({ checks: ledgerChecks }),
    makeSubscriptions({ ...config, throttle, endings: makeSubscriptionEnding(processors) }),
    makePayments({
      processors,
      decideAccess: decideAccessOf(services),
      dev_routes: config.mode === 'development' && movable !== null,
      webhooks: { db: services.database.db, clock: services.clock, secrets: readWebhookSecrets(config) },
    }),
    makeBilling({ ...config, processors, renewals: config }),
    makeMetrics(),
    makeNotifications({ mailer, templates, from: config.site_email }),
    makeOperations(),
    gateway,
    makeFirstRun(services),
  ];
}

function makeGatewayOf({ config, database, facts, log, secret, accounts, templates }: Services): Gateway {
  return makeGateway({
    db: database.db,
    log,
    secret,
    upstream: config,
    stillSignedIn: (reader, at, list) => findAuthenticatedCallers(reader, at, accounts, list),
    private_addresses_allowed: config.private_addresses_allowed,
    facts,
    provider_grace_days: config.provider_grace_days,
    hasTemplate: (name) => templates.has(name),
  });
}

function makeFirstRun({ config, secret }: Services): Room {
  return {
    name: 'first-run',
    page_types: [setUpPage],
    pages: (http) =>
      firstRunPages(http, {
        secret,
        private_addresses_allowed: config.private_addresses_allowed,
        default_email: EVALUATION_EMAIL,
      }),
  };
}

/** Returns the pages that only the gallery shows; in development only. */
async function developmentRooms({ config }: Services): Promise<readonly Room[]> {
  if (config.mode !== 'development') return [];
  const { piecePageTypes } = await import('#platform/pages/pieces/piece-page-types');
  return [
    { name: 'pieces', page_types: piecePageTypes },
    { name: 'clock', page_types: [clockPage] },
  ];
}

/** Registers `/_dev/`: captured mail, the clock and the gallery; in development only. */
function registerDevelopment(
  http: App,
  { config, mailer, movable }: Services,
  rooms: readonly Room[],
  worker: Worker,
): void {
  if (config.mode !== 'development' || !movable) return;
  devRoutes(http, {
    mailbox: mailer.mailbox,
    clock: movable,
    runDue: (to, move) => worker.runDue(movable, to, move),
  });
  galleryRoutes(http, rooms);
}
