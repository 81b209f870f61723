import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { type Charge, findCharge, findChargeItems } from '../records/index.ts';
import { paymentsProblems } from '../problems.ts';

/**
 * Returns a charge of a customer. With `sellers`, the charge has a line of at least one of them.
 * @throws charge_unknown (404)
 */
export async function getCharge(
  reader: Reader,
  profile_id: ProfileId,
  processor_key: string,
  sellers: readonly ProfileId[] | null = null,
): Promise<Charge> {
  const charge = await findCharge(reader, processor_key);
  if (charge?.profile_id !== profile_id) throw paymentsProblems.charge_unknown();
  if (sellers && !(await findChargeItems(reader, charge.id)).some(({ provider_id }) => sellers.includes(provider_id))) {
    throw paymentsProblems.charge_unknown();
  }
  return charge;
}

/**
 * Returns a charge as these sellers see it: with the sum of their own lines. Null: the caller sees the whole charge.
 */
export async function limitChargeToSellers(
  reader: Reader,
  charge: Charge,
  sellers: readonly ProfileId[] | null,
): Promise<Charge> {
  if (sellers === null) return charge;
  const items = await findChargeItems(reader, charge.id);
  const own = items.filter(({ provider_id }) => sellers.includes(provider_id));
  if (own.length === items.length) return charge;
  const amount = own.reduce((sum, item) => sum + item.amount, 0);
  return { ...charge, amount, description: `${own.length} of ${items.length} items` };
}
