import type { Account, Processor } from '../processors/index.ts';

/**
 * Returns the keys with which the browser makes a token of a card that is charged on an account, under the names that
 * the API documents.
 */
export function browserKeys(processor: Processor, account: Account = '', intent_secret: string | null = null) {
  const keys = processor.browserKeys(account);
  return {
    STRIPE_PUB_KEY: keys['STRIPE_PUB_KEY'] ?? null,
    STRIPE_INTENT_SECRET: intent_secret ?? keys['STRIPE_INTENT_SECRET'] ?? null,
    STRIPE_ACCOUNT: keys['STRIPE_ACCOUNT'] ?? null,
  };
}
