import type { Context } from '#platform/context';
import { CHOSEN_PROCESSOR, processorNamed } from '../processors/index.ts';

/** What a page needs to turn a card into a token, under the names that the API gives it. */
export function browserKeys(ctx: Pick<Context, 'db' | 'clock'>) {
  const keys = processorNamed(ctx, CHOSEN_PROCESSOR).browserKeys();
  return {
    STRIPE_PUB_KEY: keys['STRIPE_PUB_KEY'] ?? null,
    STRIPE_INTENT_SECRET: keys['STRIPE_INTENT_SECRET'] ?? null,
    STRIPE_ACCOUNT: keys['STRIPE_ACCOUNT'] ?? null,
  };
}
