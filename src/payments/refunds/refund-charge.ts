import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { isBrokerManager, findManagerIds } from '#profiles';
import { actorId } from '#platform/actor-id';
import { type PaymentContext } from '../processors/index.ts';
import { type Charge, findChargeItems, findRefundByKey } from '../records/index.ts';
import { mayRefundLines } from './policy.ts';
import { reserveRefund, type WantedRefund } from './reserve-refund.ts';
import { sendRefund } from './send-refund.ts';

/**
 * Refunds lines of a charge: all of them or none. Returns a sentence for the caller.
 *
 * Three steps, like a charge: the intent is checked and committed, the processor is called with the key of the
 * intent, the outcome is booked. A job finishes a refund that is pending or whose response was lost. A retry with the
 * same `key` continues the first refund.
 * @throws permission_denied (403) for lines of another provider; refund_refused (400); processor_unreachable (503); the
 *   problems of reserveRefund
 */
export async function refundCharge(
  ctx: PaymentContext,
  subject: Subject,
  charge: Charge,
  wanted: readonly WantedRefund[],
  key: string | null = null,
): Promise<string> {
  await requireOwnLines(ctx, subject, charge, wanted);
  const processor = ctx.processors.getByName(charge.processor);

  const earlier = key === null ? undefined : await findRefundByKey(ctx.db, key);
  const refund =
    earlier && earlier.state !== 'failed'
      ? earlier
      : await inTransaction(ctx.db, (tx) =>
          reserveRefund(tx, charge.id, wanted, {
            terms: processor,
            created_by: actorId(ctx),
            key: earlier ? null : key,
            at: ctx.clock.now(),
          }),
        );
  return sendRefund(ctx, charge, refund, { is_retry: refund === earlier });
}

/**
 * Requires that the caller may refund the wanted lines.
 * @throws permission_denied (403)
 */
async function requireOwnLines(
  ctx: Context,
  subject: Subject,
  charge: Charge,
  wanted: readonly WantedRefund[],
): Promise<void> {
  if (isBrokerManager(subject)) return;
  const items = await findChargeItems(ctx.db, charge.id);
  const provider_ids = new Set(wanted.flatMap(({ num }) => items[num]?.provider_id ?? []));
  const managed_ids = await findManagedAmong(ctx, provider_ids);
  if (!mayRefundLines(subject, provider_ids, managed_ids)) throw commonProblems.permission_denied();
}

async function findManagedAmong(ctx: Context, provider_ids: ReadonlySet<ProfileId>): Promise<Set<ProfileId>> {
  const user_id = actorId(ctx);
  const managed = new Set<ProfileId>();
  if (user_id === null) return managed;
  for (const id of provider_ids) {
    if ((await findManagerIds(ctx.db, id)).includes(user_id)) managed.add(id);
  }
  return managed;
}
