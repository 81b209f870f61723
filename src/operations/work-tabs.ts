import { countParked } from '#billing';
import { countParkedMessages } from '#payments';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { paths } from '#platform/http/paths';
import { countFailedWork } from '#platform/jobs/work-store';

/** Reads the tabs of the pages of background work with the rows that wait behind each, in one statement. */
export async function readTabs(reader: Reader) {
  const [counts, parked_count, messages_count] = await mergeReads(reader, [
    countFailedWork,
    countParked,
    countParkedMessages,
  ]);
  const tabs = {
    jobs: paths.jobs(),
    failed: paths.failedWork(),
    failed_count: counts.parked_events + counts.parked_jobs + counts.retrying,
    parked: paths.parkedProfiles(),
    parked_count,
    messages: paths.parkedMessages(),
    messages_count,
  };
  return { counts, tabs };
}
