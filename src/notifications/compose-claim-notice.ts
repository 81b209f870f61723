import type { claimCodeGenerated } from '#billing';
import type { Context } from '#platform/context';
import { paths } from '#platform/http/paths';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import { findOriginator, findProfileParty } from './parties.ts';

/** Builds the notice with the code of a seat, for the address that the payer named. */
export async function composeClaimCode(
  ctx: Context,
  payload: PayloadOf<typeof claimCodeGenerated>,
): Promise<Notice | null> {
  const { code, plans, full_name, email, is_paid } = payload;
  const profile = await findProfileParty(ctx, payload.profile_id);
  if (!profile) return null;
  const provider = await findProfileParty(ctx, payload.provider_id);
  return makeNotice('claim_code_generated', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: await findOriginator(ctx, payload.originated_by),
    address: email,
    is_paid,
    path: paths.redeem(code),
    data: { code, plans, full_name, is_paid },
  });
}
