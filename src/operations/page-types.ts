import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { IsoInstant, NullableInstant, NullableString } from '#platform/http/schemas';
import { defineListPage } from '#platform/pages/lists/list-declaration';
import { ListViewPart } from '#platform/pages/lists/list-view-schema';
import { postAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { sampleList } from '#platform/pages/lists/sample-list';
import { longText, unbrokenText } from '#platform/pages/pieces/hostile-text';
import { FailedWorkSchema, ParkedProfileSchema, ScheduleSchema } from './schemas.ts';

/** The list of schedules; its sort fields are those of the API. */
export const scheduleListPage = defineListPage({
  noun: ['schedule', 'schedules'],
  search: 'Name of a job',
  columns: {
    name: { label: 'Job' },
    ran_at: { label: 'Last run', descending: true },
    took_ms: { label: 'Duration', descending: true },
    next_run_at: { label: 'Next run' },
  },
  order: 'name',
  tabs: {
    name: 'outcome',
    label: 'Outcomes of the last run',
    options: [
      { value: '', label: 'All' },
      { value: 'failed', label: 'Failed' },
      { value: 'done', label: 'Done' },
      { value: 'never', label: 'Not run yet' },
    ],
  },
});

/** The list of failed work; its sort fields are those of the API. */
export const failedWorkListPage = defineListPage({
  noun: ['row', 'rows'],
  search: 'Name or error',
  columns: {
    name: { label: 'Name' },
    created_at: { label: 'Since', descending: true },
    parked_at: { label: 'Parked', descending: true },
  },
  order: '-created_at',
  dates: 'Since',
  tabs: {
    name: 'state',
    label: 'States',
    options: [
      { value: '', label: 'All' },
      { value: 'parked', label: 'Parked' },
      { value: 'retrying', label: 'Retried automatically' },
    ],
  },
  filters: {
    kind: {
      kind: 'choice',
      label: 'Kind',
      options: [
        { value: 'event', label: 'Events' },
        { value: 'job', label: 'Jobs' },
      ],
    },
  },
});

/** The list of parked profiles; its sort fields are those of the API. */
export const parkedListPage = defineListPage({
  noun: ['profile', 'profiles'],
  search: 'Profile or reason',
  columns: { parked_at: { label: 'Parked', descending: true } },
  order: '-parked_at',
  dates: 'Parked',
});

const as = { as: 'broker' } as const;
export const tabs = Type.Object({
  jobs: Type.String(),
  failed: Type.String(),
  failed_count: Type.Integer(),
  parked: Type.String(),
  parked_count: Type.Integer(),
  messages: Type.String(),
  messages_count: Type.Integer(),
});
export const sample_tabs = {
  jobs: paths.jobs(),
  failed: paths.failedWork(),
  failed_count: 2,
  parked: paths.parkedProfiles(),
  parked_count: 1,
  messages: paths.parkedMessages(),
  messages_count: 1,
};

const schedule = {
  name: 'settle_pending_charges',
  schedule: '*/5 * * * *',
  last_run_at: '2026-11-24T16:05:00.000Z',
  took_ms: 42,
  took_text: '42 ms',
  outcome: 'done' as const,
  error: null,
  next_run_at: '2026-11-24T16:10:00.000Z',
  failures_count: 0,
};
const never = { ...schedule, name: 'verify_ledger', last_run_at: null, took_ms: null, outcome: 'never' as const };
const failed = { ...schedule, name: 'finish_orders', outcome: 'failed' as const, failures_count: 3 };
const scheduleSample = (url: string, count: number) => sampleList(scheduleListPage, url, { count });

export const jobsPage = definePage(
  'jobs/index.html',
  Type.Object({
    tabs,
    schedules: Type.Array(
      Type.Object({
        ...ScheduleSchema.properties,
        last_run_at: NullableInstant,
        next_run_at: IsoInstant,
        took_text: NullableString,
      }),
    ),
    list: ListViewPart,
  }),
  {
    typical: {
      tabs: sample_tabs,
      schedules: [
        schedule,
        { ...failed, error: 'Error: the payment processor does not respond' },
        { ...never, took_text: null },
      ],
      list: scheduleSample(paths.jobs(), 3),
    },
    empty: { tabs: { ...sample_tabs, failed_count: 0 }, schedules: [], list: scheduleSample(paths.jobs(), 0) },
    nothing_found: { tabs: sample_tabs, schedules: [], list: scheduleSample(`${paths.jobs()}?q=harbour`, 0) },
    long: {
      tabs: sample_tabs,
      schedules: [{ ...failed, name: unbrokenText.slice(0, 100), error: `${longText} ${unbrokenText}` }],
      list: scheduleSample(paths.jobs(), 1),
    },
  },
  as,
);

const work = {
  id: 412,
  kind: 'event' as const,
  name: 'charge_updated',
  state: 'parked' as const,
  attempts_count: 10,
  error: 'AggregateError: the mail server refused the message',
  created_at: '2026-11-23T09:12:00.000Z',
  parked_at: '2026-11-23T15:12:00.000Z',
  next_attempt_at: null,
  last_retry: { by: 'donny', at: '2026-11-23T14:00:00.000Z' },
  actions: [postAction('Retry', { action: 'retry', work: '412' })],
};
const retrying = {
  ...work,
  id: 413,
  kind: 'job' as const,
  name: 'remove_card',
  state: 'retrying' as const,
  attempts_count: 2,
  parked_at: null,
  next_attempt_at: '2026-11-24T16:10:00.000Z',
  last_retry: null,
  actions: [],
};
const failedSample = (url: string, count: number) => sampleList(failedWorkListPage, url, { count });

export const failedWorkPage = definePage(
  'jobs/failed.html',
  Type.Object({
    tabs,
    work: Type.Array(Type.Object({ ...FailedWorkSchema.properties, actions: Type.Array(RowActionPart) })),
    /** Parked rows that one button retries together. */
    parked_count: Type.Integer(),
    may_edit: Type.Boolean(),
    list: ListViewPart,
  }),
  {
    typical: {
      tabs: sample_tabs,
      work: [work, retrying],
      parked_count: 1,
      may_edit: true,
      list: failedSample(paths.failedWork(), 2),
    },
    read_only: {
      tabs: sample_tabs,
      work: [{ ...work, actions: [] }],
      parked_count: 1,
      may_edit: false,
      list: failedSample(paths.failedWork(), 1),
    },
    empty: {
      tabs: { ...sample_tabs, failed_count: 0 },
      work: [],
      parked_count: 0,
      may_edit: true,
      list: failedSample(paths.failedWork(), 0),
    },
    nothing_found: {
      tabs: sample_tabs,
      work: [],
      parked_count: 1,
      may_edit: true,
      list: failedSample(`${paths.failedWork()}?q=harbour`, 0),
    },
    long: {
      tabs: sample_tabs,
      work: [{ ...work, name: unbrokenText.slice(0, 100), error: `${longText} ${unbrokenText}` }],
      parked_count: 1,
      may_edit: true,
      list: failedSample(paths.failedWork(), 1),
    },
  },
  as,
);

const parked = {
  profile: { slug: 'acme', full_name: 'Acme Incorporated' },
  href: '/activities/accounts/acme/',
  job: 'recognise_income',
  reason: 'sub_24/: 9000 are recognised, more than the 8000 of its coverages',
  attempts_count: 1,
  parked_at: '2026-11-23T15:12:00.000Z',
  actions: [postAction('Retry', { profile: 'acme', job: 'recognise_income' })],
};
const parkedSample = (url: string, count: number) => sampleList(parkedListPage, url, { count });

export const parkedPage = definePage(
  'jobs/parked.html',
  Type.Object({
    tabs,
    profiles: Type.Array(
      Type.Object({ ...ParkedProfileSchema.properties, href: Type.String(), actions: Type.Array(RowActionPart) }),
    ),
    may_edit: Type.Boolean(),
    list: ListViewPart,
  }),
  {
    typical: { tabs: sample_tabs, profiles: [parked], may_edit: true, list: parkedSample(paths.parkedProfiles(), 1) },
    read_only: {
      tabs: sample_tabs,
      profiles: [{ ...parked, actions: [] }],
      may_edit: false,
      list: parkedSample(paths.parkedProfiles(), 1),
    },
    empty: {
      tabs: { ...sample_tabs, parked_count: 0 },
      profiles: [],
      may_edit: true,
      list: parkedSample(paths.parkedProfiles(), 0),
    },
    nothing_found: {
      tabs: sample_tabs,
      profiles: [],
      may_edit: true,
      list: parkedSample(`${paths.parkedProfiles()}?q=harbour`, 0),
    },
    long: {
      tabs: sample_tabs,
      profiles: [{ ...parked, profile: { slug: 'acme', full_name: longText }, reason: `${longText} ${unbrokenText}` }],
      may_edit: true,
      list: parkedSample(paths.parkedProfiles(), 1),
    },
  },
  as,
);

export const operationPageTypes = [jobsPage, failedWorkPage, parkedPage] as const;
