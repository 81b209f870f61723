import type { PaymentContext } from '#payments';
import { type Config, ConfigError } from '../config.ts';
import { findInvalidStripeSettings, modeOfKey } from '../settings/stripe-settings.ts';
import { openSite } from './open-site.ts';

/** Time between two questions while the processor cannot be reached. */
const RETRY_MS = 60_000;

/** Longest input of `set-key`. */
const INPUT_MAX = 4096;

/** Asks about the setup of payments, registers the endpoints, or replaces the key; returns the exit status. */
export async function runSetup(verb: 'check' | 'endpoints' | 'set-key', other_account = false): Promise<number> {
  const { config, tollgate, close } = await openSite();
  try {
    const ctx = await tollgate.makeContext('payment setup');
    if (verb === 'endpoints') return await makeEndpoints(ctx);
    if (verb === 'set-key') await setKey(ctx, config, await readInput(), { other_account });
    return await checkPayments(ctx);
  } finally {
    await close();
  }
}

/** Prints what the processor says about the site: 0 all is there, 1 something is missing, 2 it could not be asked. */
export async function checkPayments(
  { processors, origin }: Pick<PaymentContext, 'processors' | 'origin'>,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<number> {
  const { chosen } = processors;
  if (chosen.setup === null) {
    write(`The payment processor ${chosen.name} needs no key.\n`);
    return 0;
  }
  try {
    const { line, faults } = await chosen.setup.check(origin);
    write(`${[line, ...faults].join('\n')}\n`);
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    write(`${chosen.name} could not be asked: ${error instanceof Error ? error.message : 'unknown error'}\n`);
    return 2;
  }
}

const settings = { platform: 'STRIPE_WEBHOOK_SECRETS', connect: 'STRIPE_CONNECT_WEBHOOK_SECRETS' } as const;
const actions = {
  created: 'registered',
  updated: 'corrected',
  unchanged: 'unchanged',
  other_version: 'of another version of the API: delete it at the processor, then run this again',
} as const;

/**
 * Registers the endpoints of the site, and prints what was done and the new secrets, once: 0 all are right, 1 one is of
 * another version, 2 the processor could not be asked.
 */
export async function makeEndpoints(
  { processors, origin }: Pick<PaymentContext, 'processors' | 'origin'>,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<number> {
  const { chosen } = processors;
  if (chosen.setup === null) {
    write(`The payment processor ${chosen.name} needs no endpoint.\n`);
    return 0;
  }
  try {
    const made = await chosen.setup.createEndpoints(origin);
    for (const { name, url, action, secret } of made) {
      write(`${name} ${url}: ${actions[action]}\n`);
      if (secret !== null) write(`${settings[name]}=${secret}\n`);
    }
    return made.some(({ action }) => action === 'other_version') ? 1 : 0;
  } catch (error) {
    write(`${chosen.name} could not be asked: ${error instanceof Error ? error.message : 'unknown error'}\n`);
    return 2;
  }
}

/**
 * Stores keys that replace those of the settings: of the same mode and account, because charges, cards and events of
 * another one are invisible. `other_account` accepts another account.
 * @throws ConfigError with one line per invalid key
 */
export async function setKey(
  { processors }: Pick<PaymentContext, 'processors'>,
  config: Config,
  text: string,
  { other_account = false }: { other_account?: boolean } = {},
): Promise<void> {
  const [stripe_secret_key = null, stripe_publishable_key = config.stripe_publishable_key] = text
    .split(/\s+/)
    .filter(Boolean);
  const next = { ...config, stripe_secret_key, stripe_publishable_key };
  const errors = findInvalidStripeSettings(next);
  const setup = processors.chosen.setup;
  if (setup === null) errors.push(`PROCESSOR: ${processors.chosen.name} needs no key.`);
  if (errors.length === 0 && modeOfKey(stripe_secret_key) !== modeOfKey(config.stripe_secret_key))
    errors.push('STRIPE_SECRET_KEY: the new key is of another mode than that of the settings.');
  if (setup === null || stripe_secret_key === null || stripe_publishable_key === null || errors.length > 0)
    throw new ConfigError(errors);
  const account = await requireAccount(setup, stripe_secret_key, other_account);
  await setup.storeKeys({ secret_key: stripe_secret_key, publishable_key: stripe_publishable_key }, account);
}

type Setup = NonNullable<PaymentContext['processors']['chosen']['setup']>;

/** Returns the account of a new key. @throws ConfigError if it is another one than before, or may be */
async function requireAccount(setup: Setup, secret_key: string, other_account: boolean): Promise<string | null> {
  const { account, used } = await setup.compareAccounts(secret_key).catch((error: unknown) => {
    throw new ConfigError([`STRIPE_SECRET_KEY: ${error instanceof Error ? error.message : 'unknown error'}.`]);
  });
  if (other_account || (account !== null && (used === null || used === account))) return account;
  const end = 'Give --other-account to store it nevertheless.';
  throw new ConfigError([
    account === null
      ? `STRIPE_SECRET_KEY: the key may not read its account, so it may be of another one than ${used ?? 'before'}. ${end}`
      : `STRIPE_SECRET_KEY: the key is of the account ${account}, and payments so far were made on ${used}. ${end}`,
  ]);
}

/** @throws ConfigError if the input is longer than two keys can be */
async function readInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > INPUT_MAX) throw new ConfigError([`The input is longer than ${INPUT_MAX} characters.`]);
  }
  return text;
}

/**
 * Logs what the processor says about the site, also that the key is of another account than the one of the books. Asks
 * again each minute while it cannot be reached. Requests are served meanwhile. Returns the function that ends it.
 */
export function watchSetup({ processors, origin, log }: PaymentContext): () => void {
  const { chosen } = processors;
  let timer: NodeJS.Timeout | null = null;
  let is_over = false;
  async function ask(): Promise<void> {
    try {
      const report = await chosen.setup?.check(origin);
      if (report === undefined) return;
      if (report.faults.length === 0) log.info(report.line);
      else log.warn({ faults: report.faults }, report.line);
    } catch (error) {
      log.warn({ err: error }, 'the payment processor could not be asked about the setup');
      if (!is_over) timer = setTimeout(() => void ask(), RETRY_MS).unref();
    }
  }
  void ask();
  return () => {
    is_over = true;
    if (timer !== null) clearTimeout(timer);
  };
}
