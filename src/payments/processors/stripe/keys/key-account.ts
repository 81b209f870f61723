import { Stripe } from 'stripe';
import type { Db } from '#platform/db/database';
import { ProcessorSetupError } from '../../setup.ts';
import { withoutBody } from '../declined-by.ts';
import { type Calls, makeStripeClient, type StripeSettings } from '../stripe-client.ts';
import { findKnownAccount } from './account-store.ts';

/**
 * Returns the account of a key; null if the key may not read it.
 * Rejects with ProcessorSetupError if Stripe refuses the key, and with another error if Stripe does not respond.
 */
export async function findAccountOf(
  settings: StripeSettings,
  app_version: string,
  calls: Calls,
): Promise<string | null> {
  try {
    const { id } = await makeStripeClient(settings, app_version, calls).accounts.retrieveCurrent();
    return id;
  } catch (error) {
    const { StripeAuthenticationError, StripePermissionError } = Stripe.errors;
    if (error instanceof StripePermissionError) return null;
    const cause = withoutBody(error);
    if (error instanceof StripeAuthenticationError) throw new ProcessorSetupError('Stripe refuses the key', { cause });
    throw cause;
  }
}

/** Returns the account that payments were made on so far; null if it was never seen, and the key of it is refused. */
export async function findUsedAccount(
  db: Db,
  settings: StripeSettings,
  app_version: string,
  calls: Calls,
): Promise<string | null> {
  const known = await findKnownAccount(db);
  if (known !== null) return known;
  return findAccountOf(settings, app_version, calls).catch((error: unknown) => {
    if (error instanceof ProcessorSetupError) return null;
    throw error;
  });
}
