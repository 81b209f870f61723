import { randomBytes } from 'node:crypto';
import { openSessionKey } from '#gateway';
import { parseInstant } from '#kernel/instant';
import { DEFAULT_PROCESSOR, processorNames } from '#payments';
import { type MovableClock, movableClock } from '#platform/clock';
import { openDatabase } from '#platform/db/database';
import { migrate } from '#platform/db/migrate';
import { randomKey40 } from '#platform/security/crypto';
import { createUpstreamApp } from '../../examples/upstream-app/index.ts';
import { buildTollgate } from '../app.ts';
import type { Command } from '../commands.ts';
import { type Config, readEnvironment, readConfig } from '../config.ts';
import { seedDemo } from '../demo/seed-demo.ts';
import { formatTour } from '../demo/tour.ts';
import { requireSafeSettings, findUnsafeSettings } from '../settings/unsafe-settings.ts';
import { startEmulator } from '../stripe-emulator/index.ts';
import { makeLog } from './open-site.ts';
import { untilStopped } from './until-stopped.ts';

/** Runs a site with sample data in one process and in memory, with captured mail and the sample application. */
export const demo: Command = {
  options: { bare: { type: 'boolean' }, clock: { type: 'string' }, processor: { type: 'string' } },
  async run(values) {
    const start = typeof values['clock'] === 'string' ? parseInstant(values['clock'], 'UTC') : undefined;
    if (start === null) {
      process.stderr.write('--clock: give an instant in ISO 8601, such as 2026-01-31T02:00:00Z.\n');
      return 2;
    }
    const processor = values['processor'] ?? DEFAULT_PROCESSOR;
    if (!isProcessorName(processor)) return 2;
    const started_ms = performance.now();
    const config = readConfig(readEnvironment({ LOG_LEVEL: 'warn' }), {
      mode: 'development',
      database_url: null,
      site_slug: 'cowork',
      site_title: 'Coworking Space',
      site_email: 'support@cowork.example.com',
      password_length_min: 4,
      terms_required: false,
      throttle_factor: 1000,
      private_addresses_allowed: true,
    });
    // On loopback addresses the demo may relax the settings that its banner lists.
    requireSafeSettings(
      config,
      findUnsafeSettings(config).filter(({ override }) => override === 'ALLOW_PUBLIC_DEVELOPMENT'),
    );
    const log = makeLog(config);
    const database = await openDatabase({ memory: true });
    const clock = movableClock(start);
    await migrate(database.db);
    const upstream = createUpstreamApp({ now: () => clock.now() });
    const upstream_url = await upstream.listen();
    const secret = randomBytes(48).toString('base64url');
    await seedDemo({ database, clock, log, secret, config, upstream, upstream_url, bare: values['bare'] === true });
    // The sample history was paid with the test processor, which keeps its charges and cards.
    const emulated = processor === 'stripe' ? await emulateStripe(config, clock) : null;
    const running = { ...config, ...emulated?.config };
    const tollgate = await buildTollgate({ config: running, secret, database, clock, movable: clock, log });
    // Both run in one process: the application reads a rotated key directly.
    upstream.setKey(async () => openSessionKey(await tollgate.site.get(), secret));
    await tollgate.startWorker();
    const address = await tollgate.listen();
    const stopping = untilStopped(log, config.stop_ms_max);
    process.stdout.write(
      welcome(
        config,
        values['bare'] === true,
        address,
        upstream_url,
        emulated?.url ?? null,
        Math.round(performance.now() - started_ms),
      ),
    );
    await stopping;
    await tollgate.close();
    await upstream.close();
    await emulated?.stop();
    await database.close();
    return 0;
  },
};

/** True for a processor; says otherwise which ones there are. */
function isProcessorName(given: unknown): boolean {
  const isKnown = typeof given === 'string' && processorNames.includes(given);
  if (!isKnown) process.stderr.write(`--processor: give one of ${processorNames.join(', ')}.\n`);
  return isKnown;
}

/** Starts the emulator of Stripe on the clock of the site; returns the settings with which the site uses it. */
async function emulateStripe(config: Config, clock: MovableClock) {
  const secrets = { platform: `whsec_${randomKey40()}`, connect: `whsec_${randomKey40()}` };
  const site = `http://127.0.0.1:${config.port}/api/stripe/postevent`;
  const { url, stop } = await startEmulator({
    clock,
    webhooks: [
      { url: site, secret: secrets.platform },
      { url: `${site}/connect`, secret: secrets.connect, is_connect: true },
    ],
  });
  const settings = {
    processor: 'stripe',
    stripe_secret_key: 'sk_test_tollgate',
    stripe_publishable_key: 'pk_test_tollgate',
    stripe_api_url: url,
    stripe_webhook_secrets: secrets.platform,
    stripe_connect_webhook_secrets: secrets.connect,
  };
  return { url, stop, config: settings };
}

function welcome(
  config: Config,
  bare: boolean,
  address: string,
  upstream_url: string,
  emulator_url: string | null,
  took_ms: number,
): string {
  return `
  Tollgate demo, ready in ${(took_ms / 1000).toFixed(1)} s. Everything is in memory and is lost when you stop it (Ctrl-C).

  ${address}/              the site
  ${address}/app/          the application behind the gateway (itself at ${upstream_url})
  ${address}/pricing/      plans and prices
  ${address}/docs/api/     the API reference
  ${address}/_dev/mail     sent e-mails${emulator_url === null ? '' : `\n  ${emulator_url}/_emulator  the emulator of Stripe: requests, objects, messages`}
  ${address}/_dev/clock    the site's clock; POST {"now": "…"} moves it forward

  Sign in with the password yoyo as donny, alice, xia or kenneth. To try:

${bare ? `    · ${address}/metrics/cowork/setup/, as donny, shows the set-up of a new site` : formatTour(address)}

  Relaxed for the demo, never in production:
    passwords of ${config.password_length_min} characters, rate limits × ${config.throttle_factor}${config.terms_required ? '' : ', no terms to sign'}
    /_dev/ shows every e-mail and moves the clock for every caller
    the application may have a private address, cookies lack Secure, no money moves

`;
}
