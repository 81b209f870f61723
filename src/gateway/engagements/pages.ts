import type { FastifyRequest } from 'fastify';
import { numberFormatter } from '#kernel/formatters';
import type { App } from '#platform/http/app';
import { paths } from '#platform/http/paths';
import { mergeReads } from '#platform/db/merge-reads';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { viewList } from '#platform/pages/lists/list-view';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { getBroker } from '#profiles';
import { type EngagedUser, findTagCounts, listEngagedUsers } from './engagement-store.ts';
import { COLUMNS_MAX, engagementList, engagementPage } from './page-types.ts';
import { readEngagement } from './recent-activity.ts';

const options = { config: { access: { kind: 'broker' }, page: true }, schema: { hide: true } } as const;

/** Registers the page of the visits under the tags of the access rules, and its download. */
export function engagementPages(app: App): void {
  app.get('/proxy/engagement/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const { default_timezone } = await getBroker(ctx.db, ctx.site);
    const asked = askList(request, engagementList, default_timezone);
    const [{ engagements, active_users }, page] = await mergeReads(ctx.db, [
      (together) => readEngagement(together, ctx.clock.now(), default_timezone),
      (together) => listEngagedUsers(together, asked.list, listUrl),
    ]);
    const number = numberFormatter(ctx.lang, {});
    const tags = engagements.map(({ slug, count }) => ({ tag: slug, count, count_text: number.format(count) }));
    const has_columns = tags.length <= COLUMNS_MAX;
    return reply.page(engagementPage, {
      stats: [
        {
          label: 'Signed in yesterday',
          definition: 'Users whose last sign-in was yesterday. Who signed in again today is not counted.',
          text: number.format(active_users),
        },
        {
          label: 'Tags',
          definition: 'Words by which your access rules count visits.',
          text: number.format(tags.length),
        },
      ],
      tags,
      count_max: Math.max(0, ...tags.map(({ count }) => count)),
      has_columns,
      users: page.results.map((user) => presentUser(user, has_columns ? tags.map(({ tag }) => tag) : null)),
      list: viewList(asked, {
        count: page.count,
        empty: {
          title: 'The users of your application will be listed here',
          text: 'A rule that counts visits under a tag starts it.',
          href: paths.rules(),
          action: 'Go to the access rules',
        },
        csv_path: paths.engagementDownload(),
      }),
    });
  });
  app.get('/proxy/engagement/download/', options, async (request, reply) => sendCsv(reply, await csvOf(request)));
}

/** Presents a user with the first visit under each of `tags`, or with the visits that there were. */
function presentUser({ username, full_name, visits, seen_at }: EngagedUser, tags: readonly string[] | null) {
  const shown = tags ?? visits.map(({ tag }) => tag);
  return {
    name: full_name || username,
    username,
    seen_at: seen_at.toISOString(),
    visits: shown.map((tag) => ({ tag, at: firstVisit(visits, tag)?.toISOString() ?? null })),
  };
}

function firstVisit(visits: EngagedUser['visits'], tag: string): Date | null {
  return visits.find((visit) => visit.tag === tag)?.first_at ?? null;
}

/** The user name, then one column for each tag with the day of the first visit. */
async function csvOf(request: FastifyRequest) {
  const { ctx, listUrl } = request;
  const { default_timezone } = await getBroker(ctx.db, ctx.site);
  const tags = await findTagCounts(ctx.db);
  const columns: CsvColumn<EngagedUser>[] = [
    { heading: 'username', kind: 'text', value: ({ username }) => username },
    ...tags.map(({ slug }): CsvColumn<EngagedUser> => ({
      heading: slug,
      kind: 'day',
      value: ({ visits }) => firstVisit(visits, slug),
    })),
  ];
  const read: (list: Parameters<typeof listEngagedUsers>[1]) => ReturnType<typeof listEngagedUsers> = async (list) =>
    listEngagedUsers(ctx.db, list, listUrl);
  return csvOfPages(askList(request, engagementList, default_timezone), { name: 'engagement', columns, read });
}
