import { actorId } from '#platform/actor-id';
import { invalidInput } from '#kernel/problem';
import { paymentsProblems } from '../problems.ts';
import { type PaymentContext, ProcessorSetupError, type ShownKeys, withProcessorTimeout } from '../processors/index.ts';
import { newKeyLimit } from '../rate-limits.ts';
import { hasOpenCall } from '../records/index.ts';

type Setup = NonNullable<PaymentContext['processors']['chosen']['setup']>;

export interface KeysInput {
  secret_key: string;
  /** The one in use when absent. */
  publishable_key?: string | undefined;
  /** Accepts keys of another account than payments were made on so far, or of one that the key may not read. */
  is_other_account?: boolean | undefined;
}

/** @throws processor_without_keys (404) */
export function requireSetup({ processors }: Pick<PaymentContext, 'processors'>): Setup {
  const { setup } = processors.chosen;
  if (setup === null) throw paymentsProblems.processor_without_keys();
  return setup;
}

/**
 * Replaces the keys with which the processor knows the site: of the same mode and account, because charges, cards and
 * events of another one are invisible. Every node uses them within five seconds. The processor is asked before anything
 * is stored.
 * @throws invalid_input (400) naming the fields, processor_unreachable (503), too_many_requests (429),
 *   processor_without_keys (404)
 */
export async function replaceKeys(ctx: PaymentContext, input: KeysInput): Promise<ShownKeys> {
  const setup = requireSetup(ctx);
  const { secret_key, publishable_key = null, is_other_account = false } = input;
  const invalid = setup.findInvalidKeys({ secret_key, publishable_key });
  if (Object.keys(invalid).length > 0) throw invalidInput(invalid);

  // Each attempt is a question to the processor, which says whether a key is right. Commands have no caller to count.
  const user_id = actorId(ctx);
  if (user_id !== null) await ctx.throttle.take(newKeyLimit, String(user_id));
  const accounts = await askAccounts(ctx, setup, secret_key);
  const refused = refuseAccount(accounts, { publishable_key, is_other_account });
  if (refused !== null) throw invalidInput(refused);
  if (accounts.used !== null && accounts.account !== accounts.used) await requireNoOpenCall(ctx, accounts.used);

  const { account, used: former_account } = accounts;
  await setup.storeKeys({ secret_key, publishable_key }, { account, former_account, by: user_id });
  ctx.log.info({ account, former_account, user_id }, 'the keys of the payment processor were replaced');
  return setup.findShownKeys();
}

type Accounts = Awaited<ReturnType<Setup['compareAccounts']>>;

async function askAccounts(ctx: PaymentContext, setup: Setup, secret_key: string): Promise<Accounts> {
  const asked = setup.compareAccounts(secret_key).catch((error: unknown) => {
    if (error instanceof ProcessorSetupError) return null;
    throw error;
  });
  const accounts = await withProcessorTimeout(ctx, asked);
  if (accounts === null)
    throw invalidInput({
      secret_key: [`${titleOf(ctx)} refuses the key. Copy it again, and look whether it was revoked.`],
    });
  return accounts;
}

/**
 * Refuses another account while the outcome of a call is not known: it is looked up with the keys in use, and what the
 * new account does not know would be charged or paid out again.
 */
async function requireNoOpenCall({ db, processors }: PaymentContext, used: string): Promise<void> {
  if (!(await hasOpenCall(db, processors.chosen.name))) return;
  throw invalidInput({
    is_other_account: [
      `A payment or a payout on ${used} is under way and can be looked up there only. Try again in some minutes.`,
    ],
  });
}

function titleOf({ processors }: PaymentContext): string {
  const { name } = processors.chosen;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Returns why keys of an account are not stored, by field; null if they are. Pure. */
function refuseAccount(
  { account, used }: Accounts,
  { publishable_key, is_other_account }: { publishable_key: string | null; is_other_account: boolean },
): Record<string, string[]> | null {
  const isOther = account !== null && used !== null && account !== used;
  const errors: Record<string, string[]> = {};
  if (!is_other_account && account === null)
    errors['is_other_account'] = [
      `The key may not read its account, so it may be of another one than ${used ?? 'before'}. Confirm the other account to store it nevertheless.`,
    ];
  if (!is_other_account && isOther)
    errors['is_other_account'] = [
      `The key is of the account ${account}, and payments so far were made on ${used}. Confirm the other account to store it nevertheless.`,
    ];
  // The card form of the former account would make cards that the new one does not know.
  if (isOther && publishable_key === null)
    errors['publishable_key'] = ['Give the publishable key of the other account too.'];
  return Object.keys(errors).length > 0 ? errors : null;
}
