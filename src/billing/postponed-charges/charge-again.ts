import type { ChargeAttemptId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import {
  type Attempt,
  claimPostponed,
  endPostponement,
  findPostponedAttempts,
  findSourceAgain,
  type Processors,
} from '#payments';
import { defineJob } from '#platform/jobs/jobs';
import { lockProfile } from '#profiles';
import {
  collectAgain,
  type DunningContext,
  type DunningSettings,
  findOpenRenewalCharge,
  type ReservedDue,
} from '../dunning/index.ts';
import { isMadeAgain } from '../orders/index.ts';
import { findOrderOfAttempt } from '../records/index.ts';
import { runConcurrently } from '../run-concurrently.ts';
import { wholeSecond } from '../whole-second.ts';

const BATCH = 200;
const CONCURRENCY_MAX = 8;

/** How long one run may begin further calls; the job runs every minute. */
const RUN_MS = 60_000;

/** How long a run has a charge for itself: longer than a call takes. After it, a run that was killed is repeated. */
const LEASE_MS = 60_000;

/** Calls that are made again for one charge. After them it counts as unreached, and the schedule goes on. */
const CALLS_MAX = 5;

/** Makes the job that charges what the processor refused as one call too many, once it takes calls again. */
export const chargeAgainJob = ({ processors, dunning }: { processors: Processors; dunning: DunningSettings }) =>
  defineJob({
    name: 'charge_again',
    schedule: '* * * * *',
    catch_up: 'last',
    moved: 'daily',
    run: (ctx) => chargeAgain({ ...ctx, processors, dunning }),
  });

/**
 * Makes the calls of postponed automatic charges again, each with the key of its attempt, so that a first call that
 * arrived after all is not made twice. While the processor pauses, they stay postponed. Safe twice and on two nodes,
 * because each attempt is claimed.
 */
export async function chargeAgain(ctx: DunningContext): Promise<void> {
  const at = ctx.clock.now();
  const deadline = performance.now() + RUN_MS;
  const isOver = () => performance.now() >= deadline;
  let after: ChargeAttemptId | null = null;
  while (!isOver()) {
    const attempts: Attempt[] = await findPostponedAttempts(ctx.db, at, { after, limit: BATCH });
    after = attempts.at(-1)?.id ?? null;
    await runConcurrently(attempts, CONCURRENCY_MAX, async (attempt) => {
      if (isOver() || ctx.processors.getByName(attempt.processor).pausedUntil() !== null) return;
      try {
        await repeatCharge(ctx, attempt, at);
      } catch (error) {
        ctx.log.error({ err: error, charge_attempt_id: attempt.id }, 'postponed charge not made');
      }
    });
    if (attempts.length < BATCH) return;
  }
}

async function repeatCharge(ctx: DunningContext, attempt: Attempt, at: Date): Promise<void> {
  const reserved = await claimCharge(ctx, attempt, at);
  if (reserved !== null) await collectAgain(ctx, reserved, wholeSecond(at));
}

/**
 * Claims a postponed charge with the card that it charges; null if another run has it, if its card is gone, if it was
 * tried too often, or if its instant is long past: the job that finishes orders then looks it up and closes it.
 *
 * Locks: the payer's profile, the attempt.
 */
async function claimCharge(ctx: DunningContext, attempt: Attempt, at: Date): Promise<ReservedDue | null> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, attempt.profile_id);
    const lease_until = new Date(at.getTime() + LEASE_MS);
    const claimed = await claimPostponed(tx, attempt.id, { at, lease_until });
    if (claimed === null) return null;
    const charge = await findOpenRenewalCharge(tx, attempt.id);
    const order = charge && (await findOrderOfAttempt(tx, attempt.id));
    const source = charge && (await findSourceAgain(tx, claimed, { provider_id: charge.provider_id, at }));
    if (
      !charge ||
      order?.state !== 'reserved' ||
      !source ||
      claimed.again_count > CALLS_MAX ||
      !isMadeAgain(attempt, at)
    ) {
      await endPostponement(tx, attempt.id);
      return null;
    }
    const { profile_id, provider_id, unit } = charge;
    return { place: { profile_id, provider_id, unit }, order, attempt: { ...claimed, source } };
  });
}
