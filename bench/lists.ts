import { writeFile } from 'node:fs/promises';
import { stopAllWhenInterrupted } from './child.ts';
import { type FilledSite, onFilledSite } from './filled-database.ts';
import { fillTables, PROVIDER } from './list-rows.ts';
import { positive } from './settings.ts';

/** Lists of large tables with their documented orders, and a text that few rows have. */
const lists = [
  ['/api/profile', ['full_name', 'created_at', 'slug'], 'user-77777'],
  ['/api/users', ['full_name', 'created_at', 'username'], 'user-77777'],
  [
    '/api/billing/charges',
    ['created_at', 'description', 'amount', 'state', 'customer__full_name'],
    'Charge for subscription 77777',
  ],
  // A page: the documented API has no such list.
  [`/billing/${PROVIDER}/charges/`, ['created_at', 'description', 'amount', 'full_name'], 'subscription 77777'],
  [
    '/api/billing/transactions',
    [
      'created_at',
      'description',
      'amount',
      'orig_amount',
      'orig_account',
      'dest_account',
      'orig_profile',
      'dest_profile',
    ],
    'Payment of order 77777',
  ],
  [`/api/profile/${PROVIDER}/subscribers`, ['full_name', 'created_at', 'slug'], 'user-77777'],
  [`/api/profile/${PROVIDER}/subscribers/all`, ['full_name'], 'user-77777'],
  [`/api/profile/${PROVIDER}/subscribers/unengaged`, ['full_name'], 'user-77777'],
  [
    `/api/profile/${PROVIDER}/subscribers/subscriptions`,
    ['ends_at', 'created_at', 'plan', 'profile', 'profile__full_name', 'profile__email', 'profile__country'],
    'user-77777',
  ],
  [`/api/profile/${PROVIDER}/subscribers/subscriptions/all`, ['ends_at'], 'user-77777'],
  [`/api/profile/${PROVIDER}/subscribers/subscriptions/churned`, ['ends_at'], 'user-77777'],
  [`/api/profile/${PROVIDER}/plans/bench-plan-1/subscriptions`, ['ends_at'], 'user-77777'],
  [`/api/billing/${PROVIDER}/receivables`, ['created_at', 'amount', 'dest_profile'], 'until period 77777'],
  [`/api/billing/${PROVIDER}/transfers`, ['created_at', 'amount', 'orig_profile'], 'order 77777'],
  ['/api/contacts/contact-1/activities', ['created_at'], 'Note 77777'],
  ['/api/billing/cartitems', ['created_at', 'username'], 'user-77777'],
] as const;

const SMALL = 1000;
const LARGE = positive('BENCH_LIST_ROWS', 1_000_000, 10_000_000);
const KEPT = process.env['BENCH_LIST_DATABASE'] ?? null;
const RUNS = 5;

interface Figure {
  list: string;
  what: string;
  times_ms: number[];
}

// Words of paths of lists: only these are measured, and the report is printed only.
const wanted = process.argv.slice(2);
const figures: Figure[] = lists
  .filter(([list]) => wanted.length === 0 || wanted.some((word) => list.includes(word)))
  .flatMap(([list, orders]) =>
    [...orders, ...orders.map((order) => `-${order}`), 'search', 'broad search', 'middle page', 'last page'].map(
      (what) => ({
        list,
        what,
        times_ms: [],
      }),
    ),
  );

let drop: () => Promise<void> = async () => {};
stopAllWhenInterrupted(() => drop());
for (const rows of [SMALL, LARGE]) {
  await onFilledSite(
    { by: 'bench/lists.ts', rows, fill: (client) => fillTables(client, 0, rows) },
    KEPT,
    (database) => {
      ({ drop } = database);
    },
    async (listed) => {
      for (const figure of figures) figure.times_ms.push(await measure(listed, figure, rows));
    },
  );
}
await report();

async function measure({ site, token }: FilledSite, { list, what }: Figure, rows_count: number): Promise<number> {
  const text = lists.find(([path]) => path === list)?.[2] ?? '';
  const is_page = !list.startsWith('/api/');
  const first = await readList(site.origin, list, token);
  const count = is_page ? rows_count : Number((/"count":\s*(\d+)/.exec(first) ?? [])[1] ?? 0);
  const pages = Math.max(1, Math.ceil(count / 25));
  const queries: Record<string, string> = {
    search: `q=${encodeURIComponent(text)}`,
    // The first word is in most rows.
    'broad search': `q=${/^[a-z]+/i.exec(text)?.[0] ?? ''}`,
    'middle page': `page=${Math.ceil(pages / 2)}`,
    'last page': `page=${pages}`,
  };
  const path = `${list}?${queries[what] ?? `o=${encodeURIComponent(what)}`}`;
  const times: number[] = [];
  for (let run = 0; run < RUNS + 2; run += 1) {
    const began = performance.now();
    await readList(site.origin, path, token);
    if (run > 1) times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
}

async function readList(origin: string, path: string, token: string): Promise<string> {
  const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  return text;
}

async function report(): Promise<void> {
  const lines = figures.map(({ list, what, times_ms: [small = 0, large = 0] }) => {
    const cells = [list, what, small.toFixed(1), large.toFixed(1), (large / small).toFixed(1)];
    return `| ${cells.join(' | ')} |`;
  });
  const text = [
    '# Lists of large tables',
    '',
    `Whole responses over HTTP (rows, count and what they show), median of ${RUNS}, with ${SMALL} and ${LARGE} rows per table.`,
    '`npm run bench:lists` writes this file.',
    '',
    `| list | order | ms, ${SMALL} rows | ms, ${LARGE} rows | ratio |`,
    '|---|---|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
  if (wanted.length === 0) await writeFile(new URL('reports/lists.md', import.meta.url), text);
  console.log(text);
}
