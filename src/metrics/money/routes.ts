import { Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import { TransactionSchema } from '#ledger';
import { mergeReads } from '#platform/db/merge-reads';
import type { App } from '#platform/http/app';
import { listQuerystring, NullableString, PageOf } from '#platform/http/schemas';
import { getReported } from '../provider.ts';
import { moneyReportRoute, readReportRequest, report_tags, reportConfig, presentSeries } from '../report-routes.ts';
import { readReportList } from '../report-list.ts';
import { MoneyReportQuerystring, MoneyReportSchema, ProviderParams, UnitParameter } from '../report-schemas.ts';
import { hasPayoutAccount } from './connection-store.ts';
import { entryPointList } from './entry-point-store.ts';
import { entry_series_names } from './entry-series.ts';
import { readEntriesOfPoint } from './list-entries.ts';
import { reportFunds } from './report-funds.ts';
import { reportProviderBalances } from './report-provider-balances.ts';

const EntriesSchema = Type.Object({
  counted_amount: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Sum of what the entries of all pages add to the point; null without unit',
  }),
  customers_count: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Distinct customers of the orders of all pages; null for other series',
  }),
  unit: NullableString,
  ...PageOf(
    Type.Object({
      ...TransactionSchema.properties,
      counted: Type.Integer({ description: 'What the entry adds to the point, in 1/100 of the unit' }),
    }),
  ).properties,
});

/** Reports on the money of a provider, and the ledger entries behind their points. */
export function moneyRoutes(app: App): void {
  fundsRoute(app);
  moneyReportRoute(app, {
    name: 'balances',
    summary: 'Reports the balances of a provider',
    description:
      'Returns the balances of the accounts Income, Backlog, Receivable and Credit of the provider at the bounds of periods.',
    read: reportProviderBalances,
  });
  entriesRoute(app);
}

function fundsRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/funds',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Reports sales, payments and refunds by period',
        description:
          'Returns sales, payments, refunds and credits of the provider in each period. New and churned sales compare ' +
          'the customers of a period with those of the period before.',
        params: ProviderParams,
        querystring: MoneyReportQuerystring,
        response: {
          200: Type.Object({
            ...MoneyReportSchema.properties,
            processor_hint: Type.Optional(
              Type.String({
                description: 'connect_provider: the provider has no account at a processor for its money',
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { ctx } = request;
      const { reported, periods, link } = await readReportRequest(request, request.query);
      const [{ title, definition, results }, is_connected] = await mergeReads(ctx.db, [
        (reader) => reportFunds(reader, reported, periods),
        (reader) => hasPayoutAccount(reader, reported.provider.id),
      ]);
      const lacks_account = !is_connected && reported.provider.id !== ctx.site.broker_id;
      return {
        title,
        scale: 0.01,
        unit: reported.unit,
        definition,
        results: presentSeries(results, link),
        ...(lacks_account ? { processor_hint: 'connect_provider' } : {}),
      };
    },
  );
}

/** Parameters of a point besides those of the list. */
export const entryPointParams = {
  series: Type.Enum([...entry_series_names], { description: 'Series of the report' }),
  unit: UnitParameter,
  before_at: Type.Optional(
    Type.String({ maxLength: 64, description: 'Start of the period before, for new and churned sales' }),
  ),
};

function entriesRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/entries',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the ledger entries behind a point of a report',
        description:
          'Lists the entries of the provider that add up to a point of a report of money or customers. The links of ' +
          'the reports have the parameters.',
        params: ProviderParams,
        querystring: Type.Object({ ...listQuerystring(entryPointList).properties, ...entryPointParams }),
        response: { 200: EntriesSchema },
      },
    },
    async (request) => {
      const { ctx, query, listUrl } = request;
      const { provider } = await getReported(request);
      const zone = query.timezone || provider.default_timezone;
      const list = readReportList(request, query, provider.default_timezone);
      const unit = query.unit ?? null;
      const found = await readEntriesOfPoint(
        ctx,
        {
          provider_id: provider.id,
          series: query.series,
          unit,
          start_at: list.start_at,
          ends_at: list.ends_at ?? ctx.clock.now(),
          before_at: query.before_at ? readInstant('before_at', query.before_at, zone) : null,
          timezone: zone,
        },
        list,
        listUrl,
      );
      return { unit, ...found };
    },
  );
}
