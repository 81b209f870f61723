import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findUserByUsername, printableName } from '#accounts';
import { commonProblems } from '#kernel/problem';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import type { Refusal } from '#platform/pages/forms/form';
import type { ListQuery } from '#kernel/page';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { backToList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { linkAction } from '#platform/pages/lists/row-actions';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { withNext } from '#platform/http/next';
import { getBroker, isBrokerManager } from '#profiles';
import { addToCart } from '../cart/index.ts';
import { listCartItems } from '../records/index.ts';
import { itemContext, new_item, newItemForm } from './item-form.ts';
import { itemPages } from './item-pages.ts';
import { cartItemsList, cartItemsPage, userCartList, userCartPage } from './page-types.ts';
import { presentItems, presentItemsWithAddresses } from './present-items.ts';

const config = { access: { kind: 'broker' }, page: true, problems: [commonProblems.not_found] } as const;

/** The pages of the carts of all users, for the broker. */
export function cartItemsPages(app: App): void {
  app.get('/billing/cartitems/', { config, schema: { hide: true } }, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { default_timezone } = await getBroker(ctx.db, ctx.site);
    const asked = askList(request, cartItemsList, default_timezone);
    const page = await listCartItems(ctx.db, null, asked.list, listUrl);
    const list = viewList(asked, {
      count: page.count,
      csv_path: paths.cartItemsDownload(),
      empty: { title: 'What users put into their carts will be listed here', text: 'Every cart is empty.' },
    });
    const items = (await presentItems(ctx, page.results)).map((item) =>
      presentRow(item, withNext(paths.cartItems(item.user?.username ?? ''), list.list_url)),
    );
    return reply.page(cartItemsPage, { items, list });
  });

  app.get('/billing/cartitems/download/', { config, schema: { hide: true } }, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { default_timezone } = await getBroker(ctx.db, ctx.site);
    const read = async (list: ListQuery) => {
      const page = await listCartItems(ctx.db, null, list, listUrl);
      return { ...page, results: await presentItemsWithAddresses(ctx, page.results) };
    };
    const asked = askList(request, cartItemsList, default_timezone);
    return sendCsv(reply, csvOfPages(asked, { name: 'carts', columns, read }));
  });
  cartPages(app);
  itemPages(app);
}

/** The cart of one user. */
function cartPages(app: App): void {
  const options = { config, schema: { hide: true, params: Type.Object({ user: Type.String({ maxLength: 150 }) }) } };
  const url = '/billing/cartitems/:user/';
  app.get(url, options, async (request, reply) => showCart(request, reply, request.params.user));
  app.post(url, options, async (request, reply) => {
    const { ctx, body, params } = request;
    const user = await findUserByUsername(ctx.db, params.user);
    if (!user) throw commonProblems.not_found();
    try {
      const wanted = newItemForm.read(body, itemContext(ctx.lang));
      await addToCart(ctx, { user_id: user.id }, [wanted]);
    } catch (error) {
      return showCart(request, reply, params.user, newItemForm.refuse(error, body));
    }
    return reply.flash('success', 'The item is in the cart.').redirect(paths.cartItems(user.username), 303);
  });
  app.get(`${url}download/`, options, async (request, reply) => {
    const { ctx, listUrl, params } = request;
    const { default_timezone } = await getBroker(ctx.db, ctx.site);
    const read = async (list: ListQuery) => {
      const page = await listCartItems(ctx.db, params.user, list, listUrl);
      return { ...page, results: await presentItemsWithAddresses(ctx, page.results) };
    };
    const asked = askList(request, userCartList, default_timezone);
    return sendCsv(reply, csvOfPages(asked, { name: 'cart', columns, read }));
  });
}

type Downloaded = Awaited<ReturnType<typeof presentItemsWithAddresses>>[number];

/** @see docs/decisions/0064-downloads-of-lists.md */
const columns: readonly CsvColumn<Downloaded>[] = [
  { heading: 'Added at', kind: 'day', value: ({ item }) => new Date(item.created_at) },
  { heading: 'Name', kind: 'text', value: ({ item }) => item.user?.printable_name ?? '' },
  { heading: 'Email', kind: 'text', value: ({ email }) => email },
  { heading: 'Plan', kind: 'text', value: ({ item }) => item.plan.slug },
  { heading: 'Price option', kind: 'number', value: ({ item }) => item.option || null },
  { heading: 'Quantity', kind: 'number', value: ({ item }) => item.quantity || null },
  { heading: 'For', kind: 'text', value: ({ item }) => item.full_name || item.sync_on },
];

type Presented = Awaited<ReturnType<typeof presentItems>>[number];

function presentRow(item: Presented, href: string) {
  const { id, user, plan, option, quantity, created_at } = item;
  return {
    id,
    user: user?.printable_name ?? '',
    href,
    plan: plan.title,
    option,
    quantity,
    beneficiary: item.full_name || item.sync_on,
    created_at,
    actions: user ? [linkAction('Remove…', paths.removeCartItem(user.username, id), { is_danger: true })] : [],
  };
}

async function showCart(
  request: FastifyRequest,
  reply: FastifyReply,
  username: string,
  refusal: Refusal | null = null,
): Promise<FastifyReply> {
  const { ctx, listUrl, subject } = request;
  const { default_timezone } = await getBroker(ctx.db, ctx.site);
  const asked = askList(request, userCartList, default_timezone);
  const [user, page] = await mergeReads(ctx.db, [
    (reader) => findUserByUsername(reader, username),
    (reader) => listCartItems(reader, username, asked.list, listUrl),
  ]);
  if (!user) throw commonProblems.not_found();
  const name = printableName(user);
  const may_edit = isBrokerManager(subject);
  const items = (await presentItems(ctx, page.results)).map((item) =>
    presentRow(item, paths.cartItems(user.username, item.id)),
  );
  const data = {
    name,
    crumbs: [{ label: 'Carts', href: backToList(request, paths.cartItems()) }],
    items,
    list: viewList(asked, {
      count: page.count,
      csv_path: paths.cartItemsDownload(user.username),
      empty: { title: 'The items of the cart will be listed here', text: `The cart of ${name} is empty.` },
    }),
    may_edit,
    ...newItemForm.view(new_item, itemContext(ctx.lang), refusal),
  };
  return reply.page(userCartPage, data, refusal?.status ?? 200);
}
