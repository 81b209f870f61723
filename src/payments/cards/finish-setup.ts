import { inTransaction } from '#platform/db/database';
import { deleteInBatches } from '#platform/db/delete-in-batches';
import { payerOf } from '../payer-of.ts';
import { type PaymentContext, withProcessorTimeout } from '../processors/index.ts';
import { deleteOldSetups, findSetup, takeSetup } from './card-setup-store.ts';
import { putCardOnFile } from './put-card-on-file.ts';

/** A payer confirms a card within minutes. */
const KEPT_MS = 86_400_000;

/**
 * Puts the card on file that a payer confirmed without coming back, by what the processor says now. No effect if the
 * profile put another card on file since, removed its cards, or came back: then nothing waits. False if the card to
 * keep is not one that waits here.
 * @throws processor_unreachable, processor_setup (503)
 */
export async function finishSetup(
  ctx: PaymentContext,
  key: { processor: string; account: string; setup_key: string },
): Promise<boolean> {
  const setup = await findSetup(ctx.db, key);
  if (!setup) return false;
  const { processor, account, setup_key: token, profile_id } = setup;
  // The token names what was confirmed: nothing is made, so that the request needs no key of its own.
  const request = { key: token, account, token, payer: payerOf(ctx, profile_id) };
  const outcome = await withProcessorTimeout(ctx, ctx.processors.getByName(processor).saveCard(request));
  if (outcome.outcome !== 'saved') return true;
  const { outcome: _, ...kept } = outcome;
  await inTransaction(ctx.db, async (tx) => {
    if (!(await takeSetup(tx, setup))) return;
    await putCardOnFile(tx, profile_id, { processor, ...kept }, { at: ctx.clock.now(), by: null });
  });
  return true;
}

/** Deletes cards to keep that no payer confirmed in time. */
export async function forgetSetups(ctx: PaymentContext): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - KEPT_MS);
  await deleteInBatches(ctx.db, (tx, rows_max) => deleteOldSetups(tx, before, rows_max));
}
