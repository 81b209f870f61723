import { actorId } from '#platform/actor-id';
import type { Plan } from '#catalog';
import { findUsableCard, type PaymentContext } from '#payments';
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
  const card = await findCard(ctx, target, loaded.facts.to, at);
  return presentPreview(loaded.facts, planned, { user_id: actorId(ctx), card, at });
}

async function findCard(
  { db, processors }: PaymentContext,
  { subscriber }: ChangeTarget,
  { profile_id, unit }: Pick<Plan, 'profile_id' | 'unit'>,
  at: Date,
): Promise<ChangePreview['card']> {
  const lines = [{ provider_id: profile_id, amount: 0, broker_fee_percent: 0 }];
  const card = await findUsableCard(db, { processors, profile_id: subscriber.id, lines, unit, at });
  return card ? { last4: card.last4, exp_date: card.exp_date } : null;
}
