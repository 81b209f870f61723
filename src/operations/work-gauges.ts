import { countParked } from '#billing';
import { countParkedMessages } from '#payments';
import type { Reader } from '#platform/db/database';
import type { Gauge } from '#platform/http/replies/metrics';
import { countFailedWork } from '#platform/jobs/work-store';

/** Reads the gauges of background work for `/metrics`. */
export async function readWorkGauges(reader: Reader): Promise<Gauge[]> {
  const counts = await countFailedWork(reader);
  return [
    {
      name: 'tollgate_events_parked',
      help: 'Events that failed ten times and wait for a retry by the broker.',
      value: counts.parked_events,
    },
    {
      name: 'tollgate_jobs_parked',
      help: 'Enqueued jobs that failed ten times and wait for a retry by the broker.',
      value: counts.parked_jobs,
    },
    {
      name: 'tollgate_work_retrying',
      help: 'Events and enqueued jobs whose last attempt failed and that are retried automatically.',
      value: counts.retrying,
    },
    {
      name: 'tollgate_schedules_failed',
      help: 'Scheduled jobs whose last run failed.',
      value: counts.failed_schedules,
    },
    {
      name: 'tollgate_profiles_parked',
      help: 'Profiles whose books break a rule, once for each job that leaves them alone until the broker retries.',
      value: await countParked(reader),
    },
    {
      name: 'tollgate_processor_events_parked',
      help: 'Messages of payment processors that could not be handled and wait for the broker.',
      value: await countParkedMessages(reader),
    },
  ];
}
