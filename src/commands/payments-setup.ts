import { Problem } from '#kernel/problem';
import { type PaymentContext, replaceKeys } from '#payments';
import { ConfigError } from '../config.ts';
import { openSite } from './open-site.ts';

/** Time between two questions while the processor cannot be reached. */
const RETRY_MS = 60_000;

/** Longest input of `set-key`. */
const INPUT_MAX = 4096;

/** Asks about the setup of payments, registers the endpoints, or replaces the key; returns the exit status. */
export async function runSetup(verb: 'check' | 'endpoints' | 'set-key', other_account = false): Promise<number> {
  const { tollgate, close } = await openSite();
  try {
    const ctx = await tollgate.makeContext('payment setup');
    if (verb === 'endpoints') return await makeEndpoints(ctx);
    if (verb === 'set-key') await setKey(ctx, await readInput(), { other_account });
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

/** Names of the fields of new keys in this command. */
const names: Readonly<Record<string, string>> = {
  secret_key: 'STRIPE_SECRET_KEY',
  publishable_key: 'STRIPE_PUBLISHABLE_KEY',
  is_other_account: '--other-account',
};

/**
 * Stores keys that replace those of the settings: the secret one, and after white space the publishable one, which is
 * kept when absent. `other_account` accepts another account.
 * @throws ConfigError with one line per invalid key
 */
export async function setKey(
  ctx: PaymentContext,
  text: string,
  { other_account = false }: { other_account?: boolean } = {},
): Promise<void> {
  const [secret_key = '', publishable_key] = text.split(/\s+/).filter(Boolean);
  try {
    await replaceKeys(ctx, { secret_key, publishable_key, is_other_account: other_account });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const lines = Object.entries(error.fields ?? { secret_key: [error.message] });
    throw new ConfigError(lines.map(([field, messages]) => `${names[field] ?? field}: ${messages.join(' ')}`));
  }
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
