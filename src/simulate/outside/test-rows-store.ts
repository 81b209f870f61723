import { sql } from 'kysely';
import type { ProcessorRows } from './outside-world.ts';

/** The tables of the test processor. */
export const test_rows: ProcessorRows = {
  charges: sql`test_processor_charges`,
  refunds: sql`test_processor_refunds`,
  payouts: sql`test_processor_payouts`,
};
