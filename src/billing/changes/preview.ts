import { planSummary } from '#catalog';
import type { Static } from 'typebox';
import { makePreviewKey, PREVIEW_LIFETIME_MS, type PreviewFacts } from '#platform/security/preview-key';
import type { UserId } from '#platform/db/db-schema';
import { type ChangeFacts, type ChangeLine, type PlannedChange, linesOf } from '../change-rules/index.ts';
import type { ChangeLineSchema, ChangePreviewSchema } from './schemas.ts';

export type ChangePreview = Static<typeof ChangePreviewSchema>;
export type PresentedLine = Static<typeof ChangeLineSchema>;

/** What the key of a preview confirms: all that is shown but the key, its end, the card and the quotas. */
export type ShownChange = Omit<ChangePreview, 'preview_key' | 'expires_at' | 'card' | 'quotas'>;

/** Presents a decided change as the preview shows it, without its key. */
export function showChange({ from, to }: Pick<ChangeFacts, 'from' | 'to'>, planned: PlannedChange): ShownChange {
  const lines = linesOf(planned).map(presentLine);
  return {
    effective_at: planned.effective_at.toISOString(),
    subscription: planSummary(from),
    to: planSummary(to),
    quantity: planned.quantity,
    direction: planned.direction,
    mode: planned.mode,
    at: planned.at,
    period: planned.period,
    covers_from: planned.covers_from.toISOString(),
    covers_to: planned.covers_to.toISOString(),
    next_charge_at: planned.next_charge_at?.toISOString() ?? null,
    next_charge_amount: planned.next_charge_amount,
    unit: to.unit,
    lines,
    total: lines.reduce((sum, { amount }) => sum + amount, 0),
    credit_before: planned.credit.before,
    credit_used: planned.credit.used,
    credit_after: planned.credit.after,
    charge_amount: planned.charge_amount,
    due_after: planned.due_after,
    lost_discount: planned.lost_discount,
    lost_uses: [...planned.lost_uses],
    withdraws_cancellation: planned.withdraws_cancellation,
    replaces_pending: planned.replaces_pending,
  };
}

function presentLine(line: ChangeLine): PresentedLine {
  const { kind, description, amount, unit, order_number } = line;
  return {
    kind,
    description,
    amount,
    unit,
    covers_from: line.covers_from?.toISOString() ?? null,
    covers_to: line.covers_to?.toISOString() ?? null,
    order_number,
  };
}

/** Returns what the key of a preview authenticates: what is shown, the caller, and the subscription. */
export function keyedFacts(
  shown: ShownChange,
  { subscription }: Pick<ChangeFacts, 'subscription'>,
  user_id: UserId | null,
): PreviewFacts {
  return { ...shown, subscription_id: subscription.id, user_id };
}

/** Completes a preview by its key. */
export function presentPreview(
  facts: Pick<ChangeFacts, 'from' | 'to' | 'subscription'>,
  planned: PlannedChange,
  { user_id, card, at }: { user_id: UserId | null; card: ChangePreview['card']; at: Date },
): ChangePreview {
  const shown = showChange(facts, planned);
  return {
    preview_key: makePreviewKey(at, keyedFacts(shown, facts, user_id)),
    expires_at: new Date(at.getTime() + PREVIEW_LIFETIME_MS).toISOString(),
    ...shown,
    quotas: planned.quotas.map(({ use, before, after }) => ({ use, before, after })),
    card,
  };
}
