import { Type } from 'typebox';
import { presentUser, UserDetailSchema } from '#accounts';
import { endListAt } from '#kernel/page';
import type { App } from '#platform/http/app';
import { IsoInstant, listQuerystring, NullableInstant, PageOf } from '#platform/http/schemas';
import { getBroker, ProfileSummarySchema } from '#profiles';
import { getReported } from '../provider.ts';
import { readReportList } from '../report-list.ts';
import { countReportRoute, report_tags, reportConfig } from '../report-routes.ts';
import { DefinitionSchema, ProviderParams } from '../report-schemas.ts';
import { balanceDueList } from './balance-due-store.ts';
import { customerValueList } from './customer-value-store.ts';
import { federationRoutes } from './federation-routes.ts';
import { due_definition, listDueCustomers } from './list-balances-due.ts';
import { lifetime_definition, listLifetimeValues } from './list-lifetime-values.ts';
import { listRegistered, registeredList } from './registered-store.ts';
import { reportCustomers } from './report-customers.ts';

export const registered_definition =
  'Users that have no role on a profile with a subscription which began before ends_at. start_at and ends_at are ' +
  'bounds of the registration.';

/** Reports on the customers of a provider. */
export function customerRoutes(app: App): void {
  countReportRoute(app, {
    name: 'customers',
    summary: 'Reports the customers of a provider by period',
    description:
      'Returns the numbers of customers with an order in each period, of new and of churned ones. New customers placed ' +
      'an order in the period and none in the period before; churned customers the reverse.',
    read: reportCustomers,
  });
  lifetimeRoute(app);
  dueRoute(app);
  federationRoutes(app);
  registeredRoute(app);
}

const LifetimePage = Type.Object({
  definition: DefinitionSchema,
  ...PageOf(
    Type.Object({
      ...ProfileSummarySchema.properties,
      created_at: Type.String({
        format: 'date-time',
        description: 'Begin of the first subscription, else first order',
      }),
      ends_at: NullableInstant,
      contract_value: Type.Integer({ description: 'Orders less credit notes, in 1/100 of the unit' }),
      cash_payments: Type.Integer({ description: 'Payments less refunds, in 1/100 of the unit' }),
      deferred_revenue: Type.Integer({ description: 'Paid and not recognised yet, in 1/100 of the unit' }),
      unit: Type.String({ description: 'ISO 4217 code, lower case' }),
    }),
  ).properties,
});

function lifetimeRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/lifetimevalue',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the customers of a provider with their value',
        description:
          'Lists the customers with orders, the latest first, with the value of the orders, what was paid, and what is ' +
          'still to be recognised as income.',
        params: ProviderParams,
        querystring: listQuerystring(customerValueList),
        response: { 200: LifetimePage },
      },
    },
    async (request) => {
      const { provider } = await getReported(request);
      const list = readReportList(request, request.query, provider.default_timezone);
      const page = await listLifetimeValues(request.ctx.db, provider, list, request.listUrl);
      return { definition: lifetime_definition, ...page };
    },
  );
}

const Amount = Type.Integer({ description: 'In 1/100 of the unit' });
const DuePage = Type.Object({
  definition: DefinitionSchema,
  ...PageOf(
    Type.Object({
      ...ProfileSummarySchema.properties,
      balances: Type.Record(
        Type.String({ pattern: '^[a-z]{3}$' }),
        Type.Object({ contract_value: Amount, cash_payments: Amount, balance: Amount }),
        { description: 'By unit, ISO 4217 in lower case' },
      ),
    }),
  ).properties,
});

function dueRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/balances-due',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the customers that owe a provider',
        description: 'Lists the customers with an amount due to the provider now, with what they ordered and paid.',
        params: ProviderParams,
        querystring: listQuerystring(balanceDueList),
        response: { 200: DuePage },
      },
    },
    async (request) => {
      const { provider } = await getReported(request);
      const list = readReportList(request, request.query, provider.default_timezone);
      const page = await listDueCustomers(request.ctx.db, provider, list, request.listUrl);
      return { definition: due_definition, ...page };
    },
  );
}

function registeredRoute(app: App): void {
  app.get(
    '/api/metrics/registered',
    {
      config: { access: { kind: 'broker' } },
      schema: {
        tags: report_tags,
        summary: 'Lists the users without a subscription',
        description:
          'Lists the users that registered and have no role on a profile with a subscription, active or ended, by name.',
        querystring: listQuerystring(registeredList),
        response: {
          200: Type.Object({
            definition: DefinitionSchema,
            ...PageOf(Type.Object({ ...UserDetailSchema.properties, created_at: IsoInstant })).properties,
          }),
        },
      },
    },
    async (request) => {
      const { ctx } = request;
      const { default_timezone } = await getBroker(ctx.db, ctx.site);
      const list = endListAt(readReportList(request, request.query, default_timezone), ctx.clock.now());
      const page = await listRegistered(ctx.db, list.ends_at ?? ctx.clock.now(), list, request.listUrl);
      return { definition: registered_definition, ...page, results: page.results.map(presentUser) };
    },
  );
}
