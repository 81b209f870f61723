import { Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import type { ListQuery } from '#kernel/page';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { IsoInstant, listQuerystring, NullableString, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { getReported } from '../provider.ts';
import { readReportList } from '../report-list.ts';
import { moneyReportRoute, report_tags, reportConfig } from '../report-routes.ts';
import { ProviderParams, UnitParameter } from '../report-schemas.ts';
import { type MovementPoint, movementList } from './movement-list-store.ts';
import { readMovements } from './read-movements.ts';
import { movement_kinds } from './recurring-store.ts';
import { reportCohorts } from './report-cohorts.ts';
import { reportRecurring, reportRevenueChurn } from './report-recurring.ts';

/** Reports on recurring revenue, and the movements behind their points. */
export function recurringRoutes(app: App): void {
  moneyReportRoute(app, {
    name: 'recurring-revenue',
    summary: 'Reports the recurring revenue and its movements',
    description:
      'Returns the recurring revenue per month at the bounds of periods, and in extra its movements in each period: ' +
      'new, expansion, contraction, churn and reactivation.',
    read: reportRecurring,
  });
  moneyReportRoute(app, {
    name: 'revenue-churn',
    summary: 'Reports gross and net revenue churn by period',
    description:
      'Returns the revenue that was lost in each period in percent of the recurring revenue at its start, gross and ' +
      'net, with and without pauses.',
    read: reportRevenueChurn,
  });
  moneyReportRoute(app, {
    name: 'cohorts',
    summary: 'Reports the retention of cohorts',
    description:
      'Returns for each period the subscribers whose recurring revenue began in it and who have some at the end of ' +
      'each later period, and in extra that revenue.',
    read: reportCohorts,
  });
  movementsRoute(app);
}

const MovementsReply = Type.Object({
  unit: Type.String({ description: 'ISO 4217 code, lower case' }),
  counted_amount: Type.Integer({ description: 'Sum of the movements of all pages' }),
  ...PageOf(
    Type.Object({
      profile: ProfileSummarySchema,
      at: IsoInstant,
      kind: Type.Enum([...movement_kinds]),
      cause: Type.String({
        description:
          'order, trial, change, quantity, price, pause, unpaid, cancelled, ended, by_provider or the reason of a cancellation',
      }),
      amount: Type.Integer({ description: 'Revenue per month after less before' }),
      after_amount: Type.Integer({ description: 'Revenue per month of the subscriber after the movement' }),
      lines: Type.Array(
        Type.Object({
          description: Type.String(),
          plan: NullableString,
          created_at: IsoInstant,
          recurring_amount: Type.Union([Type.Integer(), Type.Null()]),
          recurring_periods: Type.Union([Type.Integer(), Type.Null()]),
          period_type: NullableString,
        }),
        { description: 'Order lines whose time begins or ends at the movement' },
      ),
    }),
  ).properties,
});

const instant = (description: string) => Type.Optional(Type.String({ maxLength: 64, description }));

/** Parameters of a point besides those of the list. */
export const movementPointParams = {
  unit: UnitParameter,
  kind: Type.Optional(
    Type.String({
      pattern: `^(?:${movement_kinds.join('|')})(?:,(?:${movement_kinds.join('|')}))*$`,
      description: 'Kinds of movements, separated by commas; all when omitted',
    }),
  ),
  pauses: Type.Optional(Type.Enum(['without'], { description: 'Leaves out movements by a pause' })),
  cohort_start_at: instant('Subscribers whose revenue began from this instant on'),
  cohort_ends_at: instant('Subscribers whose revenue began before this instant'),
};

function movementsRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/movements',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the movements of recurring revenue behind a point of a report',
        description:
          'Lists the changes of the recurring revenue of subscribers with the order lines whose time begins or ends ' +
          'there. The links of the reports have the parameters.',
        params: ProviderParams,
        querystring: Type.Object({
          ...listQuerystring(movementList).properties,
          ...movementPointParams,
        }),
        response: { 200: MovementsReply },
      },
    },
    async (request) => {
      const { ctx, query, listUrl } = request;
      const reported = await getReported(request);
      const { provider } = reported;
      const list = readReportList(request, query, provider.default_timezone);
      const zone = query.timezone || provider.default_timezone;
      const unit = query.unit ?? reported.unit;
      const point = readMovementPoint(query, list, { provider_id: provider.id, unit, zone, now: ctx.clock.now() });
      const found = await readMovements(ctx.db, point, list, listUrl);
      return { unit, ...found };
    },
  );
}

interface MovementQuery {
  kind?: string | undefined;
  pauses?: string | undefined;
  cohort_start_at?: string | undefined;
  cohort_ends_at?: string | undefined;
}

/**
 * Reads the parameters of a point.
 *
 * @throws invalid_input (400) naming `cohort_start_at` or `cohort_ends_at`
 */
export function readMovementPoint(
  { kind, pauses, cohort_start_at, cohort_ends_at }: MovementQuery,
  { start_at, ends_at }: Pick<ListQuery, 'start_at' | 'ends_at'>,
  { zone, now, ...of }: Pick<MovementPoint, 'provider_id' | 'unit'> & { zone: string; now: Date },
): MovementPoint {
  if ((cohort_start_at === undefined) !== (cohort_ends_at === undefined))
    throw invalidInput({
      [cohort_start_at === undefined ? 'cohort_start_at' : 'cohort_ends_at']: ['A cohort has a start and an end.'],
    });
  const kinds = kind?.split(',') ?? movement_kinds;
  const cohort =
    cohort_start_at === undefined || cohort_ends_at === undefined
      ? null
      : {
          start_at: readInstant('cohort_start_at', cohort_start_at, zone),
          ends_at: readInstant('cohort_ends_at', cohort_ends_at, zone),
        };
  if (cohort !== null && cohort.start_at >= cohort.ends_at)
    throw invalidInput({ cohort_start_at: ['The start must be before the end.'] });
  return {
    ...of,
    kinds: movement_kinds.filter((each) => kinds.includes(each)),
    with_pauses: pauses === undefined,
    start_at,
    ends_at: ends_at ?? now,
    cohort,
  };
}
