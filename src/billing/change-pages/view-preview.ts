import type { Plan } from '#catalog';
import type { Money } from '#kernel/money';
import { type ChangePreview, labelOf } from '../changes/index.ts';
import type { PreviewView } from './page-types.ts';

/** Presents a preview for its page. Pure. */
export function viewPreview(preview: ChangePreview, from: Pick<Plan, 'use_charges'>): PreviewView {
  const { unit, credit_before, credit_after, next_charge_at } = preview;
  const money = (amount: number): Money => ({ amount, unit });
  const above0 = (amount: number) => (amount > 0 ? money(amount) : null);
  const titles = new Map(from.use_charges.map(({ slug, title }) => [slug, title]));
  const titleOf = (use: string) => titles.get(use) ?? use;
  return {
    to: { slug: preview.to.slug, title: preview.to.title },
    quantity: preview.quantity,
    is_now: preview.at === 'now',
    effective_at: new Date(preview.effective_at),
    is_period_kept: preview.period === 'kept',
    covers_to: new Date(preview.covers_to),
    lines: preview.lines.map((line) => ({
      label: labelOf(line, preview),
      covers_from: instant(line.covers_from),
      covers_to: instant(line.covers_to),
      money: money(line.amount),
    })),
    total: money(preview.total),
    // What the change itself credits is a line.
    credit_used: above0(credit_before - credit_after),
    credit_after: above0(credit_after),
    charge: money(preview.charge_amount),
    due_after: above0(preview.due_after),
    next_charge:
      next_charge_at === null ? null : { at: new Date(next_charge_at), money: money(preview.next_charge_amount) },
    quotas: preview.quotas.map(({ use, before, after }) => ({ title: titleOf(use), before, after })),
    lost_discount: above0(preview.lost_discount),
    lost_uses: preview.lost_uses.map(({ use, quantity }) => ({ title: titleOf(use), quantity })),
    withdraws_cancellation: preview.withdraws_cancellation,
    replaces_pending: preview.replaces_pending,
  };
}

function instant(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
