import type { Stripe } from 'stripe';
import type { Clock } from '#platform/clock';
import type { Db } from '#platform/db/database';
import type { Context } from '#platform/context';
import type { StripeSettings } from './stripe-client.ts';

/** Stored as the processor of attempts, charges, cards and customers. */
export const STRIPE = 'stripe';

/** What every call of the adapter needs. */
export interface StripeNeeds {
  client: Stripe;
  settings: StripeSettings;
  db: Db;
  clock: Clock;
  log: Context['log'];
  /** Name of this installation on objects at Stripe, read once. */
  installation(): Promise<string>;
  /** Logs a value of Stripe that the adapter does not know, once. */
  onUnknown(value: string): void;
}
