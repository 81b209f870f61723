import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableInstant } from '#platform/http/schemas';
import { Stat } from '#platform/pages/charts/stat';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, rightToLeftText, unbrokenText } from '#platform/pages/pieces/hostile-text';

export const engagementList = defineListPage({
  noun: ['user', 'users'],
  search: 'Name, user name or tag',
  columns: {},
  dates: 'Last visit',
});

/** Tags that have a column each; with more, the visits of a user stand in one cell. */
export const COLUMNS_MAX = 4;

const Visit = Type.Object({ tag: Type.String(), at: NullableInstant });
const Row = Type.Object({
  name: Type.String(),
  username: Type.String(),
  seen_at: Type.String(),
  /** With columns: the first visit under each tag of the page, or null. Without: the visits that there were. */
  visits: Type.Array(Visit),
});

const at = '2026-11-20T10:00:00.000Z';
const row = (name: string, username: string, tags: readonly string[], visited: readonly string[]) => ({
  name,
  username,
  seen_at: at,
  visits: tags.map((tag) => ({ tag, at: visited.includes(tag) ? '2026-10-01T10:00:00.000Z' : null })),
});
const tags = ['api', 'app', 'reports'];
const users = [row('Xia Lee', 'xia', tags, tags), row('Kenneth Adams', 'kenneth', tags, ['app'])];
const typical = {
  stats: [
    {
      label: 'Signed in yesterday',
      definition: 'Users whose last sign-in was yesterday. Who signed in again today is not counted.',
      text: '12',
    },
    { label: 'Tags', definition: 'Words by which your access rules count visits.', text: '3' },
  ],
  tags: [
    { tag: 'api', count: 14, count_text: '14' },
    { tag: 'app', count: 61, count_text: '61' },
    { tag: 'reports', count: 7, count_text: '7' },
  ],
  count_max: 61,
  has_columns: true,
  users,
  list: sampleList(engagementList, '', { count: 2, csv_path: '/proxy/engagement/download/' }),
};
const many = Array.from({ length: 12 }, (_, index) => `part-${index}`);
const long_tags = [unbrokenText.slice(0, 50), ...many];

/** Users by tag, and the tags of each user. */
export const engagementPage = definePage(
  'rules/engagement.html',
  Type.Object({
    stats: Type.Array(Stat),
    tags: Type.Array(Type.Object({ tag: Type.String(), count: Type.Integer(), count_text: Type.String() })),
    /** Length of the longest bar. */
    count_max: Type.Integer(),
    has_columns: Type.Boolean(),
    users: Type.Array(Row),
    list: ListViewPart,
  }),
  {
    typical,
    empty: {
      ...typical,
      tags: [],
      count_max: 0,
      users: [],
      list: sampleList(engagementList, '', {
        count: 0,
        empty: {
          title: 'The users of your application will be listed here',
          text: 'No access rule counts visits yet.',
        },
      }),
    },
    nothing_found: { ...typical, users: [], list: sampleList(engagementList, '?q=zz', { count: 0 }) },
    long: {
      ...typical,
      tags: long_tags.map((tag, index) => ({ tag, count: 1234567 + index, count_text: '1,234,567' })),
      count_max: 1234579,
      has_columns: false,
      users: [longText, rightToLeftText, unbrokenText].map((name) => row(name, 'w'.repeat(150), long_tags, long_tags)),
      list: sampleList(engagementList, '?page=2', { count: 412 }),
    },
  },
  { as: 'broker' },
);
