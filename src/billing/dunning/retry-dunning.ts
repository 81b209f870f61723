import { type Charge, declinedProblem, limitDeclines, paymentsProblems, saveCard } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { lockProfile, type Profile } from '#profiles';
import { billingProblems } from '../problems.ts';
import { isPaying, type StillWanted } from './charge-due.ts';
import { type DunningCase, MANUAL_EVERY_MS } from './dunning-case.ts';
import type { DunningContext } from './dunning-context.ts';
import { findAttempts, findOpenCases } from './dunning-store.ts';
import { collectDue } from './review-case.ts';

/** A card that a retry puts on file. `key`: as in saveCard. */
interface RetryCard {
  token: string;
  key: string | null;
}

/**
 * Charges what a payer owes in its open dunning cases, at its own request: the oldest case first. A card replaces the
 * one on file. Returns the first charge; null if nothing is due any more.
 *
 * @throws dunning_unknown (404), dunning_retried (429), charge_pending (409), card_declined,
 *   payment_method_absent (400), action_required (402), payment_unknown (503)
 */
export async function retryDunning(
  ctx: DunningContext,
  profile_id: ProfileId,
  card: RetryCard | null,
): Promise<Charge | null> {
  const at = new Date(Math.floor(ctx.clock.now().getTime() / 1000) * 1000);
  const cases = await requireRetry(ctx, profile_id, at);
  if (card !== null) await saveCard(ctx, profile_id, card.token, card.key);
  const charges: Charge[] = [];
  for (const { provider_id, unit } of cases) {
    const charge = await limitDeclines(ctx, () => retryPlace(ctx, { profile_id, provider_id, unit }, at));
    if (charge) charges.push(charge);
  }
  return charges[0] ?? null;
}

/** Returns the cases that the payer may retry now. */
async function requireRetry(ctx: DunningContext, profile_id: ProfileId, at: Date): Promise<DunningCase[]> {
  return inTransaction(ctx.db, async (tx) => {
    const payer: Profile = await lockProfile(tx, profile_id);
    const cases = await findOpenCases(tx, [profile_id]);
    if (cases.length === 0) throw billingProblems.dunning_unknown();
    if (await isPaying(tx, profile_id)) throw billingProblems.charge_pending({ location: paths.history(payer.slug) });
    await requireInterval(tx, cases, at);
    return cases;
  });
}

/** @throws dunning_retried (429) */
async function requireInterval(tx: Tx, cases: readonly DunningCase[], at: Date): Promise<void> {
  const attempts = await findAttempts(
    tx,
    cases.map(({ id }) => id),
  );
  const last = attempts.filter(({ trigger }) => trigger === 'manual').map(({ created_at }) => created_at.getTime());
  const next_ms = Math.max(0, ...last) + MANUAL_EVERY_MS;
  if (last.length > 0 && next_ms > at.getTime())
    throw billingProblems.dunning_retried({ retry_after_s: Math.ceil((next_ms - at.getTime()) / 1000) });
}

async function retryPlace(
  ctx: DunningContext,
  place: { profile_id: ProfileId; provider_id: ProfileId; unit: string },
  at: Date,
): Promise<Charge | null> {
  // Another request of the payer may have made the retry since.
  const isWanted: StillWanted = async (tx, open) => {
    if (open) await requireInterval(tx, [open], at);
    return open !== undefined;
  };
  const outcome = await collectDue(ctx, place, { trigger: 'manual', at, isWanted });
  switch (outcome.result) {
    case 'charged':
      return outcome.charge;
    case 'nothing':
      return null;
    case 'busy':
      throw billingProblems.charge_pending();
    case 'no_card':
      throw paymentsProblems.payment_method_absent();
    case 'unreached':
      throw billingProblems.payment_unknown({ retry_after_s: 60 });
    case 'declined':
      throw declinedProblem({ ...outcome, code: outcome.failure.code });
  }
}
