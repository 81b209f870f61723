import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findUserByUsername } from '#accounts';
import { commonProblems, invalidInput } from '#kernel/problem';
import type { Page } from '#kernel/page';
import type { Context } from '#platform/context';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { putAndPatch } from '#platform/http/put-and-patch';
import { listQuerystring, PageOf } from '#platform/http/schemas';
import { addToCart, presentCartItem, CartItemSchema } from '../cart/index.ts';
import { type CartItem, cartItemList, findCartItem, findCartItemWithNames, listCartItems } from '../records/index.ts';
import { changeCartItem } from './change-cart-item.ts';
import { presentItems } from './present-items.ts';
import { removeCartItem } from './remove-cart-item.ts';
import { billingProblems } from '../problems.ts';
import { BrokerCartBodySchema, CartItemBodySchema } from './schemas.ts';

const access = { kind: 'broker' } as const;
const tags = ['billing'];
const itemUrl = '/api/billing/cartitems/:cartitem_id';
const itemConfig = { access, problems: [billingProblems.cart_item_unknown, billingProblems.checkout_in_flight] };
const ItemParams = Type.Object({ cartitem_id: Type.String({ pattern: '^[0-9]{1,15}$' }) });

/** Routes of the carts of all users, for the broker. */
export function cartItemsRoutes(app: App): void {
  const list = { tags, querystring: listQuerystring(cartItemList), response: { 200: PageOf(CartItemSchema) } };
  app.get(
    '/api/billing/cartitems',
    {
      config: { access },
      schema: {
        ...list,
        summary: 'Lists the items of all carts',
        description: 'Lists the items of all carts that are not ordered yet.',
      },
    },
    async (request) =>
      presentPage(request.ctx, await listCartItems(request.ctx.db, null, request.list(), request.listUrl)),
  );

  app.post(
    '/api/billing/cartitems',
    {
      config: { access, problems: [billingProblems.cart_full, billingProblems.currency_mixed] },
      schema: {
        tags,
        summary: "Adds an item to a user's cart",
        description: 'Adds an item to the cart of a user, to help the user.',
        body: BrokerCartBodySchema,
        response: { 200: CartItemSchema, 201: CartItemSchema },
      },
    },
    async (request, reply) => {
      const { user: username, ...wanted } = request.body;
      const user = await findUserByUsername(request.ctx.db, username);
      if (!user) throw invalidInput({ user: [`Object with username=${username} does not exist.`] });
      const [added] = await addToCart(request.ctx, { user_id: user.id }, [wanted]);
      if (!added) throw commonProblems.not_found();
      reply.status(added.is_new ? 201 : 200);
      return presentCartItem({ ...added, user, detail: added.is_new ? 'Cart item created' : 'Cart item updated' });
    },
  );

  app.get(
    '/api/billing/cartitems/user/:user',
    {
      config: { access },
      schema: {
        ...list,
        summary: "Lists the items of a user's cart",
        description: 'Lists the items in the cart of one user.',
        params: Type.Object({ user: Type.String() }),
      },
    },
    async (request) => presentCartOf(request, request.params.user),
  );

  itemRoutes(app);
  removalRoute(app);
}

function itemRoutes(app: App): void {
  app.get(
    itemUrl,
    {
      config: itemConfig,
      schema: {
        tags,
        summary: 'Retrieves an item of a cart',
        description: 'Returns one item of a cart.',
        params: ItemParams,
        response: { 200: CartItemSchema },
      },
    },
    async (request) => {
      const found = await findCartItemWithNames(request.ctx.db, Number(request.params.cartitem_id));
      if (!found) throw billingProblems.cart_item_unknown();
      return presentCartItem(found);
    },
  );

  putAndPatch(
    app,
    itemUrl,
    {
      config: itemConfig,
      schema: {
        tags,
        summary: 'Updates an item of a cart',
        description: 'Changes one item of a cart that is not ordered yet.',
        params: ItemParams,
        body: CartItemBodySchema,
        response: { 200: CartItemSchema },
      },
    },
    async (request) => {
      const { ctx, body } = request;
      const { id } = await getCartItem(ctx, request.params.cartitem_id);
      const item = await changeCartItem(ctx, id, body);
      if (!item) throw billingProblems.cart_item_unknown();
      return { ...(await presentItem(ctx, item)), detail: 'Cart item updated' };
    },
  );
}

function removalRoute(app: App): void {
  app.delete(
    itemUrl,
    {
      config: itemConfig,
      schema: {
        tags,
        summary: 'Removes an item from a cart',
        description: 'Removes one item from a cart.',
        params: ItemParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const item = await getCartItem(request.ctx, request.params.cartitem_id);
      await removeCartItem(request.ctx, item);
      return reply.status(204).send(null);
    },
  );
}

async function getCartItem(ctx: Context, id: string): Promise<CartItem> {
  const item = await findCartItem(ctx.db, Number(id));
  if (!item) throw billingProblems.cart_item_unknown();
  return item;
}

async function presentItem(ctx: Context, item: CartItem) {
  const [presented] = await presentItems(ctx, [item]);
  if (!presented) throw billingProblems.cart_item_unknown();
  return presented;
}

async function presentCartOf(request: FastifyRequest, username: string) {
  const { ctx } = request;
  const [user, page] = await mergeReads(ctx.db, [
    (together) => findUserByUsername(together, username),
    (together) => listCartItems(together, username, request.list(), request.listUrl),
  ]);
  if (!user) throw commonProblems.not_found();
  return presentPage(ctx, page);
}

async function presentPage(ctx: Context, page: Page<CartItem>) {
  return { ...page, results: await presentItems(ctx, page.results) };
}
