import type { Context } from '#platform/context';
import type { JsonObject } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { type Notice, notice } from './notice.ts';
import { originatorOf, profileOf } from './parties.ts';
import { textIn } from './payload.ts';

/** The code of a paid seat, to the address that the payer named. */
export async function composeClaimCode(ctx: Context, payload: JsonObject): Promise<Notice | null> {
  const [address, code] = [textIn(payload, 'email'), textIn(payload, 'code')];
  const profile = await profileOf(ctx, payload, 'profile_id');
  if (!profile || address === null || code === null) return null;
  const provider = await profileOf(ctx, payload, 'provider_id');
  const plans = Array.isArray(payload['plans']) ? payload['plans'].filter((plan) => typeof plan === 'string') : [];
  return notice('claim_code_generated', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: await originatorOf(ctx, payload),
    address,
    is_paid: payload['is_paid'] === true,
    path: paths.redeem(code),
    data: { code, plans, full_name: textIn(payload, 'full_name') ?? '' },
  });
}
