import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { longText, rightToLeftText, unbrokenText } from './hostile-text.ts';

/** Parts of the common context that a sample replaces. */
const Frame = Type.Object({
  heading: Type.String(),
  nav: Type.Optional(Type.Unknown()),
  account_menu: Type.Optional(Type.Unknown()),
  acting: Type.Optional(Type.Unknown()),
  messages: Type.Optional(Type.Array(Type.Unknown())),
  colours: Type.Optional(Type.String()),
});

function named(name: string) {
  const entry = (label: string, icon: string, current: boolean, count: number | null) => ({
    id: icon,
    label,
    icon,
    href: '/pricing/',
    current,
    count,
  });
  const groups = [
    { title: null, entries: [entry('Plan and billing', 'receipt', false, null), entry(name, 'users', true, 1234)] },
    { title: name, entries: [entry('Profile', 'user', false, 3)] },
  ];
  const profiles = [name, 'Xia Lee', unbrokenText, rightToLeftText, 'Ask Studio', 'Blue Heron Legal'].map(
    (each, index) => ({
      name: each,
      kind: 'Organization',
      picture: null,
      href: '/pricing/',
      current: index === 0,
    }),
  );
  return {
    heading: name,
    nav: {
      kind: 'subscriber',
      title: name,
      subtitle: 'Organization',
      picture: null,
      switch_url: '/profile/',
      search: null,
      groups,
    },
    account_menu: {
      name,
      email: `${name}@example.com`,
      picture: null,
      entries: [],
      profiles,
      all_url: '/profile/',
      has_search: true,
    },
    acting: { profile_name: name, as: 'provider', as_name: name, back_url: '/pricing/', back_label: `Back to ${name}` },
    messages: [{ level: 'success', text: name, undo: { action: '/pricing/', label: 'Undo' } }],
  };
}

const undo = { action: '/pricing/', label: 'Undo', fields: { key: 'a1' } };

/** The frames with the menu of each kind of viewer, the banner, messages, and names of users that break layouts. */
export const framePiece = definePage(
  'dev/frame.html',
  Frame,
  {
    typical: { heading: 'Home' },
    subscriber: { heading: 'Plan and billing' },
    broker: { heading: 'Home' },
    visitor: { heading: 'Plans and prices' },
    acting: {
      heading: 'Plan and billing',
      acting: {
        profile_name: 'Xia Lee',
        as: 'broker',
        as_name: 'Coworking Space',
        back_url: '/profile/xia/contact/',
        back_label: 'Back to Xia Lee',
      },
    },
    messages: {
      heading: 'People and roles',
      messages: [
        { level: 'success', text: 'Lena Bergström is no longer a manager.', undo },
        { level: 'info', text: 'New figures are being counted.' },
        { level: 'warning', text: 'The card of Xia Lee expires this month.' },
        { level: 'error', text: 'The bank declined this card. Nothing was charged.' },
      ],
    },
    long: named(longText),
    unbroken: named(unbrokenText),
    right_to_left: named(rightToLeftText),
    dark: { heading: 'Home', colours: 'dark' },
  },
  {
    as: {
      typical: 'provider',
      subscriber: 'subscriber',
      broker: 'broker',
      visitor: 'visitor',
      acting: 'subscriber',
      messages: 'provider',
      long: 'subscriber',
      unbroken: 'subscriber',
      right_to_left: 'subscriber',
      dark: 'provider',
    },
  },
);

/** The frame of an order, with and without a payment beside it. */
export const purchasePiece = definePage(
  'dev/purchase.html',
  Type.Object({ subject: Type.String(), amount: Type.Integer() }),
  {
    typical: { subject: 'Subscribe to Premium', amount: 2950 },
    long: { subject: longText, amount: 9_007_199_254_740_991 },
    unbroken: { subject: unbrokenText, amount: 100 },
    right_to_left: { subject: rightToLeftText, amount: 0 },
  },
  { as: 'subscriber' },
);
