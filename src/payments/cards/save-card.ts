import assert from 'node:assert/strict';
import { findProfileById } from '#profiles';
import { paths } from '#platform/http/paths';
import { actorId } from '#platform/actor-id';
import { randomKey40, sha256Hex } from '#platform/security/crypto';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { payerOf } from '../payer-of.ts';
import { declinedProblem, isSiteRefusal, paymentsProblems } from '../problems.ts';
import { type ActionRequiredOutcome, type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { actionProblem } from './action-problem.ts';
import { insertSetup } from './card-setup-store.ts';
import { noteRefusal } from './note-refusal.ts';
import { limitDeclines } from './limit-declines.ts';
import { type PaymentMethod } from './payment-method-store.ts';
import { putCardOnFile } from './put-card-on-file.ts';

/**
 * Puts the card behind a token on file; it replaces the card that was on file. A retry with the same token and `key`
 * (of the form, or of the request) continues the first request, so that the processor keeps the card once; without a
 * key each request is a new one.
 * @throws card_declined, processor_refused (400), action_required (402), card_save_unknown (409),
 *   too_many_requests (429), processor_unreachable (503)
 */
export async function saveCard(
  ctx: PaymentContext,
  profile_id: ProfileId,
  token: string,
  key: string | null = null,
): Promise<PaymentMethod> {
  const processor = ctx.processors.chosen;
  const profile = await findProfileById(ctx.db, profile_id);
  assert(profile, 'a card is of a profile');
  // The page of the card takes what the bank confirmed.
  const payer = payerOf({ ...ctx, return_path: paths.card(profile.slug) }, profile_id);
  const saved = await limitDeclines(ctx, async () => {
    const request = { key: keyOf(profile_id, token, key), account: '', token, payer };
    const outcome = await withProcessorTimeout(ctx, processor.saveCard(request));
    if (outcome.outcome === 'unknown') throw paymentsProblems.card_save_unknown();
    if (outcome.outcome === 'declined') {
      const refused = { processor: processor.name, account: '', profile_id, amount: null, unit: null };
      if (isSiteRefusal(outcome))
        await inTransaction(ctx.db, (tx) => noteRefusal(tx, refused, outcome, ctx.clock.now()));
      throw declinedProblem(outcome);
    }
    if (outcome.outcome === 'action_required') {
      await noteSetup(ctx, profile_id, outcome);
      throw actionProblem(processor, outcome);
    }
    return outcome;
  });

  const { outcome: _, ...kept } = saved;
  return inTransaction(ctx.db, (tx) =>
    putCardOnFile(tx, profile_id, { processor: processor.name, ...kept }, { at: ctx.clock.now(), by: actorId(ctx) }),
  );
}

/** Notes what the payer has to confirm, so that a message of the processor can put the card on file. */
async function noteSetup(
  { db, clock, processors }: PaymentContext,
  profile_id: ProfileId,
  { intent_key: setup_key, account }: ActionRequiredOutcome,
): Promise<void> {
  const setup = { processor: processors.chosen.name, account, setup_key, profile_id, created_at: clock.now() };
  await inTransaction(db, (tx) => insertSetup(tx, setup));
}

/** A form that is sent again with another card asks for another one. */
function keyOf(profile_id: ProfileId, token: string, key: string | null): string {
  if (key === null) return randomKey40();
  return sha256Hex(JSON.stringify(['card', profile_id, token, key])).slice(0, 40);
}
