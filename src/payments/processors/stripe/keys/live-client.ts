import type { Stripe } from 'stripe';
import type { Clock } from '#platform/clock';
import type { Context } from '#platform/context';
import { type Db, inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { processorKeyRefused } from '../../../events.ts';
import { KeyReusedError } from '../../processor.ts';
import { ProcessorSetupError } from '../../setup.ts';
import { makeCallPacer } from './call-pacer.ts';
import type { CallRecord } from './call-record.ts';
import { isKeyRefused, isKeyReused, isTooMany, TOO_MANY, withoutBody } from '../declined-by.ts';
import { claimRefusalNotice } from './account-store.ts';
import { findStoredKeys } from './key-store.ts';
import { isLiveKey, makeStripeClient, onResponse, type StripeSettings } from '../stripe-client.ts';
import { STRIPE } from '../stripe-needs.ts';

/** How long a node uses a key before it looks for a newer one. */
const FRESH_MS = 5000;

/** Time between two log lines about a key that Stripe refuses. */
const LOG_MS = 3_600_000;

/** How long jobs charge no card after Stripe refused a call as one too many. */
const PAUSE_MS = 30_000;

/** The client with the newest key. */
export interface LiveClient {
  readonly client: Stripe;
  readonly settings: StripeSettings;
  /** Makes a call with the newest key. Rejects with ProcessorSetupError if Stripe refuses the key. */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Takes a newer key, if one was stored; without `is_now` at most every five seconds. */
  refresh(is_now?: boolean): Promise<void>;
  /** True from a refusal of the key until the next call that was accepted. */
  isRefused(): boolean;
  /** Returns the end of the pause of jobs that charge cards; null without one. */
  pausedUntil(): Date | null;
}

interface Needs {
  db: Db;
  clock: Clock;
  log: Context['log'];
  settings: StripeSettings;
  app_version: string;
  record: CallRecord;
}

/**
 * Makes the client of the key in the settings, or of a stored one that replaces it. A refused key is looked up before
 * each call, so that a new one is used by the next call of every node.
 */
export function makeLiveClient({ db, clock, log, settings: configured, app_version, record }: Needs): LiveClient {
  const isEmulator = configured.api_url !== null;
  const pacer = isEmulator ? null : makeCallPacer(isLiveKey(configured.secret_key) ? 'live' : 'test');
  const pause = makePause(clock, log);
  let settings = configured;
  const makeClient = () => pause.watch(makeStripeClient(settings, app_version, { pacer, record }));
  let client = makeClient();
  let refreshed_ms = Number.NEGATIVE_INFINITY;
  let refused_ms: number | null = null;
  let logged_ms = Number.NEGATIVE_INFINITY;

  async function refresh(is_now = false): Promise<void> {
    const now_ms = performance.now();
    if (!is_now && refused_ms === null && now_ms - refreshed_ms < FRESH_MS) return;
    refreshed_ms = now_ms;
    const stored = await findStoredKeys(db, configured.secret_key);
    const { secret_key, publishable_key } = stored ?? configured;
    const next = { ...configured, secret_key, publishable_key };
    if (secret_key === settings.secret_key && publishable_key === settings.publishable_key) return;
    settings = next;
    client = makeClient();
    log.info('a new key of Stripe is used');
  }
  function refuse(error: unknown): ProcessorSetupError {
    const now_ms = performance.now();
    refused_ms = now_ms;
    const cause = withoutBody(error);
    if (now_ms - logged_ms >= LOG_MS) {
      logged_ms = now_ms;
      log.error({ err: cause }, 'Stripe refuses the key: payments wait for a new one (docs/operating/payments.md)');
    }
    return new ProcessorSetupError('Stripe refuses the key', { cause });
  }
  return {
    get client() {
      return client;
    },
    get settings() {
      return settings;
    },
    async run(call) {
      await refresh();
      try {
        const answer = await call();
        if (refused_ms !== null) log.info('Stripe accepts the key again');
        refused_ms = null;
        return answer;
      } catch (error) {
        if (isTooMany(error)) pause.begin();
        if (!isKeyRefused(error)) throw cleanError(error);
        const refused = refuse(error);
        await notifyBroker({ db, clock, log });
        throw refused;
      }
    },
    refresh,
    isRefused: () => refused_ms !== null,
    pausedUntil: pause.until,
  };
}

/** Returns an error without the objects that it carries. One of a reused key has a class of its own. */
function cleanError(error: unknown): unknown {
  const cause = withoutBody(error);
  return isKeyReused(error) ? new KeyReusedError({ cause }) : cause;
}

/** Makes the pause of jobs that charge cards. Each process has its own, like its pace of calls. */
function makePause(clock: Clock, log: Needs['log']) {
  let ends_at = new Date(0);
  const until = () => (clock.now() < ends_at ? ends_at : null);
  return {
    until,
    begin,
    /** Begins the pause also for a response that the package tries again, or whose error the adapter handles. */
    watch(client: Stripe): Stripe {
      onResponse(client, ({ status }) => {
        if (status === TOO_MANY) begin();
      });
      return client;
    },
  };
  function begin(): void {
    if (until() === null) log.warn({ pause_s: PAUSE_MS / 1000 }, 'Stripe takes no more calls: jobs wait');
    ends_at = new Date(clock.now().getTime() + PAUSE_MS);
  }
}

/** Notifies the broker of a refused key, once an hour. A failure must not hide the refusal: it is logged. */
async function notifyBroker({ db, clock, log }: Pick<Needs, 'db' | 'clock' | 'log'>): Promise<void> {
  try {
    const at = clock.now();
    await inTransaction(db, async (tx) => {
      if (!(await claimRefusalNotice(tx, at))) return;
      await emit(tx, processorKeyRefused({ processor: STRIPE, originated_by: null }), at);
    });
  } catch (error) {
    log.warn({ err: error }, 'the broker was not notified of a refused key');
  }
}
