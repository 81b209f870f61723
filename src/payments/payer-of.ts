import { paths } from '#platform/http/paths';
import type { ProfileId } from '#platform/db/db-schema';
import type { Payer, PaymentContext } from './processors/index.ts';

/** Returns the payer of a call to a processor, with the browser of the caller. */
export function payerOf(
  {
    origin,
    peer,
    return_path = paths.finishPayment(),
    is_payer_hidden = false,
  }: Pick<PaymentContext, 'origin' | 'peer' | 'return_path' | 'is_payer_hidden'>,
  profile_id: ProfileId,
): Payer {
  return { profile_id, browser: peer, return_url: `${origin}${return_path}`, is_hidden: is_payer_hidden };
}
