import { defineProblems } from '#kernel/problem';

export const operationProblems = defineProblems({
  failed_work_unknown: {
    status: 404,
    title: 'There is no such failed work.',
    help: 'It may have succeeded in the meantime.',
  },
  parked_profile_unknown: { status: 404, title: 'No job leaves this profile alone.' },
  work_not_parked: {
    status: 409,
    title: 'This work is retried automatically.',
    help: 'It can be retried by hand once it is parked.',
  },
});
