import { deleteInBatches } from '#platform/db/delete-in-batches';
import { defineJob } from '#platform/jobs/jobs';
import { deleteLapsedInvitations } from './records/index.ts';
import { remindOfRoles } from './roles/index.ts';

const KEPT_MS = 90 * 86_400_000;

/** Deletes invitations 90 days after they lapsed; until then a manager can send them again. */
const forgetInvitations = defineJob({
  name: 'forget_invitations',
  schedule: '47 3 * * *',
  catch_up: 'last',
  run: async (ctx, _payload, at) => {
    const before = new Date(at.getTime() - KEPT_MS);
    await deleteInBatches(ctx.db, (tx, rows_max) => deleteLapsedInvitations(tx, before, rows_max));
  },
});

/** Makes the job that sends invitations to roles, and requests for them, again. `days`: after their beginning. */
const remindOfRolesJob = (days: readonly number[]) =>
  defineJob({
    name: 'remind_of_roles',
    schedule: '0 10 * * *',
    catch_up: 'last',
    run: async (ctx, _payload, at) => {
      await remindOfRoles(ctx, days, at);
    },
  });

export const profilesJobs = (reminder_days: readonly number[]) => [forgetInvitations, remindOfRolesJob(reminder_days)];
