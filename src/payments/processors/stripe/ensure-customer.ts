import { cutText } from '#kernel/text';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { findProfileById, profileName } from '#profiles';
import type { Account } from '../account.ts';
import type { Payer } from '../processor.ts';
import { findCustomers, insertCustomer } from './customer-store.ts';
import { isMissing, isRefused } from './declined-by.ts';
import { callOptions, requireObject } from './stripe-client.ts';
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
  const { client, db, clock } = needs;
  const [newest] = await findCustomers(db, profile_id, account);
  if (newest && newest.customer_key !== gone) return newest.customer_key;
  const generation = (newest?.generation ?? 0) + 1;
  const profile = await findProfileById(db, profile_id);
  if (!profile) throw new Error(`no profile ${profile_id}`);
  const installation = await needs.installation();
  const key = `cus:${installation}:${profile_id}:${account}${generation === 1 ? '' : `:${generation}`}`;
  const params = {
    name: cutText(profileName(profile), 200),
    metadata: { tollgate_site: installation, tollgate_profile: String(profile_id) },
  };
  const email = profile.email === '' ? {} : { email: profile.email };
  const customer = await client.customers
    .create({ ...params, ...email }, callOptions(account, key))
    .catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      // An address that Stripe does not accept must not prevent a payment.
      return client.customers.create(params, callOptions(account, `${key}:nameless`));
    });
  const { id: customer_key } = requireObject(customer, 'customer');
  const row = { profile_id, processor: STRIPE, account, generation, customer_key, created_at: clock.now() };
  await inTransaction(db, (tx) => insertCustomer(tx, row));
  return customer_key;
}

/**
 * Makes a call with the customer of a payer, and once more with a new one if Stripe has deleted the customer. The
 * second call has a key of its own: the first one is used up by the refusal.
 */
export async function withCustomer<T>(
  needs: StripeNeeds,
  { account, key, payer }: { account: Account; key: string; payer: Payer },
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
