import type { Processor } from '../processor.ts';
import type { StripeProcessorNeeds } from './stripe-processor.ts';

/** Loads the adapter of Stripe and its package, which a site without Stripe does not need: 30 MB of memory. */
export async function loadStripe(needs: StripeProcessorNeeds): Promise<Processor> {
  const { makeStripeProcessor } = await import('./stripe-processor.ts');
  return makeStripeProcessor(needs);
}
