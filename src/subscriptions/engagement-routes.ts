import { memberSeenList, listMembersSeen, MemberSeenSchema, presentMembersSeen } from '#profiles';
import type { App } from '#platform/http/app';
import { listQuerystring, PageOf } from '#platform/http/schemas';
import { getProfileOf, planIds } from './caller.ts';
import { subscriberList, listUnengaged, runningSubscribers } from './list-subscribers.ts';
import { presentProfiles } from './present-subscription.ts';
import { ProfilePage, ProfileParams } from './schemas.ts';

const managing = { kind: 'direct' } as const;
const tags = ['subscriptions'];
const DAY_MS = 86_400_000;
/** Days within which a sign-in makes a subscriber engaged. */
const ENGAGED_DAYS = 7;
/** Days without a sign-in after which a subscriber is not. */
const INACTIVITY_DAYS = 90;

/** Which subscribers use what they pay for, by the sign-ins of the people who have a role on them. */
export function engagementRoutes(app: App): void {
  app.get(
    '/api/profile/:profile/subscribers/engaged',
    {
      config: { access: managing },
      schema: {
        tags,
        summary: 'Lists engaged subscribers',
        description: 'Lists the subscribers who used the application in a range of dates.',
        params: ProfileParams,
        querystring: listQuerystring(memberSeenList),
        response: { 200: PageOf(MemberSeenSchema) },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const at = ctx.clock.now();
      const list = request.list((await getProfileOf(ctx, subject)).default_timezone);
      const plan_ids = await planIds(ctx, subject, undefined);
      const seen = {
        from: list.start_at ?? new Date(at.getTime() - ENGAGED_DAYS * DAY_MS),
        to: list.ends_at ?? new Date(at.getTime() + 1),
      };
      const profiles = runningSubscribers(ctx.db, plan_ids, at);
      const page = await listMembersSeen(ctx.db, { profiles, seen }, list, request.listUrl);
      return { ...page, results: await presentMembersSeen(ctx, page.results, subject) };
    },
  );

  app.get(
    '/api/profile/:profile/subscribers/unengaged',
    {
      config: { access: managing },
      schema: {
        tags,
        summary: 'Lists inactive subscribers',
        description: 'Lists the subscribers who did not use the application in a range of dates.',
        params: ProfileParams,
        querystring: listQuerystring(subscriberList),
        response: { 200: ProfilePage },
      },
    },
    async (request) => {
      const { ctx, subject } = request;
      const at = ctx.clock.now();
      const list = request.list((await getProfileOf(ctx, subject)).default_timezone);
      const plan_ids = await planIds(ctx, subject, undefined);
      const seen = {
        from: list.start_at ?? new Date(at.getTime() - INACTIVITY_DAYS * DAY_MS),
        to: list.ends_at ?? new Date(at.getTime() + 1),
      };
      const page = await listUnengaged(ctx.db, { plan_ids, at, seen }, list, request.listUrl);
      return { ...page, results: await presentProfiles(ctx, page.results) };
    },
  );
}
