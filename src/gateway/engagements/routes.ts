import { isTimeZone } from '#kernel/instant';
import { invalidInput } from '#kernel/problem';
import { pageOfAll } from '#platform/db/list';
import type { App } from '#platform/http/app';
import { fixedOrder, listQuerystring } from '#platform/http/schemas';
import { engagedUserList, listEngagedUsers } from './engagement-store.ts';
import { findRecentActivity, readEngagement } from './recent-activity.ts';
import { EngagedUserPage, EngagementQuery, EngagementSchema, RecentPage } from './schemas.ts';

const access = { kind: 'broker' } as const;
const tags = ['proxy'];

/** Registers the routes of the dashboard: engagement and recent activity. */
export function engagementRoutes(app: App): void {
  visitRoutes(app);
  recentRoute(app);
}

function visitRoutes(app: App): void {
  app.get(
    '/api/proxy/engagement',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves users engagement',
        description: 'Returns the share of users who used each tagged part of the application.',
        querystring: EngagementQuery,
        response: { 200: EngagementSchema },
      },
    },
    async ({ ctx, query }) => ({
      ...(await readEngagement(ctx.db, ctx.clock.now(), parseZone(query.timezone))),
      authentication: ctx.site.authentication,
    }),
  );

  app.get(
    '/api/proxy/engagement/users',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves engagement metrics',
        description: 'Lists users with the tagged parts of the application that they used.',
        querystring: listQuerystring(engagedUserList),
        response: { 200: EngagedUserPage },
      },
    },
    async (request) => {
      const page = await listEngagedUsers(request.ctx.db, request.list(), request.listUrl);
      const results = page.results.map(({ username, visits }) => ({
        username,
        engagements: visits.map(({ tag }) => tag),
      }));
      return { ...page, results };
    },
  );
}

function recentRoute(app: App): void {
  app.get(
    '/api/proxy/recent',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Retrieves recently active users',
        description: 'Lists the latest sign-ins, registrations and payments.',
        querystring: listQuerystring(fixedOrder),
        response: { 200: RecentPage },
      },
    },
    async (request) => {
      const { ctx } = request;
      const recent = await findRecentActivity(ctx.db, ctx.clock.now(), parseZone(request.query.timezone));
      return pageOfAll(recent, request.list(), request.listUrl);
    },
  );
}

function parseZone(timezone: string | undefined): string {
  if (timezone === undefined || timezone === '') return 'UTC';
  if (!isTimeZone(timezone)) throw invalidInput({ timezone: ['Enter the name of a time zone, such as Europe/Paris.'] });
  return timezone;
}
