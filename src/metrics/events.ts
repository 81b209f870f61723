import { Type } from 'typebox';
import type { ProfileId } from '#platform/db/db-schema';
import { defineEvent, idOf } from '#platform/jobs/events';

const Row = Type.Object({
  title: Type.String(),
  /** In 1/100 of the unit, or a count. */
  value: Type.Integer(),
  is_money: Type.Boolean(),
  /** Change to the period before and to the same period of last year, in 1/10 of a percent; null without a base. */
  previous: Type.Union([Type.Integer(), Type.Null()]),
  last_year: Type.Union([Type.Integer(), Type.Null()]),
});

export const periodSalesReportCreated = defineEvent(
  'period_sales_report_created',
  Type.Object(
    {
      provider_id: idOf<ProfileId>(),
      starts_at: Type.String(),
      ends_at: Type.String(),
      timezone: Type.String(),
      unit: Type.String(),
      rows: Type.Array(Row),
      /** New people of the site, for the broker; null for other providers. */
      people: Type.Union([
        Type.Object({
          users_count: Type.Integer(),
          profiles_count: Type.Integer(),
          names: Type.Array(Type.String()),
        }),
        Type.Null(),
      ]),
    },
    { description: 'A week of a provider ended, in its time zone.' },
  ),
);
