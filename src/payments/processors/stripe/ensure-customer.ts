import { Stripe } from 'stripe';
import { cutText, singleLine } from '#kernel/text';
import { sha256Hex } from '#platform/security/crypto';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfileById, type Profile, profileName } from '#profiles';
import type { Account } from '../account.ts';
import { findCustomers, insertCustomer } from '../customer-store.ts';
import type { CustomerKey, Payer } from '../processor.ts';
import { isMissing, isRefused, withoutBody } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
import { requireStripeId } from './stripe-id.ts';
import { STRIPE, type StripeNeeds } from './stripe-needs.ts';

/**
 * Returns the customer of a profile on an account; the first call makes it. `gone`: Stripe has deleted this one, and a
 * new one takes its place.
 *
 * The row is committed before the customer is charged: charges are looked up by the customer. A crash before the row
 * leaves a customer that the next call gets again, by its idempotency key.
 */
export async function ensureCustomer(
  needs: StripeNeeds,
  profile_id: ProfileId,
  account: Account,
  gone: string | null = null,
): Promise<string> {
  const { db, clock } = needs;
  const [newest] = await findCustomers(db, { profile_id, processor: STRIPE, account });
  if (newest && newest.deleted_at === null && newest.customer_key !== gone) return newest.customer_key;
  const generation = (newest?.generation ?? 0) + 1;
  const profile = await findProfileById(db, profile_id);
  if (!profile) throw new Error(`no profile ${profile_id}`);
  const installation = await needs.installation();
  const key = `cus:${installation}:${profile_id}:${account}${generation === 1 ? '' : `:${generation}`}`;
  const facts = customerFacts(profile);
  const metadata = { tollgate_site: installation, tollgate_profile: String(profile_id) };
  const customer = await createCustomer(needs, { account, key }, facts, metadata);
  const { id: customer_key } = requireObject(customer, 'customer');
  await inTransaction(db, async (tx) => {
    const now = await findProfileById(tx, profile_id);
    // The profile can change during the call, when no row counts its changes.
    const changes_count = now && hashOf(customerFacts(now)) === hashOf(facts) ? 0 : 1;
    const row = { profile_id, processor: STRIPE, account, generation, customer_key, changes_count };
    await insertCustomer(tx, { ...row, created_at: clock.now() });
  });
  return customer_key;
}

/**
 * Creates a customer. A fact that Stripe does not accept must not prevent a payment: it is created without the e-mail
 * address then, or without any fact.
 */
async function createCustomer(
  { client }: StripeNeeds,
  { account, key }: { account: Account; key: string },
  { email, ...facts }: CustomerFacts,
  metadata: Stripe.MetadataParam,
): Promise<Stripe.Customer> {
  const create = async (sent: Stripe.CustomerCreateParams, use: string) => {
    const params = { ...sent, metadata };
    try {
      return await client.customers.create(params, callOptions(account, use));
    } catch (error) {
      // The profile changed after a first try without a response, which may have made a customer that nothing uses.
      if (!(error instanceof Stripe.errors.StripeIdempotencyError)) throw error;
      return client.customers.create(params, callOptions(account, `${use}:${hashOf(params)}`));
    }
  };
  const whenRefused = (next: () => Promise<Stripe.Customer>) => (error: unknown) => {
    if (!isRefused(error)) throw error;
    return next();
  };
  return create(email === '' ? facts : { ...facts, email }, key)
    .catch(whenRefused(() => create(facts, `${key}:nameless`)))
    .catch(whenRefused(() => create({}, `${key}:bare`)));
}

/**
 * Makes a call with the customer of a payer, and once more with a new one if Stripe has deleted the customer. The
 * second call has a key of its own: the first one is used up by the refusal.
 */
export async function withCustomer<T>(
  needs: StripeNeeds,
  { account, key, payer }: { account: Account; key: string; payer: Pick<Payer, 'profile_id'> },
  call: (customer: string, key: string) => Promise<T>,
): Promise<T> {
  const customer = await ensureCustomer(needs, payer.profile_id, account);
  try {
    return await call(customer, key);
  } catch (error) {
    if (!isMissing(error, 'customer')) throw error;
  }
  const next = await ensureCustomer(needs, payer.profile_id, account, customer);
  return call(next, `${key}:${next}`);
}

/** True if a customer exists: Stripe answers with `deleted` for one that was deleted. */
export async function hasCustomer({ client }: StripeNeeds, { account, customer_key }: CustomerKey): Promise<boolean> {
  try {
    const id = requireStripeId(customer_key, 'customer');
    const customer = requireObject(await client.customers.retrieve(id, {}, callOptions(account)), 'customer');
    return customer.deleted !== true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Longest text of a fact that is sent; Stripe takes 256 characters of a name. */
const FACT_MAX = 200;

type CustomerFacts = ReturnType<typeof customerFacts>;

/** Facts of a profile that Stripe gets, and no others. Empty texts are facts that the profile does not have. */
function customerFacts(profile: Profile) {
  const fact = (text: string) => cutText(singleLine(text), FACT_MAX);
  return {
    name: fact(profileName(profile)),
    address: {
      line1: fact(profile.street_address),
      city: fact(profile.locality),
      state: fact(profile.region),
      postal_code: fact(profile.postal_code),
      country: profile.country,
    },
    email: profile.email,
  };
}

function hashOf(params: object): string {
  return sha256Hex(JSON.stringify(params)).slice(0, 16);
}

/**
 * Sends the facts of a profile to its customer; an empty text removes a fact. False if Stripe has deleted the customer.
 * Facts that Stripe refuses are left as they are there: another try would be refused too.
 */
export async function updateCustomer(
  { client, db, log }: StripeNeeds,
  { account, customer_key, profile_id }: CustomerKey & { profile_id: ProfileId },
): Promise<boolean> {
  const profile = await findProfileById(db, profile_id);
  if (!profile) return true;
  const id = requireStripeId(customer_key, 'customer');
  const { email, ...facts } = customerFacts(profile);
  // No key: a repeated update is harmless, and a key would repeat a failure of Stripe for a day.
  const send = async (params: Stripe.CustomerUpdateParams) =>
    requireObject(await client.customers.update(id, params, callOptions(account)), 'customer');
  try {
    await send({ ...facts, email });
  } catch (error) {
    if (isMissing(error)) return false;
    if (!isRefused(error)) throw error;
    log.warn({ err: withoutBody(error), profile_id }, 'facts of a customer refused by Stripe');
    await send(facts).catch((again: unknown) => {
      if (!isRefused(again)) throw again;
    });
  }
  return true;
}
