import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineJob, type AnyJob } from './jobs.ts';
import { dueRuns } from './run-due.ts';

const job = (name: string, schedule: string, catch_up: AnyJob['catch_up']) =>
  defineJob({ name, schedule, catch_up, run: () => Promise.resolve() });

const due = (jobs: AnyJob[], from: string, to: string) =>
  dueRuns(jobs, new Date(from), new Date(to)).map(
    ({ job: { name }, at }) => `${name} ${at.toISOString().slice(0, 16)}`,
  );

test('each occurrence runs at its instant, after where the clock was and up to where it goes', () => {
  const renew = job('renew', '0 2 * * *', 'each');
  assert.deepEqual(due([renew], '2026-03-10T02:00:00Z', '2026-03-12T02:00:00Z'), [
    'renew 2026-03-11T02:00',
    'renew 2026-03-12T02:00',
  ]);
  assert.deepEqual(due([renew], '2026-03-10T02:00:00Z', '2026-03-11T01:59:59Z'), []);
});

test('a job that catches up once runs at its last occurrence only', () => {
  const sweep = job('sweep', '*/5 * * * *', 'last');
  assert.deepEqual(due([sweep], '2026-03-10T02:00:00Z', '2027-04-10T02:05:00Z'), ['sweep 2027-04-10T02:05']);
  assert.deepEqual(due([sweep], '2026-03-10T02:00:00Z', '2026-03-10T02:04:59Z'), []);
});

test('jobs are merged by instant, and at one instant in the order they were given', () => {
  const jobs = [
    job('b', '0 * * * *', 'each'),
    job('a', '0,30 * * * *', 'each'),
    defineJob({ name: 'asked', catch_up: 'last', run: () => Promise.resolve() }),
  ];
  assert.deepEqual(due(jobs, '2026-03-10T02:00:00Z', '2026-03-10T03:00:00Z'), [
    'a 2026-03-10T02:30',
    'b 2026-03-10T03:00',
    'a 2026-03-10T03:00',
  ]);
});

test('schedules are read in UTC, whatever happens to clocks elsewhere that night', () => {
  const renew = job('renew', '30 2 * * *', 'each');
  assert.deepEqual(due([renew], '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z'), [
    'renew 2026-03-08T02:30',
    'renew 2026-03-09T02:30',
  ]);
});
