import assert from 'node:assert/strict';
import type { Logger } from 'pino';
import { Stripe } from 'stripe';
import { default_keys, type RunningEmulator, startEmulator } from '#stripe-emulator';
import type { ProfileId } from '#platform/db/db-schema';
import { accounts, findBalance, verifyLedger } from '#ledger';
import { type Charge, connectBank, type PaymentContext } from '#payments';
import { next } from './factories.ts';
import { makeParty } from './factories/ledger.ts';
import { makeCharge } from './factories/payments.ts';
import { runJob } from './run-job.ts';
import { startApp, type TestApp } from './start-app.ts';

type Config = NonNullable<Parameters<typeof startApp>[0]>['config'];

/** A site that takes payments with Stripe, and an emulator of it. The clock of both stands still between moves. */
export interface StripeSite {
  app: TestApp;
  emulator: RunningEmulator;
  /** The account of the broker, as its dashboard shows it. */
  client: Stripe;
  ctx: PaymentContext;
  /** Acts as the bank, the provider or a person at Stripe, through the control API. */
  act(path: string, body: object): Promise<void>;
  /** Learns of what happened at Stripe, twice: each message can come again. */
  learn(): Promise<void>;
  /** A provider whose account at Stripe takes charges. */
  makeProvider(name?: string): Promise<{ provider: ProfileId; account: string }>;
  advance(ms: number): void;
  /** A sale of a provider with a share of the broker of 10 %: on its account if that takes charges. */
  makeSale(provider: ProfileId, amounts?: number[], token?: string): Promise<Charge>;
  /** Units: 1/100 of usd. */
  fundsOf(profile: ProfileId): Promise<number>;
  /** Available and pending balance of an account at Stripe; `''` is that of the broker. Units: 1/100 of usd. */
  balanceOf(account: string): Promise<number>;
  /** Fails if the ledger or the emulator breaks a rule of its own. */
  assertSound(): Promise<void>;
  /** Payloads of the events of a name about a profile. */
  payloadsOf(name: string, profile_id: ProfileId): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Starts a site with Stripe at 2026-03-10T15:00:00Z. `config` can name other keys and settings. */
export async function startStripeSite(
  config: Config = {},
  keys: readonly string[] = [],
  log?: Logger,
): Promise<StripeSite> {
  const [stripe_secret_key, stripe_publishable_key] = default_keys;
  const now = new Date('2026-03-10T15:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  const emulator = await startEmulator({ clock: { now: () => clock.now() }, keys: [...default_keys, ...keys] });
  const { hostname: host, port } = new URL(emulator.url);
  const stripe_api_url = emulator.url;
  const settings = { processor: 'stripe', stripe_secret_key, stripe_publishable_key, stripe_api_url, ...config };
  const app = await startApp({ now, config: settings, ...(log === undefined ? {} : { log }) });
  clock = app.clock;
  const made = await app.tollgate.makeContext('test');
  const ctx: PaymentContext = { ...made, actor: { kind: 'anonymous', visitor_hash: null } };
  async function act(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const url = `${emulator.url}/_emulator/${path}`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    assert(response.ok, `${path}: ${response.status}`);
  }
  async function learn(): Promise<void> {
    for (let round = 0; round < 2; round += 1) {
      await runJob(app.tollgate, 'sweep_processor_events');
      await runJob(app.tollgate, 'handle_processor_events');
    }
  }
  const client = new Stripe(stripe_secret_key, { host, port, protocol: 'http', telemetry: false });
  return {
    app,
    emulator,
    client,
    ctx,
    act,
    learn,
    async makeProvider(name = next('club')) {
      const provider = await makeParty(app.db, name);
      await connectBank(ctx, provider);
      const { account } = await app.db
        .selectFrom('payout_accounts')
        .select('account')
        .where('profile_id', '=', provider)
        .executeTakeFirstOrThrow();
      await act(`accounts/${account}`, { to: 'ready' });
      await learn();
      return { provider, account };
    },
    advance: (ms) => app.clock.set(new Date(app.clock.now().getTime() + ms)),
    async makeSale(provider, amounts = [17_999], token = 'pm_card_visa') {
      const payer = await makeParty(app.db);
      return (await makeCharge(ctx, { payer, provider, amounts, token, broker_fee_percent: 1000 })).charge;
    },
    fundsOf: async (profile) => (await findBalance(app.db, profile, accounts.funds))[0]?.amount ?? 0,
    async balanceOf(account) {
      const { available, pending } = await client.balance.retrieve(
        {},
        account === '' ? {} : { stripeAccount: account },
      );
      return [...available, ...pending].reduce((sum, { amount }) => sum + amount, 0);
    },
    async assertSound() {
      assert.deepEqual((await verifyLedger(app.db)).violations, []);
      assert.deepEqual(emulator.control.invariants(), []);
    },
    async payloadsOf(name, profile_id) {
      const rows = await app.db.selectFrom('outbox_events').select('payload').where('name', '=', name).execute();
      const payloads = rows.map(({ payload }) => payload as Record<string, unknown>);
      return payloads.filter((each) => each['profile_id'] === profile_id);
    },
    async close() {
      await app.close();
      await emulator.stop();
    },
  };
}
