import { formatMoney } from '#kernel/money';
import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import { inTransaction } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { isBrokerManager, findManagerIds } from '#profiles';
import { actorId } from '#platform/actor-id';
import { processorNamed, termsOf, withProcessorTimeout } from '../processors/index.ts';
import { type Charge, findChargeItems, findRefundByKey } from '../records/index.ts';
import { paymentsProblems } from '../problems.ts';
import { reserveRefund, type WantedRefund } from './reserve-refund.ts';
import { settleRefund } from './settle-refund.ts';

/**
 * Gives money back on lines of a charge: all of them or none.
 *
 * Three steps, as a charge: the intent is checked and committed, the processor is asked under the intent's key, the answer
 * is booked. When no answer comes a job finishes it, and who asks again with the same `key` goes on where the first was cut off.
 * @throws permission_denied (403) for lines that somebody else sold, and what `reserveRefund` and the processor refuse
 */
export async function refundCharge(
  ctx: Context,
  subject: Subject,
  charge: Charge,
  wanted: readonly WantedRefund[],
  key: string | null = null,
): Promise<string> {
  await refuseForeignLines(ctx, subject, charge, wanted);
  const processor = processorNamed(ctx, charge.processor);

  const earlier = key === null ? undefined : await findRefundByKey(ctx.db, key);
  const refund =
    earlier && earlier.state !== 'failed'
      ? earlier
      : await inTransaction(ctx.db, (tx) =>
          reserveRefund(tx, charge.id, wanted, {
            ...termsOf(charge.processor),
            created_by: actorId(ctx),
            key: earlier ? null : key,
            at: ctx.clock.now(),
          }),
        );
  const { processor_key } = charge;
  if (refund.state !== 'settled') {
    const answer = await withProcessorTimeout(
      ctx,
      processor.refund({ key: refund.key, processor_key, amount: refund.amount }),
    );
    await inTransaction(ctx.db, (tx) => settleRefund(tx, refund, answer, ctx.clock.now()));
    if (answer.outcome === 'refused') throw paymentsProblems.refund_refused({ detail: answer.detail });
  }
  return `${formatMoney({ amount: refund.amount, unit: charge.unit })} refunded successfully on charge ${processor_key}.`;
}

/** Who provides something to a customer may not give back what another provider earned. */
async function refuseForeignLines(
  ctx: Context,
  subject: Subject,
  charge: Charge,
  wanted: readonly WantedRefund[],
): Promise<void> {
  if (isBrokerManager(subject)) return;
  const user_id = actorId(ctx);
  const items = await findChargeItems(ctx.db, charge.id);
  const providers = new Set(wanted.flatMap(({ num }) => items[num]?.provider_id ?? []));
  for (const provider_id of providers) {
    if (!(await managesProfile(ctx.db, provider_id))) throw commonProblems.permission_denied();
  }
  async function managesProfile(reader: Reader, provider_id: Charge['profile_id']): Promise<boolean> {
    if (user_id === null) return false;
    return (await findManagerIds(reader, provider_id)).includes(user_id);
  }
}
