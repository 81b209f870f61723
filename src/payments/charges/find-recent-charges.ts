import assert from 'node:assert/strict';
import type { Reader } from '#platform/db/database';
import { findProfileSummaries } from '#profiles';
import { type ChargeState, findDecidedCharges } from '../records/index.ts';

/** A charge as a dashboard shows it: the customer and the state. */
export interface RecentCharge {
  slug: string;
  printable_name: string;
  type: string;
  state: ChargeState;
  created_at: Date;
}

/** Returns the newest decided charges since an instant, inclusive. */
export async function findRecentCharges(reader: Reader, since: Date, count_max: number): Promise<RecentCharge[]> {
  const charges = await findDecidedCharges(reader, since, count_max);
  const customers = await findProfileSummaries(
    reader,
    charges.map(({ profile_id }) => profile_id),
  );
  return charges.map(({ profile_id, state, created_at }) => {
    const customer = customers.get(profile_id);
    assert(customer, 'a charge has a customer');
    return { slug: customer.slug, printable_name: customer.printable_name, type: customer.type, state, created_at };
  });
}
