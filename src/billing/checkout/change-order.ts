import type { FastifyRequest } from 'fastify';
import { textField } from '#platform/http/forms';
import { choosePeriods, chooseQuantity, readCode, redeemCode, removeCoupon, removeFromCart } from '../cart/index.ts';
import type { Payer } from '../payer.ts';
import type { Invoicable } from '../records/index.ts';

const change_actions = ['redeem', 'unredeem', 'choose', 'quantity', 'remove'] as const;
/** What the buyer changes in the order on the page of the checkout. */
export type ChangeAction = (typeof change_actions)[number];

export function isChange(action: string): action is ChangeAction {
  return (change_actions as readonly string[]).includes(action); // widened only to search it
}

/** Runs the posted change of an order. `showChoices` loads the order with the options of every item. */
export async function runChange(
  request: FastifyRequest,
  { payer, owner, action }: Payer & { action: ChangeAction },
  showChoices: () => Promise<Invoicable[]>,
): Promise<void> {
  const { ctx, body } = request;
  switch (action) {
    case 'redeem':
      await redeemCode(ctx, owner, textField(body, 'code', 200));
      break;
    case 'unredeem':
      await removeCoupon(ctx, owner, readCode(request));
      break;
    case 'remove':
      await removeFromCart(ctx, { payer, owner }, textField(body, 'key', 120));
      break;
    case 'choose':
      await choosePeriods(ctx, await showChoices(), (key) => Number(textField(body, `option-${key}`, 4)));
      break;
    case 'quantity': {
      const wanted = { key: textField(body, 'key', 120), quantity: textField(body, 'quantity', 10) };
      await chooseQuantity(ctx, await showChoices(), wanted);
    }
  }
}
