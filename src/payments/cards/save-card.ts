import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { actorId } from '#platform/actor-id';
import { CHOSEN_PROCESSOR, processorNamed, withProcessorTimeout } from '../processors/index.ts';
import { limitDeclines } from './limit-declines.ts';
import { type PaymentMethod } from './payment-method-store.ts';
import { declinedProblem } from '../problems.ts';
import { putCardOnFile } from './put-card-on-file.ts';

/**
 * Puts the card behind a token on file, in place of the one that was there.
 * @throws card_declined (400), too_many_requests (429), processor_unreachable (503)
 */
export async function saveCard(ctx: Context, profile_id: ProfileId, token: string): Promise<PaymentMethod> {
  const processor = processorNamed(ctx, CHOSEN_PROCESSOR);
  const answer = await limitDeclines(ctx, async () => {
    const given = await withProcessorTimeout(ctx, processor.saveCard({ key: randomKey40(), token }));
    if (given.outcome === 'declined') throw declinedProblem(given);
    return given;
  });

  const { customer_key, card } = answer;
  return inTransaction(ctx.db, (tx) =>
    putCardOnFile(
      tx,
      profile_id,
      { processor: processor.name, customer_key, card },
      { at: ctx.clock.now(), by: actorId(ctx) },
    ),
  );
}
