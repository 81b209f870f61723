import { listParked, type ParkedProfile } from '#billing';
import type { ListQuery } from '#kernel/page';
import { listParkedMessages, type ParkedMessage } from '#payments';
import type { App } from '#platform/http/app';
import { type FailedWork, listFailedWork, listSchedules, type Schedule } from '#platform/jobs/work-store';
import { askList } from '#platform/pages/lists/ask-list';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import { csvOfPages } from '#platform/pages/lists/csv-of';
import { sendCsv } from '#platform/pages/lists/send-csv';
import { brokerTimezone, failedFilter, schedulesFilter } from './asked-work.ts';
import { messageListPage } from './message-page-types.ts';
import { failedWorkListPage, parkedListPage, scheduleListPage } from './page-types.ts';

const options = { config: { access: { kind: 'broker' }, page: true }, schema: { hide: true } } as const;

/** The downloads of the lists of background work, with the filters of their pages. */
export function operationDownloads(app: App): void {
  app.get('/site/jobs/download/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, scheduleListPage, await brokerTimezone(ctx));
    const read = async (list: ListQuery) => listSchedules(ctx.db, schedulesFilter(asked), list, listUrl);
    return sendCsv(reply, csvOfPages(asked, { name: 'jobs', columns: schedule_columns, read }));
  });
  app.get('/site/jobs/failed/download/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, failedWorkListPage, await brokerTimezone(ctx));
    const read = async (list: ListQuery) => listFailedWork(ctx.db, failedFilter(asked), list, listUrl);
    return sendCsv(reply, csvOfPages(asked, { name: 'failed-work', columns: failed_columns, read }));
  });
  app.get('/site/jobs/parked/download/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, parkedListPage, await brokerTimezone(ctx));
    const read = async (list: ListQuery) => listParked(ctx.db, list, listUrl);
    return sendCsv(reply, csvOfPages(asked, { name: 'parked-profiles', columns: parked_columns, read }));
  });
  app.get('/site/jobs/messages/download/', options, async (request, reply) => {
    const { ctx, listUrl } = request;
    const asked = askList(request, messageListPage, await brokerTimezone(ctx));
    const read = async (list: ListQuery) => listParkedMessages(ctx.db, list, listUrl);
    return sendCsv(reply, csvOfPages(asked, { name: 'payment-messages', columns: message_columns, read }));
  });
}

/** @see docs/decisions/0064-downloads-of-lists.md */
const schedule_columns: readonly CsvColumn<Schedule>[] = [
  { heading: 'Job', kind: 'text', value: ({ name }) => name },
  { heading: 'Schedule', kind: 'text', value: ({ schedule }) => schedule },
  { heading: 'Outcome', kind: 'text', value: ({ outcome }) => outcome },
  { heading: 'Last run', kind: 'instant', value: ({ ran_at }) => ran_at },
  { heading: 'Milliseconds', kind: 'number', value: ({ took_ms }) => took_ms },
  { heading: 'Next run', kind: 'instant', value: ({ next_run_at }) => next_run_at },
  { heading: 'Failed attempts', kind: 'number', value: ({ attempts_count }) => attempts_count },
  { heading: 'Error', kind: 'text', value: ({ last_error }) => last_error },
];

const failed_columns: readonly CsvColumn<FailedWork>[] = [
  { heading: 'Since', kind: 'instant', value: ({ created_at }) => created_at },
  { heading: 'Kind', kind: 'text', value: ({ kind }) => kind },
  { heading: 'Name', kind: 'text', value: ({ name }) => name },
  { heading: 'State', kind: 'text', value: ({ state }) => state },
  { heading: 'Attempts', kind: 'number', value: ({ attempts_count }) => attempts_count },
  { heading: 'Parked at', kind: 'instant', value: ({ parked_at }) => parked_at },
  { heading: 'Next attempt', kind: 'instant', value: ({ next_attempt_at }) => next_attempt_at },
  { heading: 'Error', kind: 'text', value: ({ last_error }) => last_error },
];

const parked_columns: readonly CsvColumn<ParkedProfile & { slug: string; full_name: string }>[] = [
  { heading: 'Parked at', kind: 'instant', value: ({ parked_at }) => parked_at },
  { heading: 'Profile', kind: 'text', value: ({ full_name }) => full_name },
  { heading: 'Slug', kind: 'text', value: ({ slug }) => slug },
  { heading: 'Job', kind: 'text', value: ({ job }) => job },
  { heading: 'Attempts', kind: 'number', value: ({ attempts_count }) => attempts_count },
  { heading: 'Reason', kind: 'text', value: ({ reason }) => reason },
];

const message_columns: readonly CsvColumn<ParkedMessage>[] = [
  { heading: 'Parked at', kind: 'instant', value: ({ parked_at }) => parked_at },
  { heading: 'Received at', kind: 'instant', value: ({ received_at }) => received_at },
  { heading: 'Processor', kind: 'text', value: ({ processor }) => processor },
  { heading: 'Account', kind: 'text', value: ({ account }) => account },
  { heading: 'Kind', kind: 'text', value: ({ kind }) => kind },
  { heading: 'Object', kind: 'text', value: ({ object_key }) => object_key },
  { heading: 'Message', kind: 'text', value: ({ event_key }) => event_key },
  { heading: 'Reason', kind: 'text', value: ({ reason }) => reason },
];
