import assert from 'node:assert/strict';
import { Stripe } from 'stripe';
import { default_keys, type RunningEmulator, startEmulator } from '#stripe-emulator';
import { verifyLedger } from '#ledger';
import { BEGIN, type ChangeSite, startChanges } from './changes.ts';

/** The site of the examples, which takes payments with Stripe, and an emulator of it with the clock of the site. */
export interface StripeChanges {
  site: ChangeSite;
  emulator: RunningEmulator;
  /** The account of the broker, as its dashboard shows it. */
  client: Stripe;
  /** Ends both; fails if the ledger or the emulator breaks a rule of its own. */
  close(): Promise<void>;
}

/** Starts both with the clock at BEGIN. `config` can name other settings, `keys` further keys of the account. */
export async function startStripeChanges(
  config: NonNullable<Parameters<typeof startChanges>[0]>['config'] = {},
  keys: readonly string[] = [],
): Promise<StripeChanges> {
  const [stripe_secret_key, stripe_publishable_key] = default_keys;
  let clock: { now(): Date } = { now: () => new Date(BEGIN) };
  const emulator = await startEmulator({ clock: { now: () => clock.now() }, keys: [...default_keys, ...keys] });
  const site = await startChanges({
    config: {
      processor: 'stripe',
      stripe_secret_key,
      stripe_publishable_key,
      stripe_api_url: emulator.url,
      ...config,
    },
  });
  clock = site.app.clock;
  return {
    site,
    emulator,
    client: stripeClient(emulator, stripe_secret_key),
    async close() {
      const { violations } = await verifyLedger(site.app.db);
      const broken = emulator.control.invariants();
      await site.close();
      await emulator.stop();
      assert.deepEqual([violations, broken], [[], []]);
    },
  };
}

/** Makes a client of an emulator with a key: the publishable one is that of the script in a browser. */
export function stripeClient({ url }: Pick<RunningEmulator, 'url'>, key: string): Stripe {
  const { hostname: host, port } = new URL(url);
  return new Stripe(key, { host, port, protocol: 'http', telemetry: false });
}
