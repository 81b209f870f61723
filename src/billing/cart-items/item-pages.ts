import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { printableName, type User } from '#accounts';
import type { Plan } from '#catalog';
import { canonicalName } from '#kernel/slug';
import type { App } from '#platform/http/app';
import { problemToForm } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { type Confirmation, confirmPage } from '#platform/pages/forms/confirm-page';
import type { Refusal } from '#platform/pages/forms/form';
import { billingProblems } from '../problems.ts';
import { type CartItem, findCartItemWithNames } from '../records/index.ts';
import { changeCartItem } from './change-cart-item.ts';
import { itemContext, itemForm } from './item-form.ts';
import { cartItemPage } from './page-types.ts';
import { removeCartItem } from './remove-cart-item.ts';

const params = Type.Object({
  user: Type.String({ maxLength: 150 }),
  cartitem_id: Type.String({ pattern: '^[0-9]{1,15}$' }),
});

interface Found {
  item: CartItem;
  plan: Plan;
  user: User;
}

/** The form of an item of a cart, and the confirmation before it is removed. */
export function itemPages(app: App): void {
  const { cart_item_unknown, checkout_in_flight } = billingProblems;
  const options = {
    config: {
      access: { kind: 'broker', manages: true },
      page: true,
      problems: [cart_item_unknown, checkout_in_flight],
    },
    schema: { hide: true, params },
  } as const;
  const url = '/billing/cartitems/:user/:cartitem_id/';
  app.get(url, options, async (request, reply) => showItem(request, reply, await getItem(request, request.params)));
  app.post(url, options, async (request, reply) => {
    const { ctx, body } = request;
    const found = await getItem(request, request.params);
    try {
      const changed = await changeCartItem(ctx, found.item.id, itemForm.read(body, itemContext(ctx.lang)));
      if (!changed) throw cart_item_unknown();
    } catch (error) {
      return showItem(request, reply, found, itemForm.refuse(error, body));
    }
    return reply.flash('success', 'The item was changed.').redirect(paths.cartItems(found.user.username), 303);
  });

  const removal = `${url}remove/`;
  app.get(removal, options, async (request, reply) => {
    const confirm = confirmRemoval(await getItem(request, request.params));
    return reply.page(confirmPage, { confirm, form: {}, errors: {}, detail: '' });
  });
  app.post(removal, options, async (request, reply) => {
    const found = await getItem(request, request.params);
    try {
      await removeCartItem(request.ctx, found.item);
    } catch (error) {
      const { status, detail } = problemToForm(error);
      return reply.page(confirmPage, { confirm: confirmRemoval(found), form: {}, errors: {}, detail }, status);
    }
    return reply
      .flash('success', `${found.plan.title} was removed from the cart.`)
      .redirect(paths.cartItems(found.user.username), 303);
  });
}

/** Returns an item of the cart of the user in the address. @throws cart_item_unknown (404) */
async function getItem({ ctx }: FastifyRequest, named: { user: string; cartitem_id: string }): Promise<Found> {
  const found = await findCartItemWithNames(ctx.db, Number(named.cartitem_id));
  if (!found?.user || found.user.username !== canonicalName(named.user)) throw billingProblems.cart_item_unknown();
  return { ...found, user: found.user };
}

async function showItem(
  { ctx }: FastifyRequest,
  reply: FastifyReply,
  { item, plan, user }: Found,
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const name = printableName(user);
  const cart_url = paths.cartItems(user.username);
  const data = {
    name,
    plan: plan.title,
    crumbs: [
      { label: 'Carts', href: paths.cartItems() },
      { label: name, href: cart_url },
    ],
    cart_url,
    ...itemForm.view(item, itemContext(ctx.lang), refusal),
  };
  return reply.page(cartItemPage, data, refusal?.status ?? 200);
}

function confirmRemoval({ item, plan, user }: Found): Confirmation {
  const name = printableName(user);
  return {
    title: `Remove ${plan.title}`,
    subject: `${plan.title} is in the cart of ${name}.`,
    effect: [
      { label: plan.title, value: 'leaves the cart at once' },
      { label: 'Subscriptions and payments', value: 'stay as they are' },
    ],
    undo: 'This cannot be undone. You can add the plan again.',
    keep_label: 'Keep the item',
    keep_url: paths.cartItems(user.username, item.id),
    action_label: 'Remove the item',
    hidden: [],
    typed_name: null,
  };
}
