import { type TSchema, Type } from 'typebox';
import { presentUser, UserDetailSchema } from '#accounts';
import { readInstant } from '#kernel/instant';
import { endListAt } from '#kernel/page';
import { invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { IsoInstant, listQuerystring, NullableInstant, PageOf } from '#platform/http/schemas';
import { getBroker, ProfileSummarySchema } from '#profiles';
import { getReported } from '../provider.ts';
import { readReportList } from '../report-list.ts';
import { countReportRoute, report_tags, reportConfig } from '../report-routes.ts';
import { DefinitionSchema, ProviderParams } from '../report-schemas.ts';
import { balanceDueList } from './balance-due-store.ts';
import { customerValueList } from './customer-value-store.ts';
import { due_definition, listDueCustomers } from './list-balances-due.ts';
import { lifetime_definition, listLifetimeValues } from './list-lifetime-values.ts';
import { listRegistered, registeredList } from './registered-store.ts';
import { reportCustomers } from './report-customers.ts';
import {
  federation_definition,
  type MemberSeries,
  reportFederation,
  reportShared,
  shared_definition,
} from './report-federation.ts';

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

/** Series of numbers of profiles. */
const memberSeries = (of: TSchema) =>
  Type.Object({
    title: Type.String(),
    scale: Type.Number({ description: 'Factor of the values: 1' }),
    unit: Type.String({ description: 'What is counted' }),
    definition: DefinitionSchema,
    results: Type.Array(
      Type.Object({
        slug: Type.String(),
        title: Type.String(),
        extra: Type.Null({ description: 'A series has no extra facts' }),
        selector: Type.Null({ description: 'A series of profiles selects no account' }),
        values: Type.Array(Type.Tuple([of, Type.Integer()])),
      }),
    ),
  });
const FederationReply = memberSeries(Type.String({ description: 'Name of a member' }));
const SharedReply = memberSeries(Type.Integer({ description: 'Number of running subscriptions of each profile' }));
const instants = Type.Object({
  start_at: Type.Optional(Type.String({ maxLength: 64, description: 'Removed before; ends_at when omitted' })),
  ends_at: Type.Optional(Type.String({ maxLength: 64, description: 'Instant of the report; now when omitted' })),
});

function federationRoutes(app: App): void {
  const reply = <T>(title: string, definition: string, results: MemberSeries<T>[]) => ({
    title,
    scale: 1,
    unit: 'profiles',
    definition,
    results: results.map((each) => ({ ...each, extra: null, selector: null })),
  });
  const schema = {
    tags: report_tags,
    params: ProviderParams,
    querystring: instants,
    response: { 200: FederationReply },
  };
  app.get(
    '/api/metrics/:profile/federated',
    {
      config: reportConfig,
      schema: {
        ...schema,
        summary: 'Reports the subscribers of the members of a federation',
        description:
          'Returns for each member of the federation of a provider, and for all of it, the numbers of removed, invited ' +
          'and newly invited profiles.',
        response: { 200: FederationReply },
      },
    },
    async (request) => {
      const { provider } = await getReported(request);
      const { from, at } = readInstants(request.query, provider.default_timezone, request.ctx.clock.now());
      return reply('Invited', federation_definition, await reportFederation(request.ctx.db, provider, from, at));
    },
  );
  app.get(
    '/api/metrics/:profile/federated/shared',
    {
      config: reportConfig,
      schema: {
        ...schema,
        summary: 'Reports the profiles that subscribe to several members of a federation',
        description:
          'Returns the numbers of profiles by the number of their subscriptions to members of the federation.',
        response: { 200: SharedReply },
      },
    },
    async (request) => {
      const { provider } = await getReported(request);
      const { at } = readInstants(request.query, provider.default_timezone, request.ctx.clock.now());
      return reply('shared profiles', shared_definition, await reportShared(request.ctx.db, provider, at));
    },
  );
}

/** @throws invalid_input (400) naming `start_at` or `ends_at` */
function readInstants(query: { start_at?: string; ends_at?: string }, timezone: string, now: Date) {
  const at = readAt('ends_at', query.ends_at, timezone) ?? now;
  const from = readAt('start_at', query.start_at, timezone) ?? at;
  if (from > at) throw invalidInput({ start_at: ['The start must be before the end.'] });
  return { from, at };
}

function readAt(field: string, text: string | undefined, timezone: string): Date | null {
  return text === undefined || text === '' ? null : readInstant(field, text, timezone);
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
