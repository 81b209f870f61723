import { Problem } from '#kernel/problem';
import { inTransaction } from '#platform/db/database';
import { WALK_MS } from '#platform/jobs/walk-rows';
import { paymentsProblems } from '../problems.ts';
import {
  type ChangedCustomer,
  findChangedCustomers,
  type PaymentContext,
  updateSentCustomer,
  withProcessorTimeout,
} from '../processors/index.ts';
import { forgetCustomer } from './follow-card.ts';

const BATCH = 100;

/** Waits between the attempts to send a change; after the last one it is given up until the profile changes again. */
const RETRY_MS = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000];

/**
 * Sends the name, the e-mail address and the address of profiles that changed to their customers at the chosen
 * processor: one call for each customer, with what the profile is now. Nothing waits for it.
 */
export async function updateCustomers(ctx: PaymentContext): Promise<void> {
  const processor = ctx.processors.chosen.name;
  const deadline = performance.now() + WALK_MS;
  for (;;) {
    const rows = await findChangedCustomers(ctx.db, { processor, at: ctx.clock.now(), limit: BATCH });
    for (const row of rows) {
      if (!(await updateOne(ctx, row)) || performance.now() >= deadline) return;
    }
    if (rows.length < BATCH) return;
  }
}

/** False if the processor refuses the key of the site: no call succeeds now, and the change waits. */
async function updateOne(ctx: PaymentContext, row: ChangedCustomer): Promise<boolean> {
  try {
    const isKept = await withProcessorTimeout(ctx, ctx.processors.getByName(row.processor).updateCustomer(row));
    await inTransaction(ctx.db, (tx) =>
      isKept ? updateSentCustomer(tx, row, { sent: true }) : forgetCustomer(tx, row.profile_id, row, ctx.clock.now()),
    );
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === paymentsProblems.processor_setup.code) return false;
    const wait_ms = RETRY_MS[row.failures_count];
    const { profile_id, account } = row;
    ctx.log.warn({ err: error, profile_id, account, is_given_up: wait_ms === undefined }, 'customer not updated');
    const next_at = new Date(ctx.clock.now().getTime() + (wait_ms ?? 0));
    await inTransaction(ctx.db, (tx) =>
      updateSentCustomer(
        tx,
        row,
        wait_ms === undefined ? { sent: true } : { sent: false, failures_count: row.failures_count + 1, next_at },
      ),
    );
    return true;
  }
}
