import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { printableName, type User } from '#accounts';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOf } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { getBroker, type Profile, profileName } from '#profiles';
import { endListAt } from '#kernel/page';
import { getReported } from '../provider.ts';
import { type BalanceDue, due_definition, listDueCustomers, readDueCustomers } from './list-balances-due.ts';
import {
  lifetime_definition,
  type LifetimeValue,
  listLifetimeValues,
  readLifetimeValues,
} from './list-lifetime-values.ts';
import {
  balancesDuePage,
  dueList,
  lifetimeList,
  lifetimePage,
  registeredPage,
  registeredPageList,
} from './page-types.ts';
import { registered_definition } from './routes.ts';
import { listRegistered, readRegistered } from './registered-store.ts';

const config = { access: { kind: 'direct', frictionless: true }, page: true } as const;
const options = { config, schema: { hide: true, params: Type.Object({ profile: Type.String() }) } } as const;

/** Lists of customers for providers, and of users without a subscription for the broker. */
export function customerPages(app: App): void {
  lifetimePages(app);
  duePages(app);
  registeredPages(app);
}

const viewProvider = (provider: Profile) => ({ slug: provider.slug, printable_name: profileName(provider) });

function lifetimePages(app: App): void {
  app.get('/metrics/:profile/lifetimevalue/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { provider } = await getReported(request);
    const asked = askList(request, lifetimeList, provider.default_timezone);
    const page = await listLifetimeValues(ctx.db, provider, asked.list, listUrl);
    return reply.page(lifetimePage, {
      profile: viewProvider(provider),
      definition: lifetime_definition,
      customers: page.results.map((each) => ({
        name: each.printable_name,
        href: paths.profile(each.slug),
        since: each.created_at,
        ends_at: each.ends_at,
        contract: { amount: each.contract_value, unit: each.unit },
        paid: { amount: each.cash_payments, unit: each.unit },
        deferred: { amount: each.deferred_revenue, unit: each.unit },
      })),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.reportDownload(provider.slug, 'lifetimevalue'),
        empty: { title: 'Your customers will be listed here', text: 'No customer has an order yet.' },
      }),
    });
  });
  app.get('/metrics/:profile/lifetimevalue/download/', options, async (request, reply) => {
    const { provider } = await getReported(request);
    const asked = askList(request, lifetimeList, provider.default_timezone);
    const batches = (list: typeof asked.list) => readLifetimeValues(request.ctx.db, provider, list);
    return sendCsv(reply, csvOf(asked, { name: 'lifetimevalue', columns: lifetime_columns, batches }));
  });
}

const lifetime_columns: readonly CsvColumn<LifetimeValue>[] = [
  { heading: 'Profile', kind: 'text', value: ({ printable_name }) => printable_name },
  { heading: 'Since', kind: 'day', value: ({ created_at }) => new Date(created_at) },
  { heading: 'Ends at', kind: 'day', value: ({ ends_at }) => (ends_at === null ? null : new Date(ends_at)) },
  { heading: 'Contract value', kind: 'money', value: (row) => ({ amount: row.contract_value, unit: row.unit }) },
  { heading: 'Cash payments', kind: 'money', value: (row) => ({ amount: row.cash_payments, unit: row.unit }) },
  { heading: 'Deferred revenue', kind: 'money', value: (row) => ({ amount: row.deferred_revenue, unit: row.unit }) },
];

function duePages(app: App): void {
  app.get('/metrics/:profile/balances-due/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { provider } = await getReported(request);
    const asked = askList(request, dueList, provider.default_timezone);
    const page = await listDueCustomers(ctx.db, provider, asked.list, listUrl);
    return reply.page(balancesDuePage, {
      profile: viewProvider(provider),
      definition: due_definition,
      customers: page.results.map(({ printable_name, slug, balances }) => ({
        name: printable_name,
        href: paths.history(slug),
        balances: Object.entries(balances).map(([unit, each]) => ({
          due: { amount: each.balance, unit },
          contract: { amount: each.contract_value, unit },
          paid: { amount: each.cash_payments, unit },
        })),
      })),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.reportDownload(provider.slug, 'balances-due'),
        empty: { title: 'Customers that owe you will be listed here', text: 'No amount is due now.' },
      }),
    });
  });
  app.get('/metrics/:profile/balances-due/download/', options, async (request, reply) => {
    const { provider, unit } = await getReported(request);
    const asked = askList(request, dueList, provider.default_timezone);
    const units = await dueUnits(request, provider, unit);
    const batches = (list: typeof asked.list) => readDueCustomers(request.ctx.db, provider, list);
    return sendCsv(reply, csvOf(asked, { name: 'balances-due', columns: dueColumns(units), batches }));
  });
}

/** Units of the balances due: columns of a file are known before its rows. */
async function dueUnits({ ctx }: FastifyRequest, provider: Profile, unit: string): Promise<string[]> {
  const units = new Set([unit]);
  const all = { page: 1, page_size: 100, terms: [], fields: [], order: [], start_at: null, ends_at: null };
  for await (const batch of readDueCustomers(ctx.db, provider, all))
    for (const { balances } of batch) for (const each of Object.keys(balances)) units.add(each);
  return [...units].toSorted();
}

function dueColumns(units: readonly string[]): CsvColumn<BalanceDue>[] {
  return [
    { heading: 'Slug', kind: 'text', value: ({ slug }) => slug },
    { heading: 'Profile Name', kind: 'text', value: ({ printable_name }) => printable_name },
    { heading: 'Created At', kind: 'day', value: ({ created_at }) => new Date(created_at) },
    ...units.flatMap((unit) =>
      (['contract_value', 'cash_payments', 'balance'] as const).map((name): CsvColumn<BalanceDue> => ({
        heading: `${unit}_${name}`,
        kind: 'decimal',
        value: ({ balances }) => balances[unit]?.[name] ?? null,
      })),
    ),
  ];
}

function registeredPages(app: App): void {
  const broker = { config: { access: { kind: 'broker' }, page: true }, schema: { hide: true } } as const;
  app.get('/metrics/registered/', broker, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = await askRegistered(request);
    const list = endListAt(asked.list, ctx.clock.now());
    const page = await listRegistered(ctx.db, list.ends_at ?? ctx.clock.now(), list, listUrl);
    return reply.page(registeredPage, {
      definition: registered_definition,
      users: page.results.map((user) => ({
        name: printableName(user),
        href: paths.contacts(user.username),
        username: user.username,
        email: user.email,
        created_at: user.created_at.toISOString(),
      })),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.registeredDownload(),
        empty: { title: 'Users without a subscription will be listed here', text: 'All users are subscribers.' },
      }),
    });
  });
  app.get('/metrics/registered/download/', broker, async (request, reply) => {
    const { ctx } = request;
    const asked = await askRegistered(request);
    const list = endListAt(asked.list, ctx.clock.now());
    const batches = () => readRegistered(ctx.db, list.ends_at ?? ctx.clock.now(), list);
    return sendCsv(reply, csvOf(asked, { name: 'registered', columns: registered_columns, batches }));
  });
}

async function askRegistered(request: FastifyRequest) {
  const { default_timezone } = await getBroker(request.ctx.db, request.ctx.site);
  return askList(request, registeredPageList, default_timezone);
}

const [first, rest] = [/^\S+/, /^\S+\s*/];
const registered_columns: readonly CsvColumn<User>[] = [
  { heading: 'First name', kind: 'text', value: ({ full_name }) => first.exec(full_name)?.[0] ?? '' },
  { heading: 'Last name', kind: 'text', value: ({ full_name }) => full_name.replace(rest, '') },
  { heading: 'Email', kind: 'text', value: ({ email }) => email },
  { heading: 'Registration Date', kind: 'day', value: ({ created_at }) => created_at },
];
