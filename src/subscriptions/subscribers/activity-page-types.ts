import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableInstant, NullableString } from '#platform/http/schemas';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';

const tabs = {
  name: 'show',
  label: 'Activity',
  options: [
    { value: '', label: 'Engaged' },
    { value: 'unengaged', label: 'Not engaged' },
  ],
} as const;

/** People of subscribers who signed in. */
export const engagedList = defineListPage({
  noun: ['person', 'people'],
  search: 'Name, e-mail address or subscriber',
  columns: {
    full_name: { label: 'Person' },
    profile__full_name: { label: 'Subscriber' },
    last_login: { label: 'Last sign-in', descending: true },
  },
  order: '-last_login',
  dates: 'Last sign-in',
  tabs,
});

/** Subscribers without a member who signed in. */
export const unengagedList = defineListPage({
  noun: ['subscriber', 'subscribers'],
  search: 'Name or e-mail address',
  columns: { full_name: { label: 'Subscriber' }, created_at: { label: 'Profile made', descending: true } },
  order: 'full_name',
  dates: 'Without sign-in',
  tabs,
});

const Engaged = Type.Object({
  name: Type.String(),
  email: NullableString,
  role: NullableString,
  subscriber: Type.String(),
  last_login: NullableInstant,
});
const Unengaged = Type.Object({ name: Type.String(), slug: Type.String(), created_at: Type.String() });

const profile = { slug: 'cowork', printable_name: 'Coworking Space' };
const at = '2026-11-25T10:00:00.000Z';
const person = { name: 'Xia Lee', email: 'xia@example.com', role: 'Manager', subscriber: 'Acme', last_login: at };
const engaged = {
  profile,
  engaged: [person, { ...person, name: 'Kenneth Adams', email: 'ken@example.com', role: null }],
  unengaged: null,
  list: sampleList(engagedList, '', { count: 2, csv_path: '/metrics/cowork/activity/download/' }),
};
const unengaged = {
  profile,
  engaged: null,
  unengaged: [{ name: 'Acme', slug: 'acme', created_at: at }],
  list: sampleList(unengagedList, '?show=unengaged', { count: 1 }),
};

/** Which subscribers of a provider use the application. */
export const activityPage = definePage(
  'saas/metrics/activity.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    /** Rows of the first tab; null on the second. */
    engaged: Type.Union([Type.Null(), Type.Array(Engaged)]),
    /** Rows of the second tab; null on the first. */
    unengaged: Type.Union([Type.Null(), Type.Array(Unengaged)]),
    list: ListViewPart,
  }),
  {
    typical: engaged,
    unengaged,
    empty: { ...engaged, engaged: [], list: sampleList(engagedList, '', { count: 0 }) },
    nothing_found: { ...engaged, engaged: [], list: sampleList(engagedList, '?q=zz', { count: 0 }) },
    long: {
      ...engaged,
      engaged: [longText, unbrokenText, rightToLeftText].map((name) => ({
        ...person,
        name,
        email: `${unbrokenText}@example.com`,
        role: name,
        subscriber: name,
      })),
    },
    long_unengaged: {
      ...unengaged,
      unengaged: [longText, unbrokenText, rightToLeftText].map((name) => ({
        name,
        slug: 'w'.repeat(150),
        created_at: at,
      })),
    },
  },
  { as: 'provider' },
);
