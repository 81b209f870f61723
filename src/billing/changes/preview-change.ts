import { actorId } from '#platform/actor-id';
import type { Reader } from '#platform/db/database';
import { findSavedCard, type PaymentContext } from '#payments';
import type { ChangeRequest } from '../change-rules/index.ts';
import { decideChange } from './decide-change.ts';
import { type ChangeTarget, loadChange } from './load-change.ts';
import { type ChangePreview, presentPreview } from './preview.ts';

/** Returns the instant of an operation: the clock of the site in whole seconds. */
export function instantOf(ctx: Pick<PaymentContext, 'clock'>): Date {
  return new Date(Math.floor(ctx.clock.now().getTime() / 1000) * 1000);
}

/**
 * Shows what a change would do now, with a key that confirms it for ten minutes. Writes nothing.
 * @throws the problems of `loadChange` and `decideChange`
 */
export async function previewChange(
  ctx: PaymentContext,
  target: ChangeTarget,
  request: ChangeRequest,
): Promise<ChangePreview> {
  const at = instantOf(ctx);
  const loaded = await loadChange(ctx.db, ctx, target, at);
  const planned = decideChange(loaded, request, at);
  const card = await findCard(ctx.db, target);
  return presentPreview(loaded.facts, planned, { user_id: actorId(ctx), card, at });
}

async function findCard(reader: Reader, { subscriber }: ChangeTarget): Promise<ChangePreview['card']> {
  const card = await findSavedCard(reader, subscriber.id);
  return card ? { last4: card.last4, exp_date: card.exp_date } : null;
}
