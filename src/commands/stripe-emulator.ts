import { isIP } from 'node:net';
import { systemClock } from '#platform/clock';
import { default_keys, startEmulator, type RunningEmulator } from '#stripe-emulator';
import type { Command, OptionValues } from '../commands.ts';

const PORT_MAX = 65_535;
const FAST_DIVISOR = 100;

/** Runs the emulator of Stripe until a signal. Without `--public` it listens on loopback addresses only. */
export const stripeEmulator: Command = {
  options: {
    port: { type: 'string', default: '12111' },
    host: { type: 'string', default: '127.0.0.1' },
    state: { type: 'string' },
    clock: { type: 'string', default: 'real' },
    webhook: { type: 'string', multiple: true },
    'connect-webhook': { type: 'string', multiple: true },
    'webhook-retries': { type: 'string', default: 'normal' },
    seed: { type: 'string', default: '1' },
    public: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
  async run(values) {
    const options = readOptions(values);
    if (typeof options === 'string') {
      process.stderr.write(`${options}\n`);
      return 2;
    }
    const emulator = await startEmulator(options);
    if (values['quiet'] !== true) process.stdout.write(greeting(emulator, options.webhooks));
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await emulator.stop();
    return 0;
  },
};

type Options = Parameters<typeof startEmulator>[0] & { webhooks: { url: string; secret: string }[] };

/** Returns the options of the emulator, or the text of a refusal. */
function readOptions(values: OptionValues): Options | string {
  const port = Number(values['port']);
  const host = String(values['host']);
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) return '--port: a number from 0 to 65535.';
  if (!isLoopback(host) && values['public'] !== true)
    return `--host ${host}: the emulator has public keys, so it listens on loopback addresses only. Add --public to change that.`;
  const start = values['clock'] === 'real' ? null : new Date(String(values['clock']));
  if (start !== null && Number.isNaN(start.getTime())) return '--clock: real, or an ISO instant.';
  const webhooks = [...readWebhooks(values['webhook'], false), ...readWebhooks(values['connect-webhook'], true)];
  if (webhooks.some(({ secret }) => secret === ''))
    return '--webhook: URL=SECRET with a secret that starts with whsec_.';
  const state = values['state'];
  return {
    clock: start === null ? systemClock() : { now: () => start },
    port,
    host,
    seed: String(values['seed']),
    webhooks,
    is_public: values['public'] === true,
    webhook_retry_divisor: values['webhook-retries'] === 'fast' ? FAST_DIVISOR : 1,
    on_bug: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
    ...(typeof state === 'string' ? { state_file: state } : {}),
  };
}

/** Reads URL=SECRET; the secret is empty when the text has another form. */
function readWebhooks(value: OptionValues[string], is_connect: boolean) {
  return [value ?? []].flat().map((text) => {
    const [, url = '', secret = ''] = /^(https?:\/\/.+)=(whsec_\w+)$/.exec(String(text)) ?? [];
    return { url, secret, is_connect };
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The five lines of the start: URL, keys, webhook secrets, control, and how a client connects. */
function greeting({ url }: RunningEmulator, webhooks: readonly { secret: string }[]): string {
  const { hostname, port } = new URL(url);
  const secrets = webhooks.map(({ secret }) => secret).join(', ');
  return [
    `Stripe emulator: ${url}`,
    `keys: ${default_keys.join(', ')}`,
    `webhook secrets: ${secrets === '' ? 'none; add --webhook URL=SECRET' : secrets}`,
    `control: ${url}/_emulator/clock, /faults, /requests, /invariants, /state`,
    `client: new Stripe('${default_keys[0]}', { host: '${hostname}', port: ${port}, protocol: 'http' })`,
    '',
  ].join('\n');
}
