import { Type } from 'typebox';
import type { App } from '#platform/http/app';
import { readUpcoming } from '../report-periods.ts';
import { moneyReportRoute, presentSeries, readReportProvider, report_tags, reportConfig } from '../report-routes.ts';
import { MoneyReportSchema, ProviderParams, SeriesSchema, UpcomingQuerystring } from '../report-schemas.ts';
import { reportDeferredIncome } from './report-deferred-income.ts';
import { reportScheduledIncome } from './report-scheduled-income.ts';

/** Reports on deferred income: what changed it, and when it is recognised. */
export function deferredRoutes(app: App): void {
  moneyReportRoute(app, {
    name: 'deferred-income',
    summary: 'Reports what changed the deferred income by period',
    description:
      'Returns the deferred income at the start of each period, what orders added, what was recognised, refunded or ' +
      'written off, and the deferred income at the end of it.',
    read: reportDeferredIncome,
  });
  scheduledRoute(app);
}

function scheduledRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/scheduled-income',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Reports when the deferred income of now is recognised',
        description:
          'Returns the deferred income of now by the periods in which it is recognised, the running one first, and in ' +
          'extra what is recognised later, what has no date, and all of it.',
        params: ProviderParams,
        querystring: UpcomingQuerystring,
        response: {
          200: Type.Object({
            ...MoneyReportSchema.properties,
            extra: Type.Array(SeriesSchema, { description: 'Amounts that are in no period, and all deferred income' }),
          }),
        },
      },
    },
    async (request) => {
      const { ctx, query } = request;
      const { reported, link } = await readReportProvider(request, query.unit);
      const bounds = readUpcoming(query, reported.provider.default_timezone, ctx.clock.now());
      const { title, definition, results, extra = [] } = await reportScheduledIncome(ctx.db, reported, bounds);
      return {
        title,
        scale: 0.01,
        unit: reported.unit,
        definition,
        results: presentSeries(results, link),
        extra: presentSeries(extra, link),
      };
    },
  );
}
