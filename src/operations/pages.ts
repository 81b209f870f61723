import type { FastifyRequest } from 'fastify';
import { listParked } from '#billing';
import { durationText } from '#kernel/progress';
import type { OutboxEventId } from '#platform/db/db-schema';
import type { App } from '#platform/http/app';
import { problemToForm, textField } from '#platform/http/forms';
import { paths } from '#platform/http/paths';
import { listFailedWork, listSchedules } from '#platform/jobs/work-store';
import { askList } from '#platform/pages/lists/ask-list';
import { backToList } from '#platform/pages/lists/list-address';
import { viewList } from '#platform/pages/lists/list-view';
import { postAction } from '#platform/pages/lists/row-actions';
import { isBrokerManager } from '#profiles';
import { brokerTimezone, failedFilter, schedulesFilter } from './asked-work.ts';
import { operationDownloads } from './downloads.ts';
import { messagePages } from './message-pages.ts';
import {
  failedWorkListPage,
  failedWorkPage,
  jobsPage,
  parkedListPage,
  parkedPage,
  scheduleListPage,
} from './page-types.ts';
import { presentFailedWork, presentParked, presentSchedule } from './present-work.ts';
import { operationProblems } from './problems.ts';
import { retryParked } from './retry-parked.ts';
import { retryAllWork, retryWork } from './retry-work.ts';
import { readTabs } from './work-tabs.ts';

const read = { access: { kind: 'broker' }, page: true } as const;
const schema = { hide: true } as const;

/** The pages of background work, for the broker. */
export function operationPages(app: App): void {
  workPages(app);
  parkedPages(app);
  messagePages(app);
  operationDownloads(app);
}

function workPages(app: App): void {
  app.get('/site/jobs/', { config: read, schema }, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, scheduleListPage, await brokerTimezone(ctx));
    const page = await listSchedules(ctx.db, schedulesFilter(asked), asked.list, listUrl);
    const { counts, tabs } = await readTabs(ctx.db);
    return reply.page(jobsPage, {
      tabs,
      schedules: page.results.map((row) => {
        return { ...presentSchedule(row), took_text: row.took_ms === null ? null : runText(row.took_ms) };
      }),
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.jobsDownload(),
        empty: { title: 'Schedules will be listed here', text: 'The worker of the site did not start yet.' },
        tab_counts: { failed: counts.failed_schedules },
      }),
    });
  });

  app.get('/site/jobs/failed/', { config: read, schema }, async (request, reply) => {
    const { ctx, listUrl, subject } = request;
    const asked = askList(request, failedWorkListPage, await brokerTimezone(ctx));
    const page = await listFailedWork(ctx.db, failedFilter(asked), asked.list, listUrl);
    const { counts, tabs } = await readTabs(ctx.db);
    const may_edit = isBrokerManager(subject);
    const parked_count = counts.parked_events + counts.parked_jobs;
    const work = (await presentFailedWork(ctx.db, page.results)).map((row) => ({
      ...row,
      actions:
        may_edit && row.state === 'parked' ? [postAction('Retry', { action: 'retry', work: String(row.id) })] : [],
    }));
    return reply.page(failedWorkPage, {
      tabs,
      work,
      parked_count,
      may_edit,
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.failedWorkDownload(),
        empty: { title: 'Work that failed will be listed here', text: 'Every event was delivered and every job ran.' },
        tab_counts: { parked: parked_count, retrying: counts.retrying },
      }),
    });
  });

  const problems = [operationProblems.failed_work_unknown, operationProblems.work_not_parked];
  app.post('/site/jobs/failed/', { config: { ...read, problems }, schema }, async (request, reply) => {
    const text = await retry(request).catch((error: unknown) => {
      reply.flash('error', problemToForm(error).detail);
      return null;
    });
    if (text !== null) reply.flash('success', text);
    return reply.redirect(backToList(request, paths.failedWork()), 303);
  });
}

/** The page of the profiles that jobs leave alone. */
function parkedPages(app: App): void {
  const url = '/site/jobs/parked/';
  app.get(url, { config: read, schema }, async (request, reply) => {
    const { ctx, listUrl, subject } = request;
    const asked = askList(request, parkedListPage, await brokerTimezone(ctx));
    const page = await listParked(ctx.db, asked.list, listUrl);
    const { tabs } = await readTabs(ctx.db);
    const may_edit = isBrokerManager(subject);
    return reply.page(parkedPage, {
      tabs,
      profiles: page.results.map((row) => ({
        ...presentParked(row),
        href: paths.accounts(row.slug),
        actions: may_edit ? [postAction('Retry', { profile: row.slug, job: row.job })] : [],
      })),
      may_edit,
      list: viewList(asked, {
        count: page.count,
        csv_path: paths.parkedProfilesDownload(),
        empty: { title: 'Parked profiles will be listed here', text: 'No books break a rule.' },
      }),
    });
  });

  app.post(
    url,
    { config: { ...read, problems: [operationProblems.parked_profile_unknown] }, schema },
    async (request, reply) => {
      const { ctx, body } = request;
      const slug = textField(body, 'profile', 150);
      try {
        await retryParked(ctx, slug, textField(body, 'job', 100));
        reply.flash('success', `${slug} is tried again by the next run of the job.`);
      } catch (error) {
        reply.flash('error', problemToForm(error).detail);
      }
      return reply.redirect(backToList(request, paths.parkedProfiles()), 303);
    },
  );
}

/** Retries the row of the form, or all parked rows; returns the sentence for the reader. */
async function retry({ ctx, body }: FastifyRequest): Promise<string> {
  if (textField(body, 'action', 20) === 'retry_all') {
    const count = await retryAllWork(ctx);
    return count === 1 ? 'The parked row is attempted again.' : `${count} parked rows are attempted again.`;
  }
  const id = textField(body, 'work', 15);
  if (!/^[0-9]+$/.test(id)) throw operationProblems.failed_work_unknown();
  const { name } = await retryWork(ctx, Number(id) as OutboxEventId); // digits
  return `${name} is attempted again.`;
}

function runText(took_ms: number): string {
  return took_ms < 1000 ? `${took_ms} ms` : durationText(took_ms);
}
