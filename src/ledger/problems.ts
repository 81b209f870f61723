import { defineProblems } from '#kernel/problem';

export const ledgerProblems = defineProblems({
  ledger_event_repeated: {
    status: 409,
    title: 'This event is already booked.',
    help: 'Nothing was booked twice. Read the balance before you continue.',
  },
  credit_note_unknown: { status: 404, title: 'Credit note not found.' },
});
