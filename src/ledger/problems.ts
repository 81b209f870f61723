import { defineProblems } from '#kernel/problem';

export const ledgerProblems = defineProblems({
  ledger_event_repeated: {
    status: 409,
    title: 'This has been booked already.',
    help: 'Nothing was written a second time. Read the balance again before going on.',
  },
});
