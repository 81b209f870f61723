import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { listMembersSeen, presentMembersSeen, type Profile, profileName } from '#profiles';
import { getSubjectId, getSubjectProfile } from '../route-subject.ts';
import { ProfileParams } from '../schemas.ts';
import { activityPage, engagedList, unengagedList } from './activity-page-types.ts';
import { presentProfiles } from './present-subscriber.ts';
import { parseSeenPeriod } from './seen-period.ts';
import { listUnengaged, selectActiveSubscribers } from './subscriber-store.ts';

/** Period of the people who use the application, without dates in the address. */
const ENGAGED_DAYS = 7;
/** Period in which the other subscribers did not use it. */
const UNENGAGED_DAYS = 365;

const config = { access: { kind: 'direct' }, page: true } as const;

/** Registers the page of the subscribers who use the application, and of those who do not. */
export function activityPages(app: App): void {
  const options = { config, schema: { hide: true, params: ProfileParams } } as const;
  app.get('/metrics/:profile/activity/', options, async (request, reply) => {
    const provider = await getSubjectProfile(request.ctx, request.subject);
    return isUnengaged(request) ? showUnengaged(request, reply, provider) : showEngaged(request, reply, provider);
  });
  app.get('/metrics/:profile/activity/download/', options, async (request, reply) => {
    const { default_timezone } = await getSubjectProfile(request.ctx, request.subject);
    if (isUnengaged(request)) {
      const asked = askList(request, unengagedList, default_timezone);
      const read = async (list: ListQuery) => readUnengaged(request, list);
      return sendCsv(reply, csvOfPages(asked, { name: 'unengaged', columns: unengaged_columns, read }));
    }
    const asked = askList(request, engagedList, default_timezone);
    const read = async (list: ListQuery) => readEngaged(request, list);
    return sendCsv(reply, csvOfPages(asked, { name: 'engaged', columns: engaged_columns, read }));
  });
}

function isUnengaged({ listUrl }: FastifyRequest): boolean {
  return listUrl.searchParams.get('show') === 'unengaged';
}

type Read<Row> = Promise<Page<Row>>;
type EngagedRow = Awaited<ReturnType<typeof presentMembersSeen>>[number];
type UnengagedRow = Awaited<ReturnType<typeof presentProfiles>>[number];

async function readEngaged({ ctx, subject, listUrl }: FastifyRequest, list: ListQuery): Read<EngagedRow> {
  const at = ctx.clock.now();
  const seen = parseSeenPeriod(list, at, ENGAGED_DAYS);
  const profiles = selectActiveSubscribers(ctx.db, getSubjectId(subject), at);
  const page = await listMembersSeen(ctx.db, { profiles, seen }, list, listUrl);
  return { ...page, results: await presentMembersSeen(ctx, page.results, subject) };
}

async function readUnengaged({ ctx, subject, listUrl }: FastifyRequest, list: ListQuery): Read<UnengagedRow> {
  const at = ctx.clock.now();
  const provider_id: ProfileId = getSubjectId(subject);
  const seen = parseSeenPeriod(list, at, UNENGAGED_DAYS);
  const page = await listUnengaged(ctx.db, { provider_id, at, seen }, list, listUrl);
  return { ...page, results: await presentProfiles(ctx, page.results) };
}

async function showEngaged(request: FastifyRequest, reply: FastifyReply, provider: Profile): Promise<FastifyReply> {
  const asked = askList(request, engagedList, provider.default_timezone);
  const page = await readEngaged(request, asked.list);
  return reply.page(activityPage, {
    profile: viewProvider(provider),
    engaged: page.results.map(({ user, role_description, profile }) => ({
      name: user.printable_name || user.username,
      email: user.email,
      role: role_description?.title ?? null,
      subscriber: profile.printable_name,
      last_login: user.last_login,
    })),
    unengaged: null,
    list: viewList(asked, {
      count: page.count,
      empty: {
        title: 'People who use your application will be listed here',
        text: `In the last ${ENGAGED_DAYS} days no person of a subscriber signed in.`,
      },
      csv_path: paths.activityDownload(provider.slug),
    }),
  });
}

async function showUnengaged(request: FastifyRequest, reply: FastifyReply, provider: Profile): Promise<FastifyReply> {
  const asked = askList(request, unengagedList, provider.default_timezone);
  const page = await readUnengaged(request, asked.list);
  return reply.page(activityPage, {
    profile: viewProvider(provider),
    engaged: null,
    unengaged: page.results.map(({ printable_name, slug, created_at }) => ({ name: printable_name, slug, created_at })),
    list: viewList(asked, {
      count: page.count,
      empty: {
        title: 'Subscribers who do not use your application will be listed here',
        text: 'Each subscriber has a person who signed in within a year.',
      },
      csv_path: paths.activityDownload(provider.slug),
    }),
  });
}

function viewProvider(provider: Profile) {
  return { slug: provider.slug, printable_name: profileName(provider) };
}

const instant = (text: string | null) => (text === null ? null : new Date(text));

const engaged_columns: CsvColumn<EngagedRow>[] = [
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => instant(created_at) },
  { heading: 'Username', kind: 'text', value: ({ user }) => user.username },
  { heading: 'Email', kind: 'text', value: ({ user }) => user.email },
  { heading: 'Full name', kind: 'text', value: ({ user }) => user.full_name },
  { heading: 'Account creation date', kind: 'day', value: ({ user }) => instant(user.created_at) },
  { heading: 'Role description', kind: 'text', value: ({ role_description }) => role_description?.title ?? '' },
  { heading: 'Profile slug', kind: 'text', value: ({ profile }) => profile.slug },
  { heading: 'Profile name', kind: 'text', value: ({ profile }) => profile.printable_name },
  { heading: 'Profile creation date', kind: 'day', value: ({ profile }) => instant(profile.created_at) },
];

const unengaged_columns: CsvColumn<UnengagedRow>[] = [
  { heading: 'Slug', kind: 'text', value: ({ slug }) => slug },
  { heading: 'Profile name', kind: 'text', value: ({ printable_name }) => printable_name },
  { heading: 'Type', kind: 'text', value: ({ type }) => type },
  { heading: 'Credentials', kind: 'text', value: ({ credentials }) => String(credentials) },
  { heading: 'Created at', kind: 'day', value: ({ created_at }) => instant(created_at) },
];
