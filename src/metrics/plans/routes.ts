import { Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import type { App } from '#platform/http/app';
import { IsoInstant, listQuerystring, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { getReported } from '../provider.ts';
import { readReportList } from '../report-list.ts';
import { CountReportSchema, presentSeries, readReportRequest, report_tags, reportConfig } from '../report-routes.ts';
import { ProviderParams, ReportQuerystring, SeriesSchema } from '../report-schemas.ts';
import { counted_states, countedSubscriptionList } from './counted-subscription-store.ts';
import { readCountedSubscriptions } from './list-subscriptions.ts';
import { reportPlans } from './report-plans.ts';

/** The numbers of subscriptions by plan, and the subscriptions behind them. */
export function planReportRoutes(app: App): void {
  subscriptionsRoute(app);
  app.get(
    '/api/metrics/:profile/plans',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Reports the active subscriptions to each plan',
        description:
          'Returns the number of the active subscriptions to each plan at the bounds of periods, and in extra the ' +
          'numbers of subscriptions that ended in each period.',
        params: ProviderParams,
        querystring: ReportQuerystring,
        response: {
          200: Type.Object({
            ...CountReportSchema.properties,
            results: Type.Array(
              Type.Object({
                ...SeriesSchema.properties,
                is_active: Type.Boolean({ description: 'True if the plan is on sale' }),
                location: Type.String({ description: 'Page of the plan' }),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { reported, periods, link } = await readReportRequest(request, request.query);
      const { title, definition, results, extra } = await reportPlans(request.ctx.db, reported, periods);
      return { title, definition, results: presentSeries(results, link), extra: presentSeries(extra, link) };
    },
  );
}

const CountedPage = PageOf(
  Type.Object({
    profile: ProfileSummarySchema,
    plan: PlanSummarySchema,
    created_at: IsoInstant,
    ends_at: IsoInstant,
    auto_renew: Type.Boolean(),
    amount: Type.Integer({ description: 'List price of a period for the quantity, in 1/100 of the unit' }),
    unit: Type.String({ description: 'ISO 4217 code, lower case' }),
  }),
);

const state_description =
  'active at ends_at; or with an instant from start_at to ends_at: ended; renewing, ending without a renewal; trials that ' +
  'end; resuming from a pause; cards that expire before a renewal';

/** Parameters of a point besides those of the list. */
export const subscriptionPointParams = {
  state: Type.Enum([...counted_states], { description: state_description }),
  plan: Type.Optional(Type.String({ maxLength: 150, description: 'Slug of a plan; all plans when omitted' })),
};

function subscriptionsRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/subscriptions',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the subscriptions behind a point of the report of plans',
        description:
          'Lists the subscriptions to plans of the provider that ran at ends_at, or that ended from start_at to ' +
          'ends_at. The links of the report of plans have the parameters.',
        params: ProviderParams,
        querystring: Type.Object({
          ...listQuerystring(countedSubscriptionList).properties,
          ...subscriptionPointParams,
        }),
        response: { 200: CountedPage },
      },
    },
    async (request) => {
      const { ctx, query, listUrl } = request;
      const { provider } = await getReported(request);
      const list = readReportList(request, query, provider.default_timezone);
      return readCountedSubscriptions(
        ctx.db,
        {
          provider_id: provider.id,
          plan: query.plan ?? null,
          state: query.state,
          start_at: list.start_at,
          ends_at: list.ends_at ?? ctx.clock.now(),
        },
        list,
        listUrl,
      );
    },
  );
}
