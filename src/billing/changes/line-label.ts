import type { ChangePreview, PresentedLine } from './preview.ts';

/** Returns the label of a line with the titles of the plans; ledger texts have their slugs. */
export function labelOf(
  { kind, description }: Pick<PresentedLine, 'kind' | 'description'>,
  { subscription, to, quantity }: Pick<ChangePreview, 'subscription' | 'to' | 'quantity'>,
): string {
  const added = quantity.to - quantity.from;
  switch (kind) {
    case 'credit_note':
      return subscription.slug === to.slug
        ? `Unused time of ${-added} ${-added === 1 ? 'seat' : 'seats'} of ${to.title}`
        : `Unused time of ${subscription.title}`;
    case 'period':
      return quantity.to === 1 ? to.title : `${to.title}, ${quantity.to} seats`;
    case 'seats':
      return `${added} more ${added === 1 ? 'seat' : 'seats'} of ${to.title}`;
    case 'setup':
      return `Setup fee of ${to.title}`;
    case 'use':
    case 'balance':
      return description;
  }
}
