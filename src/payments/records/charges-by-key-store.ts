import type { Reader } from '#platform/db/database';
import type { Charge } from './charge.ts';

/** Finds charges by the processor's keys, which are also their public handles. */
export async function findChargesByKeys(reader: Reader, processor_keys: readonly string[]): Promise<Charge[]> {
  if (processor_keys.length === 0) return [];
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('processor_key', 'in', [...new Set(processor_keys)])
    .execute();
}
