import { Type } from 'typebox';
import { invalidInput } from '#kernel/problem';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableString } from '#platform/http/schemas';
import { form_view } from '#platform/pages/forms/form';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { RowActionPart, linkAction } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { itemContext, itemForm, new_item, newItemForm } from './item-form.ts';

/** The list of the items of all carts; its sort fields are those of the API. */
export const cartItemsList = defineListPage({
  noun: ['item', 'items'],
  search: 'Name, user name or e-mail address',
  columns: { username: { label: 'User' }, created_at: { label: 'Added', descending: true } },
  order: '-created_at',
  dates: 'Added',
});

/** The list of the items of one cart. */
export const userCartList = defineListPage({
  noun: ['item', 'items'],
  columns: { created_at: { label: 'Added', descending: true } },
  order: 'created_at',
});

const ItemPart = Type.Object({
  id: Type.Integer(),
  user: Type.String(),
  /** The cart of the user, or the form of the item. */
  href: Type.String(),
  plan: Type.String(),
  option: Type.Integer(),
  quantity: Type.Integer(),
  /** The person who gets the plan; null for the payer. */
  beneficiary: NullableString,
  created_at: IsoInstant,
  actions: Type.Array(RowActionPart),
});

const item = {
  id: 12,
  user: 'Xia Lee',
  href: paths.cartItems('xia'),
  plan: 'Open Space',
  option: 2,
  quantity: 0,
  beneficiary: null,
  created_at: '2026-11-24T16:12:07.000Z',
  actions: [linkAction('Remove…', paths.removeCartItem('xia', 12), { is_danger: true })],
};
const long_item = {
  ...item,
  user: longText,
  plan: unbrokenText.slice(0, 100),
  beneficiary: `${unbrokenText}@a.example`,
};
const as = { as: 'broker' } as const;

export const cartItemsPage = definePage(
  'saas/billing/cartitems/index.html',
  Type.Object({ items: Type.Array(ItemPart), list: ListViewPart }),
  {
    typical: {
      items: [item, { ...item, id: 13, beneficiary: 'joe@example.com', quantity: 3, option: 0 }],
      list: sampleList(cartItemsList, `${paths.cartItems()}?page=2`, {
        count: 74,
        csv_path: paths.cartItemsDownload(),
      }),
    },
    empty: { items: [], list: sampleList(cartItemsList, paths.cartItems(), { count: 0 }) },
    nothing_found: { items: [], list: sampleList(cartItemsList, `${paths.cartItems()}?q=harbour`, { count: 0 }) },
    long: { items: [long_item], list: sampleList(cartItemsList, paths.cartItems(), { count: 1 }) },
  },
  as,
);

const crumbs = Type.Array(Type.Object({ label: Type.String(), href: Type.String() }));
const user_cart = {
  name: 'Xia Lee',
  crumbs: [{ label: 'Carts', href: paths.cartItems() }],
  items: [{ ...item, href: paths.cartItems('xia', 12) }],
  list: sampleList(userCartList, paths.cartItems('xia'), { count: 1 }),
  may_edit: true,
  ...newItemForm.view(new_item, itemContext('en')),
};

export const userCartPage = definePage(
  'saas/billing/cartitems/user.html',
  Type.Object({
    name: Type.String(),
    crumbs,
    items: Type.Array(ItemPart),
    list: ListViewPart,
    may_edit: Type.Boolean(),
    ...form_view,
  }),
  {
    typical: user_cart,
    empty: { ...user_cart, items: [], list: sampleList(userCartList, paths.cartItems('xia'), { count: 0 }) },
    read_only: { ...user_cart, may_edit: false },
    long: { ...user_cart, name: longText, items: [long_item] },
    error: {
      ...user_cart,
      ...newItemForm.view(
        {},
        itemContext('en'),
        newItemForm.refuse(invalidInput({ plan: ['There is no such plan.'] }), { plan: 'gold', option: '1' }),
      ),
    },
  },
  as,
);

const edited = { name: 'Xia Lee', plan: 'Open Space', crumbs: user_cart.crumbs, cart_url: paths.cartItems('xia') };

export const cartItemPage = definePage(
  'saas/billing/cartitems/item.html',
  Type.Object({ name: Type.String(), plan: Type.String(), crumbs, cart_url: Type.String(), ...form_view }),
  {
    typical: {
      ...edited,
      ...itemForm.view(
        { option: 2, quantity: 0, sync_on: 'joe@example.com', full_name: 'Joe Card', email: null },
        itemContext('en'),
      ),
    },
    error: {
      ...edited,
      ...itemForm.view(
        {},
        itemContext('en'),
        itemForm.refuse(invalidInput({ option: ['Write a whole number, like 12.'] }), { option: 'x', quantity: '0' }),
      ),
    },
  },
  as,
);

export const cartItemPageTypes = [cartItemsPage, userCartPage, cartItemPage] as const;
