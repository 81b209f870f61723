import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, type TObject, Type } from 'typebox';
import type { ListQuery } from '#kernel/page';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import type { ListDeclaration } from '#platform/pages/lists/list-declaration';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { humanizeMoney } from '#platform/templates/humanize-money';
import { profileName } from '#profiles';
import { getReported, type Reported } from '../provider.ts';
import { entriesList, federatedProfilesList, movementsList, rowsPage, subscriptionsList } from './page-types.ts';
import {
  EntriesQuery,
  FederatedProfilesQuery,
  MovementsQuery,
  readEntryRows,
  readFederatedRows,
  readMovementRows,
  type ReadRows,
  readSubscriptionRows,
  type ShownRow,
  SubscriptionsQuery,
} from './read-rows.ts';

const config = { access: { kind: 'direct', frictionless: true }, page: true } as const;
const params = Type.Object({ profile: Type.String() });

/** A page of rows: the ledger entries, subscriptions or movements that add up to a point. */
interface RowPage<Query extends TObject> {
  name: string;
  title: string;
  definition: string;
  declaration: ListDeclaration;
  /** Sort fields of the dates and of the amounts. */
  order: { at: string; money: string | null };
  money_label: string | null;
  /** The page of the report of the point. */
  report: { label: string; path(slug: string): string };
  query: Query;
  read(
    asked: { request: FastifyRequest; reported: Reported; list: ListQuery },
    query: Static<Query>,
  ): Promise<ReadRows>;
}

const revenue = { label: 'Revenue', path: (slug: string) => paths.revenue(slug) };

/** Pages of the rows behind the points of reports, and their downloads. */
export function rowPages(app: App): void {
  rowPage(app, {
    name: 'entries',
    title: 'Ledger entries',
    definition: 'The entries of the ledger that add up to a point of a report, with what each of them counts.',
    declaration: entriesList,
    order: { at: 'created_at', money: 'amount' },
    money_label: 'Counted',
    report: revenue,
    query: EntriesQuery,
    read: readEntryRows,
  });
  rowPage(app, {
    name: 'subscriptions',
    title: 'Subscriptions',
    definition: 'The subscriptions that a figure counts, with the list price of a period.',
    declaration: subscriptionsList,
    order: { at: 'created_at', money: null },
    money_label: 'Price',
    report: revenue,
    query: SubscriptionsQuery,
    read: readSubscriptionRows,
  });
  rowPage(app, {
    name: 'movements',
    title: 'Movements of recurring revenue',
    definition: 'The changes of the recurring revenue of subscribers that add up to a point of a report, per month.',
    declaration: movementsList,
    order: { at: 'at', money: 'amount' },
    money_label: 'Counted',
    report: revenue,
    query: MovementsQuery,
    read: readMovementRows,
  });
  rowPage(app, {
    name: 'federated-profiles',
    title: 'Profiles of a federation',
    definition:
      'The profiles that a figure of the federation counts, one row for each. Your own subscribers have their names.',
    declaration: federatedProfilesList,
    order: { at: 'begins_at', money: null },
    money_label: null,
    report: { label: 'Federation', path: (slug) => paths.federation(slug) },
    query: FederatedProfilesQuery,
    read: readFederatedRows,
  });
}

function rowPage<Query extends TObject>(app: App, page: RowPage<Query>): void {
  const schema = { hide: true, params, querystring: page.query } as const;
  const url = `/metrics/:profile/${page.name}/`;
  app.get(url, { config, schema }, async (request, reply) => show(request, reply, page));
  app.get(`${url}download/`, { config, schema }, async (request, reply) => download(request, reply, page));
}

async function show<Query extends TObject>(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, title, definition, declaration, order, money_label, report, read }: RowPage<Query>,
): Promise<FastifyReply> {
  const { ctx } = request;
  const reported = await getReported(request);
  const { provider } = reported;
  const asked = askList(request, declaration, provider.default_timezone);
  // Cast: the schema of the route has checked the query.
  const found = await read({ request, reported, list: asked.list }, request.query as Static<Query>);
  const { slug } = provider;
  return reply.page(rowsPage, {
    profile: { slug, printable_name: profileName(provider) },
    title,
    definition,
    crumbs: [{ label: report.label, href: report.path(slug) }],
    rows: found.results,
    order,
    money_label,
    list: viewList(asked, {
      count: found.count,
      total: found.total && `${humanizeMoney(found.total, ctx.lang)} in total`,
      csv_path: paths.reportDownload(slug, name),
      empty: { title: 'The rows of a point will be listed here', text: 'Open them from a figure of a report.' },
    }),
  });
}

async function download<Query extends TObject>(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, declaration, read }: RowPage<Query>,
): Promise<FastifyReply> {
  const reported = await getReported(request);
  const asked = askList(request, declaration, reported.provider.default_timezone);
  return sendCsv(
    reply,
    csvOfPages(asked, {
      name,
      columns,
      // Cast: as above.
      read: (list) => read({ request, reported, list }, request.query as Static<Query>),
    }),
  );
}

const columns: readonly CsvColumn<ShownRow>[] = [
  { heading: 'Date', kind: 'instant', value: ({ at }) => (at === null ? null : new Date(at)) },
  { heading: 'Description', kind: 'text', value: ({ what }) => what },
  { heading: 'Note', kind: 'text', value: ({ note }) => note },
  { heading: 'Until', kind: 'instant', value: ({ ends_at }) => (ends_at === null ? null : new Date(ends_at)) },
  { heading: 'Customer', kind: 'text', value: ({ customer }) => customer?.name ?? null },
  { heading: 'Amount', kind: 'money', value: ({ money }) => money },
];
