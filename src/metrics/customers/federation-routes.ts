import { type TSchema, Type } from 'typebox';
import { readInstant } from '#kernel/instant';
import { requireRange } from '#kernel/list-range';
import type { App } from '#platform/http/app';
import { listQuerystring, NullableInstant, NullableString, PageOf } from '#platform/http/schemas';
import { ProfileSummarySchema } from '#profiles';
import { getReported } from '../provider.ts';
import { report_tags, reportConfig } from '../report-routes.ts';
import { DefinitionSchema, ProviderParams } from '../report-schemas.ts';
import { linkRows } from '../rows-of.ts';
import { federatedPointParams, readFederationPoint, requireOrder } from './federation-point.ts';
import { federatedProfileList } from './federation-store.ts';
import {
  federation_definition,
  type MemberSeries,
  readFederatedProfiles,
  reportFederation,
  reportShared,
  shared_definition,
} from './report-federation.ts';

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
        links: Type.Array(NullableString, {
          description: 'Address of the list of the profiles that each value counts',
        }),
      }),
    ),
  });
const FederationReply = memberSeries(Type.String({ description: 'Name of a member' }));
const SharedReply = memberSeries(Type.Integer({ description: 'Number of running subscriptions of each profile' }));
const instants = Type.Object({
  start_at: Type.Optional(Type.String({ maxLength: 64, description: 'Removed before; ends_at when omitted' })),
  ends_at: Type.Optional(Type.String({ maxLength: 64, description: 'Instant of the report; now when omitted' })),
});

/** The reports of a federation, and the profiles behind them. */
export function federationRoutes(app: App): void {
  profilesRoute(app);
  const reply = <T>(
    { title, definition, link }: { title: string; definition: string; link: ReturnType<typeof linkRows> },
    results: MemberSeries<T>[],
  ) => ({
    title,
    scale: 1,
    unit: 'profiles',
    definition,
    results: results.map((each) => ({ ...each, links: each.links.map(link), extra: null, selector: null })),
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
      const series = await reportFederation(request.ctx.db, provider, from, at);
      const link = linkRows(request.ctx.origin, provider.slug);
      return reply({ title: 'Invited', definition: federation_definition, link }, series);
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
      const series = await reportShared(request.ctx.db, provider, at);
      const link = linkRows(request.ctx.origin, provider.slug);
      return reply({ title: 'shared profiles', definition: shared_definition, link }, series);
    },
  );
}

/** @throws invalid_input (400) naming `start_at` or `ends_at` */
function readInstants(query: { start_at?: string; ends_at?: string }, timezone: string, now: Date) {
  const at = readAt('ends_at', query.ends_at, timezone) ?? now;
  const from = readAt('start_at', query.start_at, timezone) ?? at;
  requireOrder(from, at);
  return { from, at };
}

function readAt(field: string, text: string | undefined, timezone: string): Date | null {
  return text === undefined || text === '' ? null : readInstant(field, text, timezone);
}

const FederatedPage = PageOf(
  Type.Object({
    profile: Type.Union([ProfileSummarySchema, Type.Null()], {
      description: 'Null for subscribers of another seller: a provider sees who subscribes to its own plans',
    }),
    begins_at: NullableInstant,
    ends_at: NullableInstant,
  }),
);

function profilesRoute(app: App): void {
  app.get(
    '/api/metrics/:profile/federated-profiles',
    {
      config: reportConfig,
      schema: {
        tags: report_tags,
        summary: 'Lists the profiles behind a point of the reports of a federation',
        description:
          'Lists the profiles that a point counts, the latest first, with the begin of the first and the end of the last ' +
          'subscription. The links of the reports have the parameters. Subscribers of other sellers have no name and no ' +
          'instants.',
        params: ProviderParams,
        querystring: Type.Object({
          ...listQuerystring(federatedProfileList).properties,
          ...instants.properties,
          ...federatedPointParams,
        }),
        response: { 200: FederatedPage },
      },
    },
    async (request) => {
      const { ctx, query, listUrl } = request;
      const { provider } = await getReported(request);
      requireRange({ start_at: null, ends_at: null }, query.timezone);
      const list = request.list(provider.default_timezone);
      const point = readFederationPoint(query, list, { provider_id: provider.id, now: ctx.clock.now() });
      return readFederatedProfiles(ctx.db, point, list, listUrl);
    },
  );
}
