import type { AddressInfo } from 'node:net';
import { checkout_kinds } from './checkout/index.ts';
import { connect_kinds, insertPlatform, insertReadyAccount } from './connect/index.ts';
import { makeControl, type Control } from './control/index.ts';
import { kinds as object_kinds } from './objects/index.ts';
import { StateFile } from './persistence/index.ts';
import { addKey, Emulator, makeServer, type EmulatorClock } from './server/index.ts';
import { answerPage } from './site/index.ts';
import { addEndpoint, Dispatcher, webhook_kinds } from './webhooks/index.ts';

export interface EmulatorOptions {
  readonly clock: EmulatorClock;
  /** 0 takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Pages of other machines may use the form script. */
  readonly is_public?: boolean;
  /** Business name of the platform. */
  readonly business_name?: string;
  /** The same seed and the same calls give the same ids. */
  readonly seed?: string;
  /** API keys; a restricted key may list its permissions. */
  readonly keys?: readonly (string | { key: string; permissions: readonly string[] })[];
  readonly webhooks?: readonly { url: string; secret: string; is_connect?: boolean }[];
  /** Ids of connected accounts that exist at the start and can be charged. */
  readonly accounts?: readonly string[];
  readonly webhook_retry_divisor?: number;
  /** True: messages leave in `control.flush()` only, so that a run can be repeated. */
  readonly delivers_on_flush?: boolean;
  /** File with the state; it is read at the start and written with each change. */
  readonly state_file?: string;
  /** Called before each delivery. */
  readonly on_webhook?: (event: Record<string, unknown>, url: string) => void;
  /** Called with a fault of the emulator itself. */
  readonly on_bug?: (error: unknown) => void;
}

export interface RunningEmulator {
  readonly url: string;
  readonly control: Control;
  stop(): Promise<void>;
}

export const default_keys = ['sk_test_tollgate', 'pk_test_tollgate', 'rk_test_tollgate'] as const;
const kinds = [...object_kinds, ...connect_kinds, ...checkout_kinds, ...webhook_kinds];
const POLL_MS = 200;

/** Returns an emulator that does not listen yet. */
export function makeEmulator(options: EmulatorOptions): Emulator {
  const settings = {
    base_url: 'http://127.0.0.1',
    search_lag_s: 0,
    events_before_answer: false,
    webhook_retry_divisor: options.webhook_retry_divisor ?? 1,
    dispute_fee: 1500,
    exchange_rates: {},
    dispute_fee_returned: false,
  };
  const emulator = new Emulator({ clock: options.clock, seed: options.seed ?? '1', kinds, settings });
  if (options.on_bug) emulator.onBug = options.on_bug;
  return emulator;
}

/** Starts an emulator of Stripe on this machine. */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const { port = 0, host = '127.0.0.1', delivers_on_flush = false } = options;
  const emulator = makeEmulator(options);
  const dispatcher = new Dispatcher(emulator);
  if (options.on_webhook) dispatcher.onWebhook = options.on_webhook;
  const state = options.state_file === undefined ? null : new StateFile(options.state_file, emulator.world);
  if (state) emulator.onCommit = (changes) => state.append(changes);
  const setUp = () => fillState(emulator, options);
  setUp();
  const control = makeControl(emulator, dispatcher, setUp);
  const site = { is_public: options.is_public ?? false, attempts: () => dispatcher.attempts };
  const server = makeServer(emulator, {
    pages: async (request) => answerPage(emulator, request, site) ?? (await control.answerPage(request)),
    deliver: async () => (delivers_on_flush ? undefined : dispatcher.pump()),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo; // a listening TCP server has one
  emulator.settings.base_url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  const poll = setInterval(() => {
    emulator.tick();
    if (!delivers_on_flush) void dispatcher.pump();
  }, POLL_MS).unref();
  return {
    url: emulator.settings.base_url,
    control: control.api,
    async stop() {
      clearInterval(poll);
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await dispatcher.stop();
      state?.close();
    },
  };
}

/** Adds what every state has and a replayed one lacks: keys, the platform's accounts, what the options name. */
export function fillState(emulator: Emulator, options: EmulatorOptions): void {
  const { world } = emulator;
  for (const key of options.keys ?? default_keys) {
    if (typeof key !== 'string') addKey(world, key.key, key.permissions);
    else if (!world.row(`_key:${key}`)) addKey(world, key);
  }
  for (const livemode of [false, true]) {
    const ctx = emulator.contextOf({ account: '', livemode });
    if (world.all(ctx.scope, 'account').length === 0) insertPlatform(ctx, options.business_name ?? 'Tollgate');
  }
  const platform = emulator.contextOf({ account: '', livemode: false });
  for (const id of options.accounts ?? []) if (!world.row(id)) insertReadyAccount(platform, id);
  const known = new Set(world.all(platform.scope, 'webhook_endpoint').map((endpoint) => endpoint['url']));
  for (const { url, secret, is_connect = false } of options.webhooks ?? [])
    if (!known.has(url)) addEndpoint(platform, { url, secret, is_connect, enabled_events: ['*'] });
  emulator.commit();
}
