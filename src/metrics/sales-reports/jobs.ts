import type { ProfileId } from '#platform/db/db-schema';
import { defineJob } from '#platform/jobs/jobs';
import type { WalkPlace } from '#platform/jobs/walk-rows';
import { sendSalesReports } from './send-sales-reports.ts';

const place: WalkPlace<ProfileId> = { after: null };

/** Sends the weekly reports. Each hour, since weeks end at different instants in different zones. */
export const salesReportsJob = defineJob({
  name: 'send_sales_reports',
  schedule: '5 * * * *',
  catch_up: 'last',
  moved: 'daily',
  run: (ctx, _payload, at) => sendSalesReports(ctx, at, place),
});
