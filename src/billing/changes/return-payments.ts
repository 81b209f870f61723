import { inTransaction } from '#platform/db/database';
import { walkRows } from '#platform/jobs/walk-rows';
import { abandonAttempt, findAttempt, findOutcome, isAccepted, type PaymentContext } from '#payments';
import { type ChangeRow, closeChange, findAttemptOfOrder, findGivenUpChanges } from './change-store.ts';

/** How long after a change was given up its payment is looked for. */
const RECHECK_FOR_MS = 30 * 86_400_000;

/**
 * Returns payments that arrived after their change was given up. Such a change is never executed: the subscriber was
 * charged for nothing. The key of the refund makes a repeated call harmless.
 */
export async function returnPayments(ctx: PaymentContext): Promise<void> {
  const since = new Date(ctx.clock.now().getTime() - RECHECK_FOR_MS);
  await walkRows({
    findBatch: (after: ChangeRow['id'] | null, limit) =>
      findGivenUpChanges(ctx.db, since, { after: after ?? (0 as ChangeRow['id']), limit }),
    work: (change) => returnPayment(ctx, change),
    onError: ({ id }, error) => ctx.log.error({ err: error, change_id: id }, 'payment of a change not returned'),
  });
}

async function returnPayment(ctx: PaymentContext, change: ChangeRow): Promise<void> {
  const attempt_id = change.order_id === null ? null : await findAttemptOfOrder(ctx.db, change.order_id);
  const attempt = attempt_id === null ? undefined : await findAttempt(ctx.db, attempt_id);
  if (!attempt) return;
  const found = await findOutcome(ctx, attempt);
  const outcome = found?.outcome === 'action_required' ? await abandonAttempt(ctx, attempt) : found;
  if (!isAccepted(outcome) || outcome.evidence.state !== 'done') return;
  const { account, amount } = attempt;
  const { processor_key } = outcome;
  await ctx.processors
    .getByName(attempt.processor)
    .refund({ key: `change-return-${change.key}`, processor_key, account, amount });
  ctx.log.warn({ change_id: change.id, processor_key }, 'payment of a change that was given up returned');
  await inTransaction(ctx.db, (tx) => closeChange(tx, change.id, { state: 'refused', closed_at: ctx.clock.now() }));
}
