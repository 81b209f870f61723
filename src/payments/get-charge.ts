import type { ProfileId } from '#platform/db-schema';
import type { Reader } from '#platform/db';
import type { Charge } from './charge.ts';
import { findCharge } from './charge-store.ts';
import { paymentsProblems } from './problems.ts';

/**
 * Finds a charge of a customer. Somebody else's is as unknown as none.
 * @throws charge_unknown (404)
 */
export async function getChargeOf(reader: Reader, profile_id: ProfileId, processor_key: string): Promise<Charge> {
  const charge = await findCharge(reader, processor_key);
  if (charge?.profile_id !== profile_id) throw paymentsProblems.charge_unknown();
  return charge;
}
