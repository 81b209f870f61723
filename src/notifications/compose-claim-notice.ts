import type { claimCodeGenerated } from '#billing';
import { paths } from '#platform/http/paths';
import type { PayloadOf } from './composer.ts';
import { makeNotice, type Notice } from './notice.ts';
import type { Parties } from './parties.ts';

/** Builds the notice with the code of a seat, for the address that the payer named. */
export function composeClaimCode(found: Parties, payload: PayloadOf<typeof claimCodeGenerated>): Notice | null {
  const { code, plans, full_name, email, is_paid, valid_days = 90 } = payload;
  const profile = found.profile(payload.profile_id);
  if (!profile) return null;
  const provider = found.profile(payload.provider_id);
  return makeNotice('claim_code_generated', {
    parties: { profile, ...(provider ? { provider } : {}) },
    originator: found.originator(payload.originated_by),
    address: email,
    is_paid,
    path: paths.redeem(code),
    data: { code, plans, full_name, valid_days, is_paid },
  });
}
