import { defineProblems } from '#kernel/problem';

export const undoProblems = defineProblems({
  undo_unknown: {
    status: 409,
    title: 'This can no longer be undone.',
    help: 'A change can be undone once, within 60 seconds, by the user who made it.',
  },
  undo_refused: { status: 409, title: 'This cannot be undone, because it was changed again meanwhile.' },
});
